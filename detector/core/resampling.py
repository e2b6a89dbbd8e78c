"""Detection figures with intervals: the same measures on the articles as they are and on bootstrap resamples of them.

Memory is bounded: the resamples are drawn and measured in chunks.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from detector.core.eventtypes import EVENT_TYPES
from detector.core.vectors import Floats

RESAMPLES: Final = 1000
MINIMUM_RESAMPLES: Final = 200
ROWS: Final = (*(kind.value for kind in EVENT_TYPES), "macro", "micro")
METRICS: Final = ("precision", "recall", "f1", "average_precision")
_SEED: Final = 20161213
_DRAWS: Final = 20_000_000
"""Article draws in all: beyond 20,000 articles there are fewer resamples, and the intervals are narrow by then."""

_CHUNK: Final = 2_000_000
"""Article draws held at one time: 16 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A measured value with its bootstrap 95 % interval (percentiles over resampled articles)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Precision, recall, F1 at the operating threshold, and average precision over all thresholds."""

    positives: int
    precision: Figure
    recall: Figure
    f1: Figure
    average_precision: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What was decided about articles and what is true: arrays of (articles, types); pairs outside `used` do not count."""

    truth: NDArray[np.bool_]
    fired: NDArray[np.bool_]
    chances: Floats
    used: NDArray[np.bool_]


class Ranking:
    """Articles in descending order of confidence, made once and then weighed in many ways.

    Precision matters only where a true article stands, so the articles between two of them are summed in one go.
    """

    def __init__(self, truth: NDArray[np.bool_], chances: Floats, used: NDArray[np.bool_]) -> None:
        places = np.flatnonzero(used)
        order = places[np.argsort(-chances[places], kind="stable")]
        ranks = np.flatnonzero(truth[order])
        counted = order[: ranks[-1] + 1] if len(ranks) else order[:0]
        segments = np.searchsorted(ranks, np.arange(len(counted)))
        shape = (len(ranks), len(truth))
        self._true = order[ranks]
        self._segments = csr_matrix((np.ones(len(counted)), (segments, counted)), shape=shape)

    def average_precision(self, weights: Floats) -> Floats:
        """Return the area under the precision-recall curve (step-wise) for each row of article weights."""
        if not len(self._true):
            return np.zeros(len(weights))
        passed = np.cumsum(self._segments @ weights.T, axis=0)
        gained = weights.T[self._true]
        hits = np.cumsum(gained, axis=0)
        return _ratio((_ratio(hits, passed) * gained).sum(axis=0), hits[-1])


def average_precision(truth: NDArray[np.bool_], chances: Floats, used: NDArray[np.bool_], weights: Floats) -> Floats:
    """Return the area under the precision-recall curve (step-wise) for each row of article weights."""
    return Ranking(truth, chances, used).average_precision(weights)


def bootstrap_weights(articles: int) -> Iterator[Floats]:
    """Yield article weights in chunks of (resamples, articles): ones first, then how often each resample drew an article."""
    random = np.random.default_rng(_SEED)
    left = draws_for(articles)
    shares = np.full(articles, 1 / max(articles, 1))
    yield np.ones((1, articles))
    while left:
        size = min(left, max(1, _CHUNK // articles))
        yield random.multinomial(articles, shares, size=size).astype(np.float64)
        left -= size


def draws_for(articles: int) -> int:
    """Return how many resamples are drawn of so many articles."""
    return min(RESAMPLES, max(MINIMUM_RESAMPLES, _DRAWS // articles)) if articles else 0


def resampled(cases: Sequence[Decisions]) -> list[Floats]:
    """Measure each case on the articles as they are and on the same bootstrap resamples of them.

    All cases are about the same articles; because they share the resamples, differences between them are paired. Returns
    for each case an array of (1 + resamples, `ROWS`, `METRICS`).
    """
    rankings = [
        [Ranking(case.truth[:, n], case.chances[:, n], case.used[:, n]) for n in range(len(EVENT_TYPES))]
        for case in cases
    ]
    parts: list[list[Floats]] = [[] for _ in cases]
    for weights in bootstrap_weights(len(cases[0].truth)):
        for part, case, ranking in zip(parts, cases, rankings, strict=True):
            part.append(_measures(case, ranking, weights))
    return [np.concatenate(part) for part in parts]


def score_table(case: Decisions, values: Floats) -> dict[str, Scores]:
    """Return detection scores per type, macro (mean of types) and micro (all decisions pooled) from `resampled` values."""
    positives = (case.truth & case.used).sum(axis=0)
    counts = [*(int(number) for number in positives), int(positives.sum()), int(positives.sum())]
    return {
        row: Scores(
            positives=counts[n],
            precision=figure_of(values[:, n, 0]),
            recall=figure_of(values[:, n, 1]),
            f1=figure_of(values[:, n, 2]),
            average_precision=figure_of(values[:, n, 3]),
        )
        for n, row in enumerate(ROWS)
    }


def figure_of(values: Floats) -> Figure:
    """Return the first value with the 95 % interval of the others (resamples)."""
    low, high = np.percentile(values[1:], [2.5, 97.5]) if len(values) > 1 else (values[0], values[0])
    return Figure(value=float(values[0]), low=float(low), high=float(high))


def _measures(case: Decisions, rankings: Sequence[Ranking], weights: Floats) -> Floats:
    """Measure one case under each row of article weights: (rows of weights, `ROWS`, `METRICS`)."""
    claimed, real = case.fired & case.used, case.truth & case.used
    right, claims, reals = (weights @ matrix.astype(np.float64) for matrix in (real & claimed, claimed, real))
    ranked = np.stack([ranking.average_precision(weights) for ranking in rankings], axis=1)
    types = np.stack(
        [_ratio(right, claims), _ratio(right, reals), _ratio(2 * right, claims + reals), ranked],
        axis=2,
    )
    pooled = [count.sum(axis=1) for count in (right, claims, reals)]
    micro = np.stack(
        [
            _ratio(pooled[0], pooled[1]),
            _ratio(pooled[0], pooled[2]),
            _ratio(2 * pooled[0], pooled[1] + pooled[2]),
            ranked.mean(axis=1),
        ],
        axis=1,
    )
    return np.concatenate([types, types.mean(axis=1, keepdims=True), micro[:, None, :]], axis=1)


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.where(whole > 0, part / np.maximum(whole, 1e-12), 0.0)
