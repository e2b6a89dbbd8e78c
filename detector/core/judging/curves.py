"""The curves of one type: precision against recall, confidence against frequency, and what each threshold would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from detector.core.evaluation import CALIBRATION_BINS
from detector.core.judging.frame import Bools
from detector.core.vectors import Floats

CURVE_POINTS: Final = 200
SWEEP_THRESHOLDS: Final = tuple(round(step / 100, 2) for step in range(1, 100))


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """One point of a precision-recall curve: what holds when everything at or above the threshold fires."""

    threshold: float
    precision: float
    recall: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """Articles of similar confidence: how sure the model was on average, and how often it was right to be."""

    articles: int
    confidence: float
    frequency: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPoint:
    """What a threshold would do. Fires are of all articles; the rest is of the judged ones, `None` without labels."""

    threshold: float
    fires: int
    alerts_per_day: float | None
    false_alarms: int | None
    false_alarms_per_day: float | None
    precision: float | None
    recall: float | None
    f1: float | None


def precision_recall(truth: Bools, scores: Floats) -> list[CurvePoint]:
    """Return the curve from the highest threshold down, at most `CURVE_POINTS` points; empty when nothing is true."""
    if not truth.any():
        return []
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    hits = np.cumsum(truth[order])
    ends = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    chosen = ends[np.unique(np.linspace(0, len(ends) - 1, min(len(ends), CURVE_POINTS)).round().astype(int))]
    return [
        CurvePoint(
            threshold=float(ranked[end]), precision=float(hits[end] / (end + 1)), recall=float(hits[end] / hits[-1])
        )
        for end in chosen
    ]


def reliability(truth: Bools, scores: Floats) -> list[ReliabilityBin]:
    """Return the filled ones of ten equal bins of confidence, as `expected_calibration_error` uses them."""
    bins = np.minimum((scores * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    sizes = np.bincount(bins, minlength=CALIBRATION_BINS)
    sure = np.bincount(bins, weights=scores, minlength=CALIBRATION_BINS)
    right = np.bincount(bins, weights=truth, minlength=CALIBRATION_BINS)
    return [
        ReliabilityBin(
            articles=int(sizes[n]), confidence=float(sure[n] / sizes[n]), frequency=float(right[n] / sizes[n])
        )
        for n in np.flatnonzero(sizes)
    ]


def sweep(
    scores: Floats, days: float | None, judged: tuple[Bools, Floats] | None, extra: Sequence[float] = ()
) -> list[SweepPoint]:
    """Return what each threshold of a grid would do, in ascending order.

    Args:
        scores: confidences of all articles.
        days: what the articles span.
        judged: truth and confidences of the judged articles, if any are.
        extra: further thresholds, such as the one in force.
    """
    thresholds = sorted({*SWEEP_THRESHOLDS, *(round(value, 6) for value in extra)})
    fires = _at_least(scores, thresholds)
    if judged is None:
        return [_point(limit, int(count), days, None) for limit, count in zip(thresholds, fires, strict=True)]
    truth, sure = judged
    right, wrong = _at_least(sure[truth], thresholds), _at_least(sure[~truth], thresholds)
    return [
        _point(limit, int(count), days, (int(hit), int(alarm), int(truth.sum())))
        for limit, count, hit, alarm in zip(thresholds, fires, right, wrong, strict=True)
    ]


def _at_least(scores: Floats, thresholds: Sequence[float]) -> "np.typing.NDArray[np.int64]":
    return len(scores) - np.searchsorted(np.sort(scores), thresholds, side="left")


def _point(threshold: float, fires: int, days: float | None, counts: tuple[int, int, int] | None) -> SweepPoint:
    right, wrong, real = counts or (0, 0, 0)
    claimed = right + wrong
    return SweepPoint(
        threshold=threshold,
        fires=fires,
        alerts_per_day=fires / days if days else None,
        false_alarms=wrong if counts else None,
        false_alarms_per_day=wrong / days if counts and days else None,
        precision=right / claimed if claimed else None,
        recall=right / real if real else None,
        f1=2 * right / (claimed + real) if claimed + real else None,
    )
