"""Turns the scores of an article's sentences into one confidence per type."""

from typing import Final

import numpy as np

from detector.core.eventtypes import EVENT_TYPES
from detector.core.vectors import Floats

BEST: Final = 3
"""Sentences that speak for the article: the best ones, as one sentence alone errs more than several together."""

FLOOR: Final = -5.0
"""Sentence scores (log-odds) below this are as good as absent, and absent ones count as this."""


def article_features(scores: Floats) -> Floats:
    """Return the best `BEST` scores of each type, descending, at least `FLOOR`.

    `scores` has shape (sentences, types) and may have no row; the result has shape (types, BEST).
    """
    features = np.full((len(EVENT_TYPES), BEST), FLOOR)
    if len(scores):
        best = -np.sort(-scores, axis=0)[:BEST].T
        features[:, : best.shape[1]] = np.maximum(best, FLOOR)
    return features


def article_scores(features: Floats, aggregation: Floats) -> Floats:
    """Return the log-odds of each type for one article, shape (types,), from `article_features` and the model's matrix."""
    return aggregation[:, 0] + (features * aggregation[:, 1:]).sum(axis=1)


def probability(scores: Floats) -> Floats:
    """Return the logistic function of scores, elementwise, safe for any size."""
    return 1.0 / (1.0 + np.exp(-np.clip(scores, -40.0, 40.0)))
