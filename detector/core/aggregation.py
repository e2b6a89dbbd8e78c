"""Turns the scores of an article's sentences into one confidence per type."""

import math
from collections.abc import Sequence
from typing import Final

import numpy as np

from detector.core.eventtypes import EVENT_TYPES
from detector.core.vectors import Floats

BEST: Final = 3
"""Sentences that speak for the article: the best ones, as one sentence alone errs more than several together."""

ARTICLE_FEATURES: Final = BEST + 3
"""The best sentence scores, the title's, where in the article the best sentence stands, and how long the article is."""

FLOOR: Final = -5.0
"""Sentence scores (log-odds) below this are as good as absent, and absent ones count as this."""

SENTENCE_CHARS: Final = 150
"""Length of a usual news sentence: tells how many a short text can have."""

LENGTHS: Final = (1_000, 20_000)
"""Shortest and longest article, in characters, that its length is measured for; shorter ones are hardly seen in training."""

GAP: Final = 0.6
"""Log-odds by which the next best sentence usually falls behind in an article that carries a type; by cross-validation."""


def article_features(
    scores: Floats, starts: Sequence[int], *, first_is_title: bool, has_title: bool, chars: int
) -> Floats:
    """Return the features of an article of `chars` characters, shape (types, ARTICLE_FEATURES).

    They are the best `BEST` scores of each type, descending, and the title's score, none below `FLOOR`; then the place
    of the best sentence, 0 for the beginning to 1 for the end, and the length on a logarithmic scale, within `LENGTHS`:
    what is told late in a long article is more often a recap. `scores` has shape (sentences, types), the title first if
    it was scored, and may have no row; `starts` holds where each sentence begins in the text, 0 for the title. A flash
    of one sentence must not be doubted for want of a second: the further sentences are taken to fall behind the best by
    no more than `GAP` each in a text with room for just them, by more the longer the text of `chars` characters is,
    which leaves ordinary articles as they are; a title that is absent counts as the second sentence does.
    """
    room = max((chars // SENTENCE_CHARS + 1 + has_title) / BEST, 1.0)
    features = np.empty((len(EVENT_TYPES), ARTICLE_FEATURES))
    length = math.log(min(max(chars, LENGTHS[0]), LENGTHS[1]) / LENGTHS[0])
    for kind, column in enumerate(zip(*scores.tolist(), strict=True) if len(scores) else [()] * len(EVENT_TYPES)):
        best = sorted(column, reverse=True)[:BEST]
        best += [FLOOR] * (BEST - len(best))
        first = max(best[0], FLOOR)
        for rank in range(BEST):
            # Plain floats: the arrays are tiny, and this runs for every article that passes the gate.
            best[rank] = max(best[rank], first - GAP * rank * room, FLOOR) if column else FLOOR
        title = max(column[0], FLOOR) if first_is_title else FLOOR if has_title else best[1]
        place = starts[column.index(max(column))] / max(chars, 1) if column else 1.0
        features[kind] = (*best, title, place, length)
    return features


def article_scores(features: Floats, aggregation: Floats) -> Floats:
    """Return the log-odds of each type, shape (..., types), from `article_features` of one or many and the model's matrix."""
    scores: Floats = aggregation[:, 0] + (features * aggregation[:, 1:]).sum(axis=-1)
    return scores


def probability(scores: Floats) -> Floats:
    """Return the logistic function of scores, elementwise, safe for any size."""
    chances: Floats = 1.0 / (1.0 + np.exp(-np.clip(scores, -40.0, 40.0)))
    return chances
