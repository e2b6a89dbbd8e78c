"""Learns how sentence scores make an article's confidence, and the thresholds, from held-out scores."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from detector.core.aggregation import ARTICLE_FEATURES, article_features, article_scores
from detector.core.eventtypes import EVENT_TYPES
from detector.core.examples import Examples
from detector.core.vectors import Floats

_GRID: Final = np.arange(-0.7, 3.0001, 0.05)
"""Thresholds tried, in log-odds: none below about one chance in three, which would be an alert that is more likely wrong."""

_PRICES: Final = (0.0, *np.geomspace(0.0005, 1.0, 45))
"""Loss of F1 that one false alarm less per 1,000 articles is worth, tried in turn."""

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
    return np.array([article_scores(row, aggregation) for row in features])


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldOut:
    """Held-out articles: log-odds and truth, shape (articles, types), and which were drawn at random from the news."""

    scores: Floats
    present: NDArray[np.bool_]
    clear: NDArray[np.bool_]
    random: NDArray[np.bool_]


def best_thresholds(held_out: HeldOut, *, minimum_precision: float, false_alarms: float) -> Floats:
    """Return the thresholds, in log-odds, with the best F1 that keep false alarms rare; none is below one third.

    F1 (mean of clear and all labels) and precision are those of all held-out articles. Only thresholds with the minimum
    precision on clear labels are allowed, if any has it. Against F1 stands a price on false alarms, the lowest at which
    no more than `false_alarms` of 1,000 articles drawn at random fire wrongly (clear labels, any type); without
    articles drawn at random it is zero. Figures are averaged over a small neighbourhood of a threshold: with few
    positives the single best point is luck.
    """
    tables = [_table(held_out, kind, minimum_precision) for kind in range(held_out.scores.shape[1])]
    cuts = np.zeros(len(tables))
    for price in _PRICES:
        cuts = np.array([_GRID[int(np.argmax(value - price * alarms))] for value, alarms in tables])
        wrong = ((held_out.scores >= cuts) & ~held_out.present & held_out.clear).any(axis=1) & held_out.random
        if 1000 * wrong.sum() <= false_alarms * held_out.random.sum():
            break
    return cuts


def _table(held_out: HeldOut, kind: int, minimum_precision: float) -> tuple[Floats, Floats]:
    """For each threshold of the grid: F1, or less than nothing where precision is too low, and false alarms per 1,000."""
    scores, present, clear = held_out.scores[:, kind], held_out.present[:, kind], held_out.clear[:, kind]
    figures = np.array(
        [np.mean([_figures(scores >= cut + shift, present, clear) for shift in _BLUR], axis=0) for cut in _GRID]
    )
    drawn = max(int(held_out.random.sum()), 1)
    alarms = [1000 * ((scores >= cut) & ~present & clear & held_out.random).sum() / drawn for cut in _GRID]
    value = figures[:, :2].mean(axis=1)
    precise = figures[:, 2] >= minimum_precision
    return np.where(precise | ~precise.any(), value, value - 1), np.array(alarms)


def _figures(
    fired: NDArray[np.bool_], present: NDArray[np.bool_], clear: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """F1 on clear and on all labels, and precision on clear labels."""
    right = fired & present
    f1_all = 2 * right.sum() / max(fired.sum() + present.sum(), 1)
    f1_clear = 2 * (right & clear).sum() / max((fired & clear).sum() + (present & clear).sum(), 1)
    return float(f1_clear), float(f1_all), float((right & clear).sum() / max((fired & clear).sum(), 1))
