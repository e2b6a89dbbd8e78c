"""Everything that is said about a run, put together once: for the page, the JSON, the CSV and the requirements alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from detector.core.evaluation import MODES
from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.judging.comparison import Comparison, Delta, compare, deltas
from detector.core.judging.correctness import Correctness, judge
from detector.core.judging.curves import CurvePoint, ReliabilityBin, SweepPoint, precision_recall, reliability, sweep
from detector.core.judging.delays import Delays, EventDelay, LiveTimes, event_delays, time_to_detect
from detector.core.judging.drift import DriftDay, Histograms, daily_drift, run_histograms
from detector.core.judging.frame import DAY, Answers, Truth, align, span_days
from detector.core.judging.labels import ArticleLabels
from detector.core.judging.rules import Rule, choose
from detector.errors import DetectorError, UsageError
from detector.replay.runs import Run

_REFERENCE_SHARE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What drift is measured against: the distributions, and how to name them to people."""

    histograms: Histograms
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked about a run.

    `thresholds` are the what-if ones; `choice` (a rule, or `f1` as `None`) is asked for when `choosing`. `reference` is
    another run's distributions or a period of this one; by default the first quarter of the run's days. `live` is what live
    workers took for the same articles, where that was read.
    """

    labels: Mapping[str, ArticleLabels] | None = None
    labels_source: str | None = None
    label_warnings: Sequence[str] = ()
    thresholds: Mapping[EventType, float]
    choosing: bool = False
    choice: Rule | None = None
    reference: Reference | tuple[datetime, datetime] | None = None
    live: LiveTimes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two variants (positions in `Judgement.variants`), what differs, and by mode how much better the second is."""

    first: int
    second: int
    comparison: Comparison
    deltas: Mapping[str, Mapping[str, Mapping[str, Delta]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The answers. `variants` are the run's models, then the what-if; the last one is the candidate that figures are of.

    `correctness` has one entry per variant, or none without labels. Curves and sweep are the candidate's, by type.
    """

    run: Run
    question: Question
    variants: Sequence[Answers]
    days: float | None
    truth: Truth | None
    correctness: Sequence[Correctness]
    curves: Mapping[EventType, Sequence[CurvePoint]]
    reliability: Mapping[EventType, Sequence[ReliabilityBin]]
    sweep: Mapping[EventType, Sequence[SweepPoint]]
    delays: Mapping[str, Delays | None]
    events: Sequence[EventDelay]
    compared: Sequence[Compared]
    drift: Sequence[DriftDay]
    drift_reference: str | None
    """What `drift` is against; `None` when there was nothing to compare with, and then `drift` is empty."""

    @property
    def candidate(self) -> Answers:
        """The variant that is judged."""
        return self.variants[-1]


def judge_run(run: Run, question: Question) -> Judgement:
    """Answer a question about a run; raises `DetectorError` when no operating point meets its rule."""
    truth = align(question.labels, run.articles) if question.labels is not None else None
    if truth is not None and not truth.judged.any():
        truth = None
    days = span_days(run.articles)
    variants = _variants(run, question, truth, days)
    correctness, values = judge(variants, truth, days) if truth else ([], [])
    candidate = variants[-1]
    rows = truth.judged if truth else None
    pairs = list(zip(range(len(variants)), range(1, len(variants)), strict=False))
    reference = _reference(run, candidate, question)
    return Judgement(
        run=run,
        question=question,
        variants=variants,
        days=days,
        truth=truth,
        correctness=correctness,
        curves={
            kind: precision_recall(truth.present[rows, n], candidate.scores[rows, n]) if truth else []
            for n, kind in enumerate(EVENT_TYPES)
        },
        reliability={
            kind: reliability(truth.present[rows, n], candidate.scores[rows, n]) if truth else []
            for n, kind in enumerate(EVENT_TYPES)
        },
        sweep=_sweeps(candidate, truth, days),
        delays=time_to_detect(candidate, run.articles, question.live),
        events=event_delays(question.labels, candidate, run.articles) if question.labels else [],
        compared=[
            Compared(
                first=first,
                second=second,
                comparison=compare(variants[first], variants[second]),
                deltas={
                    mode: deltas(values[first][n], values[second][n]) for n, mode in enumerate(MODES if truth else ())
                },
            )
            for first, second in pairs
        ],
        drift=daily_drift(run.articles, candidate, reference.histograms) if reference else [],
        drift_reference=reference.description if reference else None,
    )


def _variants(run: Run, question: Question, truth: Truth | None, days: float | None) -> list[Answers]:
    """The run's models, and the last of them at other thresholds when some were asked for or are to be chosen."""
    variants = list(run.models)
    last = variants[-1]
    chosen = dict(question.thresholds)
    if question.choosing:
        if truth is None and (question.choice is None or question.choice.figure != "alerts_per_day"):
            raise UsageError("without labels an operating point can only be chosen by alerts_per_day")
        for kind, points in _sweeps(last, truth, days).items():
            point = choose(points, question.choice)
            if point is None and kind not in chosen:
                message = f"no threshold for {kind.value} meets {question.choice or 'f1'}; name one with --threshold"
                raise DetectorError(message)
            if point is not None:
                chosen.setdefault(kind, point.threshold)
    if chosen:
        told = ", ".join(f"{kind.value}={chosen[kind]:g}" for kind in EVENT_TYPES if kind in chosen)
        variants.append(last.at(f"{last.name} at {told}", {**last.thresholds, **chosen}))
    return variants


def _sweeps(answers: Answers, truth: Truth | None, days: float | None) -> dict[EventType, list[SweepPoint]]:
    rows = truth.judged if truth else None
    return {
        kind: sweep(
            answers.scores[:, n],
            days,
            (truth.present[rows, n], answers.scores[rows, n]) if truth else None,
            [answers.thresholds[kind]],
        )
        for n, kind in enumerate(EVENT_TYPES)
    }


def _reference(run: Run, answers: Answers, question: Question) -> Reference | None:
    if isinstance(question.reference, Reference):
        return question.reference
    times = run.articles.times
    known = times[~np.isnan(times)]
    if question.reference is not None:
        start, end = question.reference
        rows = np.flatnonzero((times >= start.timestamp()) & (times < end.timestamp()))
        if not len(rows):
            message = f"--reference: no article of the run lies between {start.isoformat()} and {end.isoformat()}"
            raise UsageError(message)
        description = f"{start.isoformat()} to {end.isoformat()}, {len(rows):,} articles"
    else:
        days = np.unique(known // DAY)
        if len(days) < 2:  # noqa: PLR2004 - a day cannot drift from itself
            return None
        first = days[: max(1, int(len(days) * _REFERENCE_SHARE))]
        rows = np.flatnonzero(np.isin(times // DAY, first))
        description = f"the first {len(first)} of {len(days)} days, {len(rows):,} articles"
    return Reference(histograms=run_histograms(run.articles, answers, rows), description=description)
