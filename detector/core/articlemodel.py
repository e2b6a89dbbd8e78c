"""Learns how sentence scores make an article's confidence, and the thresholds, from held-out scores."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from detector.core.aggregation import ARTICLE_FEATURES, article_features, article_scores
from detector.core.eventtypes import EVENT_TYPES
from detector.core.examples import Examples
from detector.core.vectors import Floats

_GRID: Final = np.arange(-3.0, 3.0001, 0.05)
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
            scores[start:end], first_is_title=has_title, has_title=has_title, chars=chars
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


def best_threshold(
    scores: Floats, present: NDArray[np.bool_], clear: NDArray[np.bool_], *, minimum_precision: float
) -> float:
    """Return the threshold, in log-odds, with the best F1 (mean of clear and all labels) on held-out articles.

    Only thresholds with at least the minimum precision on clear labels are allowed, if any has it. Figures are averaged over a
    small neighbourhood of the threshold: with few positives the single best point is luck.
    """
    best_value, best_cut, fallback_value, fallback_cut = -1.0, 0.0, -1.0, 0.0
    for cut in _GRID:
        figures = np.array([_figures(scores >= cut + shift, present, clear) for shift in _BLUR]).mean(axis=0)
        value = float(figures[0] + figures[1]) / 2
        if value > fallback_value:
            fallback_value, fallback_cut = value, float(cut)
        if figures[2] >= minimum_precision and value > best_value:
            best_value, best_cut = value, float(cut)
    return best_cut if best_value >= 0 else fallback_cut


def _figures(
    fired: NDArray[np.bool_], present: NDArray[np.bool_], clear: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """F1 on clear and on all labels, and precision on clear labels."""
    right = fired & present
    f1_all = 2 * right.sum() / max(fired.sum() + present.sum(), 1)
    f1_clear = 2 * (right & clear).sum() / max((fired & clear).sum() + (present & clear).sum(), 1)
    return float(f1_clear), float(f1_all), float((right & clear).sum() / max((fired & clear).sum(), 1))
