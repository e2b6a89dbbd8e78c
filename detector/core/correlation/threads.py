"""What subscribers are told: an alert when an event is born, an update when it really changes, a cancel when it is withdrawn.

An update says which of `status`, `certainty`, `severity`, `place` (its precision) and `independent_outlets` (which
passed one of the marks) changed, and refers to the alert before. A mark is told of once: outlets that fall away and
come back pass it in silence.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal, NamedTuple

from detector.core import ids, wire
from detector.core.correlation.entry import Entry
from detector.core.correlation.summary import Summary, precision_of
from detector.core.records import Alert, Comparison, Event, EventArticle

AGAIN: Final = "supported again after it was cancelled"


class State(NamedTuple):
    """A new state of an event, of which the record for the compacted topic is written only when it is asked for."""

    entry: Entry
    summary: Summary | None
    last: Alert
    """What was told last."""

    def encoded(self) -> bytes:
        """Write the record."""
        return wire.encode_event(event_record(self.entry, self.summary, self.last))


def changes(last: Alert, summary: Summary, outlets_told: int, marks: Sequence[int]) -> tuple[str, ...]:
    """Return what differs from what was told last; empty when there is nothing to tell."""
    found = {
        "status": last.status != summary.status,
        "certainty": last.certainty != summary.certainty,
        "severity": last.severity != summary.severity,
        "place": precision_of(last.place) != precision_of(summary.place),
        "independent_outlets": _mark(summary.independent_outlets, marks) > _mark(outlets_told, marks),
    }
    return tuple(name for name, differs in found.items() if differs)


def first_alert(entry: Entry, summary: Summary, origin: tuple[str, str] | None) -> Alert:
    """Return the alert that opens an event, or opens it again after it was cancelled.

    `origin` is an alert of another event that this one comes from, and how.
    """
    last = entry.last
    references = (*((last.alert_id,) if last else ()), *(origin[:1] if origin else ()))
    reason = origin[1] if origin else AGAIN if last else None
    return _alert(entry, summary, "alert", references, reason=reason)


def update(entry: Entry, summary: Summary, last: Alert, changed: tuple[str, ...], why: Comparison | None) -> Alert:
    """Return the update that tells what changed since the last alert."""
    return _alert(entry, summary, "update", (last.alert_id,), changed=changed, why_merged=why)


def cancel(entry: Entry, last: Alert, reason: str, survivor: str | None) -> Alert:
    """Return the cancel of an event: what was told last, the reason, and the alert of the event it went into, if any."""
    return replace(
        last,
        alert_id=ids.alert_id(last.event_id, entry.sequence),
        sequence=entry.sequence,
        message_type="cancel",
        references=(last.alert_id, *([survivor] if survivor else [])),
        changed=(),
        reason=reason,
        why_merged=None,
    )


def event_record(entry: Entry, summary: Summary | None, last: Alert) -> Event:
    """Return an event's record for the compacted topic; of a cancelled one, what was told last of it."""
    return Event(
        event_id=entry.event_id,
        state=entry.state,
        reason=entry.reason,
        follows=entry.follows,
        type=last.type,
        status=summary.status if summary else last.status,
        certainty=summary.certainty if summary else last.certainty,
        severity=summary.severity if summary else last.severity,
        confidence=summary.best.detection.confidence if summary else last.confidence,
        place=summary.place if summary else last.place,
        place_reason=summary.place_reason if summary else last.place_reason,
        headline=summary.headline if summary else last.headline,
        articles=summary.articles if summary else 0,
        independent_outlets=summary.independent_outlets if summary else 0,
        first_seen=summary.first_seen if summary else last.first_seen,
        last_seen=summary.last_seen if summary else last.last_seen,
        quantities=summary.quantities if summary else (),
        supports=tuple(
            EventArticle(
                detection_id=item.detection.detection_id,
                article_id=item.article_id,
                revision=item.detection.revision,
                title=item.detection.title,
                url=item.detection.url,
                outlet=item.detection.outlet,
                source=item.source,
                status=item.detection.status,
                seen_at=item.seen_at,
                confidence=item.detection.confidence,
                evidence=item.detection.evidence,
                why_merged=item.why_merged,
            )
            for item in entry.supports
        ),
        transitions=summary.transitions if summary else (),
        alerts=tuple(ids.alert_id(entry.event_id, number) for number in range(entry.sequence)),
    )


def _mark(outlets: int, marks: Sequence[int]) -> int:
    return max((mark for mark in marks if mark <= outlets), default=0)


def _alert(
    entry: Entry,
    summary: Summary,
    message_type: Literal["alert", "update"],
    references: tuple[str, ...],
    *,
    changed: tuple[str, ...] = (),
    reason: str | None = None,
    why_merged: Comparison | None = None,
) -> Alert:
    best = summary.best.detection
    return Alert(
        alert_id=ids.alert_id(entry.event_id, entry.sequence),
        event_id=entry.event_id,
        sequence=entry.sequence,
        message_type=message_type,
        references=references,
        changed=changed,
        type=summary.type,
        status=summary.status,
        certainty=summary.certainty,
        severity=summary.severity,
        confidence=best.confidence,
        threshold=best.threshold,
        place=summary.place,
        place_reason=summary.place_reason,
        headline=summary.headline,
        evidence=summary.evidence,
        why=best.why,
        articles=summary.articles,
        independent_outlets=summary.independent_outlets,
        first_seen=summary.first_seen,
        last_seen=summary.last_seen,
        model=best.model,
        reason=reason,
        quantities=summary.quantities,
        why_merged=why_merged,
    )
