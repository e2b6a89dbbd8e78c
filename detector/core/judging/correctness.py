"""How often one model was right about the judged articles: figures with intervals, statuses, confusion, mistakes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import gammaincinv

from detector.core.evaluation import MODES, expected_calibration_error
from detector.core.eventtypes import ALL_STATUSES, EVENT_TYPES, STATUSES, EventType
from detector.core.judging.frame import UNKNOWN, Answers, Codes, Truth
from detector.core.resampling import Decisions, Figure, Scores, resampled, score_table
from detector.core.vectors import Floats

NONE: Final = "none"
"""The row of articles without a type, and the column of articles in which nothing fired."""

_TAIL: Final = 0.025
_Z: Final = 1.959963984540054
"""The normal quantile of 1 - `_TAIL`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeJudgement:
    """One type: wrong decisions ("all" labels), their rate, status where the type is right, calibration error."""

    false_alarms: int
    misses: int
    false_alarms_per_day: Figure | None
    status_accuracy: Figure | None
    statuses_judged: int
    calibration_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Correctness:
    """Everything that labels say of one model. `confusion[labelled][fired]` counts, `status_confusion` per type likewise."""

    scores: Mapping[str, Mapping[str, Scores]]
    types: Mapping[EventType, TypeJudgement]
    false_alarms_per_day: Figure | None
    status_accuracy: Figure | None
    confusion: Mapping[str, Mapping[str, int]]
    status_confusion: Mapping[EventType, Mapping[str, Mapping[str, int]]]


def decisions(answers: Answers, truth: Truth) -> list[Decisions]:
    """Return the decisions on the judged articles, one set for each of `MODES`."""
    rows = truth.judged
    clear = truth.clear[rows]
    return [
        Decisions(
            truth=truth.present[rows],
            fired=answers.fired[rows],
            chances=answers.scores[rows],
            used=clear if mode == "clear" else np.ones_like(clear),
        )
        for mode in MODES
    ]


def judge(answers: Sequence[Answers], truth: Truth, days: float | None) -> tuple[list[Correctness], list[list[Floats]]]:
    """Judge several models on the same resamples of the judged articles.

    Returns a judgement for each model, and the resampled values (see `resampled`) of each model for each of `MODES`.
    """
    cases = [decisions(answer, truth) for answer in answers]
    values = resampled([case for pair in cases for case in pair])
    by_model = [values[n : n + len(MODES)] for n in range(0, len(values), len(MODES))]
    judged = [
        _correctness(answer, truth, case, value, days)
        for answer, case, value in zip(answers, cases, by_model, strict=True)
    ]
    return judged, by_model


def daily_rate(count: int, days: float | None) -> Figure | None:
    """Return events a day with the exact 95 % Poisson interval (Garwood 1936); `None` when the days are unknown."""
    if days is None:
        return None
    low = float(gammaincinv(count, _TAIL)) if count else 0.0
    high = float(gammaincinv(count + 1, 1 - _TAIL))
    return Figure(value=count / days, low=low / days, high=high / days)


def share(part: int, whole: int) -> Figure | None:
    """Return a share with its 95 % Wilson interval (Wilson 1927); `None` of nothing."""
    if not whole:
        return None
    value, square = part / whole, _Z**2 / whole
    middle = (value + square / 2) / (1 + square)
    reach = _Z / (1 + square) * (value * (1 - value) / whole + square / (4 * whole)) ** 0.5
    return Figure(value=value, low=max(0.0, min(value, middle - reach)), high=min(1.0, max(value, middle + reach)))


def _correctness(
    answers: Answers, truth: Truth, cases: Sequence[Decisions], values: Sequence[Floats], days: float | None
) -> Correctness:
    rows = truth.judged
    present, fired = truth.present[rows], answers.fired[rows]
    found, labelled = answers.statuses[rows], truth.statuses[rows]
    known = present & fired & (found != UNKNOWN) & (labelled != UNKNOWN)
    same = known & (found == labelled)
    alarms, misses = (fired & ~present).sum(axis=0), (present & ~fired).sum(axis=0)
    types = {
        kind: TypeJudgement(
            false_alarms=int(alarms[n]),
            misses=int(misses[n]),
            false_alarms_per_day=daily_rate(int(alarms[n]), days),
            status_accuracy=share(int(same[:, n].sum()), int(known[:, n].sum())),
            statuses_judged=int(known[:, n].sum()),
            calibration_error=expected_calibration_error(answers.scores[rows, n], present[:, n]),
        )
        for n, kind in enumerate(EVENT_TYPES)
    }
    return Correctness(
        scores={mode: score_table(case, value) for mode, case, value in zip(MODES, cases, values, strict=True)},
        types=types,
        false_alarms_per_day=daily_rate(int(alarms.sum()), days),
        status_accuracy=share(int(same.sum()), int(known.sum())),
        confusion=_confusion(present, fired),
        status_confusion={
            kind: _status_confusion(kind, labelled[known[:, n], n], found[known[:, n], n])
            for n, kind in enumerate(EVENT_TYPES)
        },
    )


def _confusion(
    present: "np.typing.NDArray[np.bool_]", fired: "np.typing.NDArray[np.bool_]"
) -> dict[str, dict[str, int]]:
    """Count pairs of labelled and fired types.

    A type that is labelled and fired stands on the diagonal. One that is labelled but did not fire is paired with each
    type that fired wrongly in the article, or with none; a type that fired wrongly where nothing was missed, with none.
    """
    names = [*(kind.value for kind in EVENT_TYPES), NONE]
    last = len(EVENT_TYPES)
    table = np.zeros((last + 1, last + 1), dtype=np.int64)
    right, missed, wrong = present & fired, present & ~fired, fired & ~present
    table[np.arange(last), np.arange(last)] = right.sum(axis=0)
    table[:last, :last] += missed.astype(np.int64).T @ wrong.astype(np.int64)
    table[:last, last] = (missed & ~wrong.any(axis=1, keepdims=True)).sum(axis=0)
    table[last, :last] = (wrong & ~missed.any(axis=1, keepdims=True)).sum(axis=0)
    table[last, last] = int((~present.any(axis=1) & ~fired.any(axis=1)).sum())
    return {name: {other: int(table[n, m]) for m, other in enumerate(names)} for n, name in enumerate(names)}


def _status_confusion(kind: EventType, labelled: Codes, found: Codes) -> dict[str, dict[str, int]]:
    size = len(ALL_STATUSES)
    table = np.bincount(labelled * size + found, minlength=size * size).reshape(size, size)
    return {
        name: {other: int(table[ALL_STATUSES.index(name), ALL_STATUSES.index(other)]) for other in STATUSES[kind]}
        for name in STATUSES[kind]
    }
