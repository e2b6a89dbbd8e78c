"""What a subscriber makes of alerts as they come: each told once, with what it changed, and withdrawals of what was shown.

All memory is bounded. What falls out of it can at worst be told again, or told without the values that it replaced.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from detector.core import ids
from detector.core.records import Alert, Event
from detector.core.selection import NONE, Selection

REMEMBERED: Final = 100_000
"""Alert ids and events that are kept in mind."""

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Recent(Generic[_Key, _Value]):
    """A mapping that forgets what was used longest ago."""

    def __init__(self, capacity: int = REMEMBERED) -> None:
        self._kept: OrderedDict[_Key, _Value] = OrderedDict()
        self._capacity = capacity

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: _Key) -> bool:
        return key in self._kept

    def get(self, key: _Key) -> _Value | None:
        """Return what is known under a key, and keep it longer."""
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, key: _Key, value: _Value) -> None:
        """Remember a value; the one used longest ago goes when there is no room."""
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self._capacity:
            self._kept.popitem(last=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that an update tells; `old` is null when what it replaced is not known."""

    name: str
    old: str | None
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """An alert that is to be shown, and what is known around it."""

    alert: Alert
    changes: tuple[Change, ...] = ()
    related: tuple[str, ...] = ()
    """Other events that it refers to: the one it went into, parted from or renews, as far as they are known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """What was told last of an event."""

    sequence: int
    words: tuple[tuple[str, str], ...]
    shown: bool


class Following:
    """Decides which alerts to show; give it every alert of the topic in order.

    Args:
        selection: what is wanted. A cancel is shown too when an earlier alert of its event was shown by this object.
        whole_threads: everything that follows of an event is shown once one alert of it was.
        capacity: alert ids, and events, that are remembered.
    """

    def __init__(self, selection: Selection, *, whole_threads: bool = False, capacity: int = REMEMBERED) -> None:
        self._selection = selection
        self._whole_threads = whole_threads
        self._events: Recent[str, _State] = Recent(capacity)
        self._event_of: Recent[str, str] = Recent(capacity)
        self._taken: Recent[str, None] = Recent(capacity)

    def begin_with(self, event: Event, *, shown: bool, taken: bool) -> None:
        """Know an event as it stands; its alerts so far are not shown any more when they count as `taken`."""
        for alert_id in event.alerts if taken else ():
            self._taken.put(alert_id, None)
        self._name_of(event.event_id, len(event.alerts) - 1)
        self._events.put(event.event_id, _State(sequence=len(event.alerts) - 1, words=_words(event), shown=shown))

    def take(self, alert: Alert) -> Followed | None:
        """Return the alert with what it changed; `None` when it is not wanted, or was taken before."""
        if alert.alert_id in self._taken:
            return None
        before = self._events.get(alert.event_id)
        told = before is not None and before.shown
        wanted = self._selection.matches(alert) or (told and (self._whole_threads or alert.message_type == "cancel"))
        related = [self._event_of.get(name) for name in alert.references]
        self._taken.put(alert.alert_id, None)
        self._name_of(alert.event_id, alert.sequence)
        self._events.put(alert.event_id, _State(sequence=alert.sequence, words=_words(alert), shown=told or wanted))
        if not wanted:
            return None
        return Followed(
            alert=alert,
            changes=_changes(alert, before),
            related=tuple(dict.fromkeys(name for name in related if name and name != alert.event_id)),
        )

    def _name_of(self, event_id: str, sequence: int) -> None:
        """Know whose an alert is, and the one after it, as partitions may bring the reference before what it refers to."""
        for number in (sequence, sequence + 1):
            self._event_of.put(ids.alert_id(event_id, number), event_id)


def _changes(alert: Alert, before: _State | None) -> tuple[Change, ...]:
    """What the alert says of itself, with the old values where what is remembered is the alert right before it."""
    old = dict(before.words) if before and before.sequence == alert.sequence - 1 else {}
    new = dict(_words(alert))
    return tuple(Change(name=name, old=old.get(name), new=new.get(name, NONE)) for name in alert.changed)


def _words(told: Alert | Event) -> tuple[tuple[str, str], ...]:
    place = f"{told.place.name} ({told.place.precision})" if told.place else "unknown"
    return (
        ("status", told.status),
        ("certainty", told.certainty),
        ("severity", told.severity or NONE),
        ("place", place),
        ("independent_outlets", str(told.independent_outlets)),
    )
