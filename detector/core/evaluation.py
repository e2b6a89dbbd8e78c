"""Measures classifications against labelled articles: how often right, how well calibrated, on which evidence.

"Clear" figures leave out the (article, type) pairs that a coder was unsure of, "all" figures keep them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.labelled import Label, LabelledArticle
from detector.core.records import Classification, Finding
from detector.core.resampling import Decisions, Scores, resampled, score_table
from detector.core.vectors import Floats

CALIBRATION_BINS: Final = 10
MODES: Final = ("clear", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """Figures of one type beside detection: calibration error, and status and evidence where the type is right."""

    calibration_error: float
    status_accuracy: float
    evidence_hit_rate: float
    found: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One wrong decision: a false alarm (`expected` false) or a miss."""

    article_id: str
    type: EventType
    expected: bool
    ambiguous: bool
    confidence: float
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything measured on one labelled set; `scores[mode]` has a row per type and the rows `macro` and `micro`."""

    articles: int
    scores: Mapping[str, Mapping[str, Scores]]
    quality: Mapping[EventType, Quality]
    status_accuracy: float
    evidence_hit_rate: float
    mistakes: tuple[Mistake, ...]


def evaluate(gold: Sequence[LabelledArticle], answers: Sequence[Classification]) -> Evaluation:
    """Return the figures of answers against labelled articles, in the same order. Deterministic (fixed resamples)."""
    truth = np.array([[kind in labelled.labels for kind in EVENT_TYPES] for labelled in gold])
    clear = np.array([[kind not in labelled.ambiguous for kind in EVENT_TYPES] for labelled in gold])
    chances = np.array([[answer.scores[kind] for kind in EVENT_TYPES] for answer in answers])
    found = [{finding.type: finding for finding in answer.findings} for answer in answers]
    fired = np.array([[kind in findings for kind in EVENT_TYPES] for findings in found])
    masks = {mode: clear if mode == "clear" else np.ones_like(clear) for mode in MODES}
    cases = [Decisions(truth=truth, fired=fired, chances=chances, used=masks[mode]) for mode in MODES]
    tables = zip(MODES, cases, resampled(cases), strict=True)
    quality = {
        kind: _quality(kind, gold, found, chances[:, column], truth[:, column])
        for column, kind in enumerate(EVENT_TYPES)
    }
    total = sum(item.found for item in quality.values())
    return Evaluation(
        articles=len(gold),
        scores={mode: score_table(case, values) for mode, case, values in tables},
        quality=quality,
        status_accuracy=sum(item.status_accuracy * item.found for item in quality.values()) / max(total, 1),
        evidence_hit_rate=sum(item.evidence_hit_rate * item.found for item in quality.values()) / max(total, 1),
        mistakes=_mistakes(gold, found, answers),
    )


def expected_calibration_error(chances: Floats, truth: NDArray[np.bool_]) -> float:
    """Return the mean gap between confidence and frequency over ten equal bins, weighted by their size (Guo et al. 2017)."""
    bins = np.minimum((chances * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    sizes = np.bincount(bins, minlength=CALIBRATION_BINS)
    gaps = np.bincount(bins, weights=chances - truth, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / max(sizes.sum(), 1))


def evidence_hits(finding: Finding, label: Label) -> bool:
    """Tell whether any evidence sentence of a finding overlaps any labelled span of the same field."""
    return any(
        piece.field == span.field and piece.start < span.end and span.start < piece.end
        for piece in finding.evidence
        for span in label.evidence
    )


def _quality(
    kind: EventType,
    gold: Sequence[LabelledArticle],
    found: Sequence[Mapping[EventType, Finding]],
    chances: Floats,
    truth: NDArray[np.bool_],
) -> Quality:
    both = [
        (findings[kind], item.labels[kind])
        for findings, item in zip(found, gold, strict=True)
        if kind in findings and kind in item.labels
    ]
    return Quality(
        calibration_error=expected_calibration_error(chances, truth),
        status_accuracy=sum(finding.status == label.status for finding, label in both) / max(len(both), 1),
        evidence_hit_rate=sum(evidence_hits(finding, label) for finding, label in both) / max(len(both), 1),
        found=len(both),
    )


def _mistakes(
    gold: Sequence[LabelledArticle], found: Sequence[Mapping[EventType, Finding]], answers: Sequence[Classification]
) -> tuple[Mistake, ...]:
    mistakes: list[Mistake] = []
    for item, findings, answer in zip(gold, found, answers, strict=True):
        for kind in EVENT_TYPES:
            expected = kind in item.labels
            if expected == (kind in findings):
                continue
            if expected:
                span = item.labels[kind].evidence[0]
                body = item.article.text if span.field == "text" else item.article.title or ""
                sentence = body[span.start : span.end]
            else:
                sentence = findings[kind].evidence[0].sentence if findings[kind].evidence else ""
            mistakes.append(
                Mistake(
                    article_id=item.article.id,
                    type=kind,
                    expected=expected,
                    ambiguous=kind in item.ambiguous,
                    confidence=answer.scores[kind],
                    sentence=sentence,
                )
            )
    return tuple(mistakes)
