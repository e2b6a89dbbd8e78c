"""The present situation: every event of the compacted topic `events` as it stands."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from detector.core.records import Event
from detector.core.selection import Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An event and the bytes that it was read from."""

    event: Event
    value: bytes


@dataclass(slots=True)
class Situation:
    """Events by id. Put the records of the topic in, in the order of their offsets."""

    events: dict[str, Standing] = field(default_factory=dict)
    expired: set[str] = field(default_factory=set)
    """Ids whose latest record is a tombstone that was still there."""

    def put(self, event_id: str, standing: Standing | None) -> None:
        """Take in a record; `None` is a tombstone."""
        if standing is None:
            self.events.pop(event_id, None)
            self.expired.add(event_id)
        else:
            self.events[event_id] = standing
            self.expired.discard(event_id)

    def live(self, selection: Selection) -> Iterator[Standing]:
        """Give the live events that are wanted, the one with the latest news last."""
        yield from (item for item in self.chosen(selection) if item.event.state == "live")

    def chosen(self, selection: Selection) -> list[Standing]:
        """Return the events that are wanted, cancelled ones too, the one with the latest news last."""
        wanted = [item for item in self.events.values() if selection.matches(item.event)]
        return sorted(wanted, key=lambda item: (item.event.last_seen, item.event.event_id))

    def named(self, prefix: str) -> list[Standing]:
        """Return the events whose id begins so."""
        return [item for event_id, item in sorted(self.events.items()) if event_id.startswith(prefix)]
