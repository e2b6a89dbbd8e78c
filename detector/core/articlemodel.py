"""Learns how sentence scores make an article's confidence, and the thresholds, from held-out scores."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from detector.core.aggregation import ARTICLE_FEATURES, article_features, article_scores
from detector.core.eventtypes import EVENT_TYPES
from detector.core.examples import Examples
from detector.core.vectors import Floats

_GRID: Final = np.arange(-0.7, 3.0001, 0.05)
"""Thresholds tried, in log-odds: none below about one chance in three, which would be an alert that is more likely wrong."""

_BLUR: Final = (-0.4, -0.2, 0.0, 0.2, 0.4)


def held_out_features(examples: Examples, scores: Floats, articles: NDArray[np.int64]) -> Floats:
    """Return the article features of some articles, shape (articles, types, ARTICLE_FEATURES), from sentence scores."""
    bounds = examples.bounds()
    features = np.empty((len(articles), len(EVENT_TYPES), ARTICLE_FEATURES))
    for place, number in enumerate(articles):
        start, end = bounds[number], bounds[number + 1]
        has_title = bool(end > start and examples.titles[start])
        chars = len(examples.articles[number].article.text)
        features[place] = article_features(
            scores[start:end],
            examples.starts[start:end].tolist(),
            first_is_title=has_title,
            has_title=has_title,
            chars=chars,
        )
    return features


def fit_aggregation(features: Floats, present: NDArray[np.bool_]) -> Floats:
    """Return the aggregation matrix, shape (types, 1 + ARTICLE_FEATURES), by logistic regression on held-out features.

    Its outputs are calibrated as the articles given are: their share of positives is taken as that of the news to come.
    """
    aggregation = np.empty((len(EVENT_TYPES), 1 + ARTICLE_FEATURES))
    for kind in range(len(EVENT_TYPES)):
        model = LogisticRegression(C=1.0, max_iter=2000).fit(features[:, kind], present[:, kind])
        aggregation[kind] = [model.intercept_[0], *model.coef_[0]]
    return aggregation


def held_out_scores(features: Floats, aggregation: Floats) -> Floats:
    """Return the log-odds of each article and type, shape (articles, types)."""
    return article_scores(features, aggregation)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """Held-out articles: log-odds and truth, shape (articles, types), and which were drawn at random from the news."""

    scores: Floats
    present: NDArray[np.bool_]
    clear: NDArray[np.bool_]
    random: NDArray[np.bool_]


def held_out_figures(held_out: HeldOut, cuts: Floats) -> dict[str, Any]:
    """Return what thresholds `cuts` (types,) give on held-out articles: per type on clear labels, and alarms at random.

    Of the articles drawn at random, `wrong` counts those that fire for a type that they surely do not carry, `doubtful` the
    others that fire for one that their coder left out with doubt.
    """
    fired, present, clear = held_out.scores >= cuts, held_out.present, held_out.clear
    wrong = (fired & ~present & clear).any(axis=1)
    doubtful = (fired & ~present).any(axis=1) & ~wrong
    return {
        "types": {
            kind.value: {
                "precision": round(
                    float((fired & present & clear)[:, k].sum() / max((fired & clear)[:, k].sum(), 1)), 4
                ),
                "recall": round(
                    float((fired & present & clear)[:, k].sum() / max((present & clear)[:, k].sum(), 1)), 4
                ),
            }
            for k, kind in enumerate(EVENT_TYPES)
        },
        "random": {
            "articles": int(held_out.random.sum()),
            "firing": int((fired.any(axis=1) & held_out.random).sum()),
            "wrong": int((wrong & held_out.random).sum()),
            "doubtful": int((doubtful & held_out.random).sum()),
        },
    }


def best_thresholds(held_out: HeldOut, *, minimum_precision: float, false_alarms: float) -> Floats:
    """Return the thresholds, in log-odds, with the best F1 that keep false alarms rare; none is below one third.

    F1 (mean of clear and all labels) and precision are those of all held-out articles, averaged over a small neighbourhood
    of a threshold: with few positives the single best point is luck. Only thresholds with the minimum precision on clear
    labels are allowed, if any has it. Of those are taken the ones that together have the best mean F1 with at most
    `false_alarms` wrong alarms (clear labels, the types added up) of 1,000 articles drawn at random; where none are that
    rare, the rarest. Without articles drawn at random there is no such bound.
    """
    drawn = int(held_out.random.sum())
    allowed = false_alarms * drawn / 1000 if drawn else math.inf
    chosen = [_Choice(value=0.0, alarms=0, places=())]
    for kind in range(held_out.scores.shape[1]):
        value, alarms = _table(held_out, kind, minimum_precision)
        chosen = _frontier(
            [
                _Choice(
                    value=choice.value + value[place],
                    alarms=choice.alarms + alarms[place],
                    places=(*choice.places, place),
                )
                for choice in chosen
                for place in range(len(_GRID))
            ]
        )
    best = max(
        (choice for choice in chosen if choice.alarms <= allowed), key=lambda choice: choice.value, default=chosen[0]
    )
    return np.array([_GRID[place] for place in best.places])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    """Places in the grid for some types: the sum of their F1 and their wrong alarms on articles drawn at random."""

    value: float
    alarms: int
    places: tuple[int, ...]


def _frontier(choices: Sequence[_Choice]) -> list[_Choice]:
    """The choices to which no other is better without more alarms, the fewest alarms first."""
    kept: list[_Choice] = []
    for choice in sorted(choices, key=lambda choice: (choice.alarms, -choice.value)):
        if not kept or choice.value > kept[-1].value:
            kept.append(choice)
    return kept


def _table(held_out: HeldOut, kind: int, minimum_precision: float) -> tuple[Floats, list[int]]:
    """For each threshold of the grid: F1, or less than nothing where precision is too low, and wrong alarms at random."""
    scores, present, clear = held_out.scores[:, kind], held_out.present[:, kind], held_out.clear[:, kind]
    figures = np.array(
        [np.mean([_figures(scores >= cut + shift, present, clear) for shift in _BLUR], axis=0) for cut in _GRID]
    )
    alarms = [int(((scores >= cut) & ~present & clear & held_out.random).sum()) for cut in _GRID]
    value = figures[:, :2].mean(axis=1)
    precise = figures[:, 2] >= minimum_precision
    return np.where(precise | ~precise.any(), value, value - 1), alarms


def _figures(
    fired: NDArray[np.bool_], present: NDArray[np.bool_], clear: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """F1 on clear and on all labels, and precision on clear labels."""
    right = fired & present
    f1_all = 2 * right.sum() / max(fired.sum() + present.sum(), 1)
    f1_clear = 2 * (right & clear).sum() / max((fired & clear).sum() + (present & clear).sum(), 1)
    return float(f1_clear), float(f1_all), float((right & clear).sum() / max((fired & clear).sum(), 1))
