"""What each detection comes to, and what an article's earlier versions add: the steps that need state.

The state of a partition is an `ArticleMemory` or a `Correlator` of the core, restored from a changelog by `states`. Each
step gives the records for the changelog among its outgoing ones, and first.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final, Protocol

from detector.core import wire
from detector.core.correlation.articles import ArticleMemory
from detector.core.correlation.correlator import Correlator
from detector.core.correlation.kept import JOURNAL
from detector.core.correlation.key import key_bytes
from detector.core.correlation.rules import DEFAULTS, Rules, TypeRules
from detector.core.correlation.step import Message, Step
from detector.core.eventtypes import EventType
from detector.core.records import Article, Detection, Rejected
from detector.errors import SettingsError
from detector.metrics import country_label
from detector.settings import CorrelationSettings, Settings, WindowSettings
from detector.stream.messages import Incoming, Outcome, Outgoing
from detector.stream.outcomes import reject

_JOURNAL: Final = JOURNAL.encode("ascii")


def rules_of(settings: CorrelationSettings) -> Rules:
    """Return the core's rules with the windows that are set; raises `SettingsError` for windows that cannot work."""
    return Rules(types={kind: _windows(kind, rules, settings) for kind, rules in DEFAULTS.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What an article's earlier versions make necessary."""

    entries: tuple[Outgoing, ...] = ()
    retractions: tuple[Outgoing, ...] = ()
    reasons: tuple[str, ...] = ()
    """Of the retractions."""


def remembered(
    record: Incoming,
    detections: Sequence[Outgoing],
    memory: ArticleMemory,
    settings: Settings,
    *,
    article_id: str,
    withdrawn: bool,
) -> Past:
    """Return what to remember of a version of an article, and what it takes back of what earlier ones said."""
    revised = memory.revise(
        article_id,
        ((detection.key or b"").decode("utf-8") for detection in detections),
        revision=record.offset,
        ingested_at=record.timestamp,
        withdrawn=withdrawn,
    )
    return Past(
        entries=_keyed(settings.article_changelog, revised.entries, partition=record.partition),
        retractions=tuple(
            Outgoing(topic=settings.topics.detections, key=key_bytes(item), value=wire.encode_retraction(item))
            for item in revised.retractions
        ),
        reasons=tuple(item.reason for item in revised.retractions),
    )


def with_past(record: Incoming, outcome: Outcome, memory: ArticleMemory, settings: Settings) -> Outcome:
    """Add to an article's outcome what its earlier versions make necessary: what to remember, and retractions."""
    item = outcome.article or outcome.withdrawal
    if item is None:
        return outcome
    past = remembered(
        record,
        outcome.outgoing,
        memory,
        settings,
        article_id=item.id if isinstance(item, Article) else item.article_id,
        withdrawn=outcome.withdrawal is not None,
    )
    if not past.entries and not past.retractions:
        return outcome
    counts = Counter(outcome.counts)
    counts.update(("retractions", reason) for reason in past.reasons)
    return replace(outcome, outgoing=(*past.entries, *outcome.outgoing, *past.retractions), counts=counts)


class Correlators(Protocol):
    """The correlator of each partition."""

    def of(self, partition: int) -> Correlator:
        """Return a partition's."""

    def rebuild(self, partition: int) -> None:
        """Make it anew."""


def correlated(
    record: Incoming, correlators: Correlators, settings: Settings, *, later: Callable[[Step], None] | None = None
) -> Outcome:
    """Take a record of the topic of the detections into the events of its partition; what is no such record is rejected.

    `later` is told of the step by a caller who writes the states of events himself: they are not among what goes out then.
    Raises whatever the core raises, with the correlator made anew.
    """
    try:
        finding = wire.decode_finding(record.value or b"")
    except wire.RecordError as error:
        rejected = Rejected(field="message", reason=error.reason, detail=str(error))
        return reject(record, rejected, settings.topics.rejected)
    try:
        step = correlators.of(record.partition).process(finding, record.value)
        events = () if later else step.events
    except Exception:
        correlators.rebuild(record.partition)
        raise
    if later:
        later(step)
    telling = finding if step.told and isinstance(finding, Detection) else None
    return Outcome(
        outgoing=(
            *_keyed(settings.event_changelog, step.entries, partition=record.partition),
            *_keyed(settings.topics.alerts, step.alerts),
            *_keyed(settings.topics.events, events),
        ),
        counts=_counts(step, finding.type),
        alerted=(telling.ingested_at,) if telling and telling.ingested_at else (),
        alerted_published=(telling.published_at,) if telling and telling.published_at else (),
    )


def without_superseded(outcomes: Sequence[Outcome], settings: Settings) -> list[Outcome]:
    """Leave out of a batch the states of an event that a later record of the batch replaces.

    An event in all the news would else be written whole for each of its articles. Nothing before a journal record is left
    out on account of what comes after it: the records around it must stay together.
    """
    replaced: set[tuple[str, bytes | None]] = set()
    kept: list[Outcome] = []
    for outcome in reversed(outcomes):
        outgoing = []
        for item in reversed(outcome.outgoing):
            if item.topic == settings.event_changelog and (item.key or b"").startswith(_JOURNAL):
                replaced.clear()
            elif item.topic in (settings.event_changelog, settings.topics.events):
                if (item.topic, item.key) in replaced:
                    continue
                replaced.add((item.topic, item.key))
            outgoing.append(item)
        kept.append(replace(outcome, outgoing=tuple(reversed(outgoing))))
    return kept[::-1]


def _counts(step: Step, kind: EventType) -> Counter[tuple[str, ...]]:
    counts: Counter[tuple[str, ...]] = Counter({("correlated", kind.value, step.decision.kind): 1})
    counts.update(("alerts", kind.value, alert.message_type) for alert in step.told)
    born = (alert for alert in step.told if alert.message_type == "alert")
    counts.update(("alerts_by_country", kind.value, country_label(alert.place)) for alert in born)
    if step.expired:
        counts["events_expired",] += len(step.expired)
    return counts


def _keyed(topic: str, messages: Iterable[Message], partition: int | None = None) -> tuple[Outgoing, ...]:
    return tuple(
        Outgoing(topic=topic, key=message.key.encode("utf-8"), value=message.value, partition=partition)
        for message in messages
    )


def _windows(kind: EventType, rules: TypeRules, settings: CorrelationSettings) -> TypeRules:
    asked: WindowSettings = getattr(settings, kind.value)
    chosen = replace(
        rules,
        gap=_days(asked.gap_days) or rules.gap,
        span=_days(asked.span_days) or rules.span,
        quiet=_days(asked.quiet_days) or rules.quiet,
    )
    if chosen.quiet is not None and chosen.quiet < 2 * chosen.gap:
        message = (
            f"DETECTOR_CORRELATION__{kind.value.upper()}__QUIET_DAYS must be at least twice GAP_DAYS "
            f"(now {chosen.quiet.days} and {chosen.gap.days}), or an event would be forgotten while articles still join it"
        )
        raise SettingsError(message)
    return chosen


def _days(count: float | None) -> timedelta | None:
    return None if count is None else timedelta(days=count)
