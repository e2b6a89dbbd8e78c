"""What Alertmanager is to show: one alert for each live event that is wanted, grouped by its labels. Pure: time is given.

Alertmanager tells alerts apart by their labels. Those that change with an event (status, severity ...) are labels too, so
that people are notified of the change; the alert with the old labels is resolved in the same post.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from detector.core.moments import format_time
from detector.core.records import Alert, Event
from detector.core.selection import NONE, Selection

ALERT_NAME: Final = "NewsEvent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Firing:
    """An event as Alertmanager has it."""

    event_id: str
    sequence: int
    """Of its latest alert."""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    confirmed: bool
    """The topic `events` has it as live; only then is it sent again."""
    fired_at: datetime | None = None
    """When it was posted last for what an alert said."""

    def post(self, now: datetime, ends_at: datetime) -> dict[str, Any]:
        """Return it as Alertmanager's API takes it; a beginning in the future, as on wrongly dated news, is now."""
        return {
            "labels": dict(self.labels),
            "annotations": dict(self.annotations),
            "startsAt": format_time(min(self.starts_at, now)),
            "endsAt": format_time(ends_at),
        }


class Board:
    """Keeps what fires, and says what to post after each alert and each record of `events`; posts may be repeated.

    Args:
        selection: what is wanted; an event that leaves it is resolved.
        lasting: how long Alertmanager shows an event that it is not told of again.
    """

    def __init__(self, selection: Selection, lasting: timedelta) -> None:
        self._selection = selection
        self._lasting = lasting
        self._firing: dict[str, Firing] = {}

    def __len__(self) -> int:
        return len(self._firing)

    def alert(self, alert: Alert, now: datetime) -> list[dict[str, Any]]:
        """Take in an alert; one older than what is known of its event changes nothing."""
        known = self._firing.get(alert.event_id)
        if known and alert.sequence < known.sequence:
            return []
        fresh = firing_of_alert(alert)
        if alert.message_type == "cancel":
            if not known and not self._selection.matches(alert):
                return []
            return self._resolve(known or fresh, now, fresh.annotations)
        if not self._selection.matches(alert):
            return self._resolve(known, now, fresh.annotations) if known else []
        return self._fire(replace(fresh, confirmed=known.confirmed if known else False), now)

    def event(self, event_id: str, event: Event | None, now: datetime) -> list[dict[str, Any]]:
        """Take in a record of `events`; `None` means that it has expired."""
        known = self._firing.get(event_id)
        if event is None:
            return self._resolve(known, now, {"reason": "nothing new for long: the event has expired"}) if known else []
        fresh = firing_of_event(event)
        if known and fresh.sequence < known.sequence:
            self._firing[event_id] = replace(known, confirmed=event.state == "live")
            return []
        if event.state == "live" and self._selection.matches(event):
            if known and known.labels == fresh.labels:
                self._firing[event_id] = replace(fresh, annotations={**known.annotations, **fresh.annotations})
                return []
            return self._fire(fresh, now)
        return self._resolve(known, now, {"reason": event.reason} if event.reason else {}) if known else []

    def live(self, now: datetime) -> list[dict[str, Any]]:
        """Return everything that is to be sent again, so that it does not resolve by itself."""
        return [item.post(now, now + self._lasting) for item in self._firing.values() if item.confirmed]

    def forget_unconfirmed(self, before: datetime) -> None:
        """Drop events that `events` has never had and that have resolved by themselves since."""
        for item in list(self._firing.values()):
            if not item.confirmed and item.fired_at and item.fired_at < before:
                del self._firing[item.event_id]

    def _fire(self, fresh: Firing, now: datetime) -> list[dict[str, Any]]:
        known = self._firing.get(fresh.event_id)
        self._firing[fresh.event_id] = replace(fresh, fired_at=now)
        old = [known.post(now, now)] if known and known.labels != fresh.labels else []
        return [*old, fresh.post(now, now + self._lasting)]

    def _resolve(self, known: Firing, now: datetime, annotations: Mapping[str, str]) -> list[dict[str, Any]]:
        self._firing.pop(known.event_id, None)
        return [replace(known, annotations={**known.annotations, **annotations}).post(now, now)]


def firing_of_alert(alert: Alert) -> Firing:
    """Return the alert as Alertmanager is to have it."""
    best = alert.evidence[0]
    more = {
        "evidence": best.sentence,
        "outlet": best.outlet,
        "url": best.url,
        "changed": ", ".join(alert.changed),
        "reason": alert.reason,
    }
    return Firing(
        event_id=alert.event_id,
        sequence=alert.sequence,
        labels=_labels(alert),
        annotations=_annotations(alert, more),
        starts_at=alert.first_seen,
        confirmed=False,
    )


def firing_of_event(event: Event) -> Firing:
    """Return the event as Alertmanager is to have it."""
    best = max(event.supports, key=lambda item: item.confidence, default=None)
    more = {
        "evidence": best.evidence[0].sentence if best and best.evidence else None,
        "outlet": best.outlet if best else None,
        "url": best.url if best else None,
    }
    return Firing(
        event_id=event.event_id,
        sequence=len(event.alerts) - 1,
        labels=_labels(event),
        annotations=_annotations(event, more),
        starts_at=event.first_seen,
        confirmed=True,
    )


def in_parts(posts: list[dict[str, Any]], size: int) -> Iterable[list[dict[str, Any]]]:
    """Cut many posts into parts that an address takes at once."""
    return (posts[start : start + size] for start in range(0, len(posts), size))


def _labels(told: Alert | Event) -> dict[str, str]:
    return {
        "alertname": ALERT_NAME,
        "event_id": told.event_id,
        "type": told.type.value,
        "status": told.status,
        "certainty": told.certainty,
        "severity": told.severity or NONE,
        "country": told.place.country if told.place else NONE,
    }


def _annotations(told: Alert | Event, more: Mapping[str, str | None]) -> dict[str, str]:
    found = {
        "headline": told.headline,
        "place": told.place.name if told.place else None,
        "articles": str(told.articles),
        "independent_outlets": str(told.independent_outlets),
        "confidence": f"{told.confidence:.2f}",
        "last_seen": format_time(told.last_seen),
        **more,
    }
    return {name: value for name, value in found.items() if value}
