"""The named numbers of a judgement: what `--json` and `--csv` write and `--require` asks for. One name, one number."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from detector.core.eventtypes import EVENT_TYPES
from detector.core.judging.correctness import Correctness, daily_rate
from detector.core.judging.delays import DELAYS
from detector.core.judging.drift import FEATURES
from detector.core.resampling import METRICS, ROWS, Figure
from detector.replay.judgement import Judgement

_SUFFIXES: Final = {"clear": "", "all": "_all"}
_TYPES: Final = tuple(kind.value for kind in EVENT_TYPES)
_BY_TYPE: Final = (
    *("alerts", "alerts_per_day", "threshold", "false_alarms", "misses", "false_alarms_per_day"),
    *("status_accuracy", "calibration_error"),
)
_QUANTILES: Final = ("median", "p90", "p95", "p99")
_TOTALS: Final = (
    *("articles", "judged_articles", "rejected_records", "days", "alerts", "alerts_per_day", "fired_share"),
    *("false_alarms", "misses", "false_alarms_per_day", "status_accuracy"),
    *("events", "events_alerted", "events_alerted_share", "articles_before_alert_median"),
    *("threads", "threads_cancelled", "threads_corroborated_share", "second_source_median_seconds", "thread_alerts"),
    *("event_delay_median_seconds", "event_publication_delay_median_seconds"),
    *(f"{name}_{quantile}_seconds" for name in DELAYS for quantile in _QUANTILES),
    *("milliseconds_per_article", "alerts_gained", "alerts_lost", "alerts_changed", "agreement", "drift_max"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A figure under its name; `value` is `None` when the run cannot tell, an interval or p is there where one is defined."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    p: float | None = None


def figure_names() -> frozenset[str]:
    """Return every name that a figure can have, whatever the run."""
    detection = {f"{row}_{metric}{suffix}" for row in ROWS for metric in METRICS for suffix in _SUFFIXES.values()}
    return frozenset(
        {
            *detection,
            *(f"delta_{name}" for name in detection),
            *(f"{kind}_{name}" for kind in _TYPES for name in _BY_TYPE),
            *(f"drift_{name}" for name in FEATURES),
            *_TOTALS,
        }
    )


def named_figures(judgement: Judgement) -> dict[str, Named]:
    """Return all figures of the candidate; detection figures are of clear labels, with the suffix `_all` of all."""
    return {
        item.name: item
        for item in (*_totals(judgement), *_types(judgement), *_detection(judgement), *_drift(judgement))
    }


def of(name: str, figure: Figure | None) -> Named:
    """Name a figure with an interval."""
    if figure is None:
        return Named(name=name, value=None)
    return Named(name=name, value=figure.value, low=figure.low, high=figure.high)


def correctness_of(judgement: Judgement) -> Correctness | None:
    """Return what labels say of the candidate, `None` without labels."""
    return judgement.correctness[-1] if judgement.correctness else None


def _totals(judgement: Judgement) -> Iterator[Named]:
    run, candidate, right = judgement.run, judgement.candidate, correctness_of(judgement)
    articles, fired = len(run.articles), int(candidate.fired.sum())
    values: dict[str, float | None] = {
        "articles": articles,
        "judged_articles": int(judgement.truth.judged.sum()) if judgement.truth else 0,
        "rejected_records": sum(run.rejected.values()),
        "days": judgement.days,
        "alerts": fired,
        "fired_share": float(candidate.fired.any(axis=1).mean()) if articles else None,
        "false_alarms": sum(item.false_alarms for item in right.types.values()) if right else None,
        "misses": sum(item.misses for item in right.types.values()) if right else None,
        "milliseconds_per_article": 1000 * candidate.seconds / articles if candidate.seconds and articles else None,
    }
    yield from (Named(name=name, value=value) for name, value in values.items())
    yield of("alerts_per_day", daily_rate(fired, judgement.days))
    yield of("false_alarms_per_day", right.false_alarms_per_day if right else None)
    yield of("status_accuracy", right.status_accuracy if right else None)
    for name, delay in judgement.delays.items():
        for quantile in _QUANTILES:
            yield Named(name=f"{name}_{quantile}_seconds", value=getattr(delay, quantile) if delay else None)
    yield from _threads(judgement)
    yield from _events(judgement)
    last = judgement.compared[-1].comparison if judgement.compared else None
    for name in ("gained", "lost", "changed"):
        yield Named(name=f"alerts_{name}", value=len(getattr(last, name)) if last else None)
    yield Named(name="agreement", value=last.agreement if last else None)


def _threads(judgement: Judgement) -> Iterator[Named]:
    found = judgement.run.threads
    yield Named(name="threads", value=found.total)
    yield Named(name="threads_cancelled", value=found.cancelled)
    yield Named(name="threads_corroborated_share", value=found.corroborated / found.total if found.total else None)
    yield Named(name="second_source_median_seconds", value=found.second_source_seconds)
    yield Named(name="thread_alerts", value=sum(found.alerts.values()))


def _events(judgement: Judgement) -> Iterator[Named]:
    told = [event for event in judgement.events if event.alert_row is not None]
    every = len(judgement.events)
    yield Named(name="events", value=every if judgement.truth else None)
    yield Named(name="events_alerted", value=len(told) if judgement.truth else None)
    yield Named(name="events_alerted_share", value=len(told) / every if every else None)
    yield Named(
        name="event_delay_median_seconds",
        value=median([event.arrival_delay for event in told if event.arrival_delay is not None]),
    )
    yield Named(
        name="event_publication_delay_median_seconds",
        value=median([event.publication_delay for event in told if event.publication_delay is not None]),
    )
    yield Named(
        name="articles_before_alert_median",
        value=median([float(event.before) for event in told if event.before is not None]),
    )


def _types(judgement: Judgement) -> Iterator[Named]:
    right, candidate = correctness_of(judgement), judgement.candidate
    for column, kind in enumerate(EVENT_TYPES):
        fired = int(candidate.fired[:, column].sum())
        item = right.types[kind] if right else None
        prefix = kind.value
        yield Named(name=f"{prefix}_alerts", value=fired)
        yield of(f"{prefix}_alerts_per_day", daily_rate(fired, judgement.days))
        yield Named(name=f"{prefix}_threshold", value=candidate.thresholds[kind])
        yield Named(name=f"{prefix}_false_alarms", value=item.false_alarms if item else None)
        yield Named(name=f"{prefix}_misses", value=item.misses if item else None)
        yield of(f"{prefix}_false_alarms_per_day", item.false_alarms_per_day if item else None)
        yield of(f"{prefix}_status_accuracy", item.status_accuracy if item else None)
        yield Named(name=f"{prefix}_calibration_error", value=item.calibration_error if item else None)


def _detection(judgement: Judgement) -> Iterator[Named]:
    right = correctness_of(judgement)
    last = judgement.compared[-1].deltas if judgement.compared else {}
    for mode, suffix in _SUFFIXES.items():
        for row in ROWS:
            for metric in METRICS:
                name = f"{row}_{metric}{suffix}"
                yield of(name, getattr(right.scores[mode][row], metric) if right else None)
                delta = last[mode][row][metric] if mode in last else None
                yield Named(
                    name=f"delta_{name}",
                    value=delta.value if delta else None,
                    low=delta.low if delta else None,
                    high=delta.high if delta else None,
                    p=delta.p if delta else None,
                )


def _drift(judgement: Judgement) -> Iterator[Named]:
    """The highest index of any day by feature, of days with enough articles that chance alone does not reach a shift."""
    highest = {
        name: max((day.index[name] for day in judgement.drift if day.telling(name)), default=None) for name in FEATURES
    }
    yield from (Named(name=f"drift_{name}", value=value) for name, value in highest.items())
    yield Named(name="drift_max", value=max((value for value in highest.values() if value is not None), default=None))


def median(values: list[float]) -> float | None:
    """Return the middle value, `None` of nothing."""
    ranked = sorted(values)
    half = len(ranked) // 2
    if not ranked:
        return None
    return ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) / 2
