"""Reads judged events: which articles report which event.

One JSON object a line: `article_id`, `type` and `event_id`, and for people `event_title`, `place` {name} and `event_start`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from detector.core.eventtypes import EventType
from detector.core.labelled import LabelledDataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """One article that reports one event."""

    article_id: str
    type: EventType
    event_id: str
    event_title: str
    place: str
    event_start: str


def read_memberships(data: bytes, source: str) -> list[Membership]:
    """Return the memberships of a file; `source` names it in errors. Raises `LabelledDataError`."""
    found: list[Membership] = []
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            place = fields.get("place") or {}
            found.append(
                Membership(
                    article_id=str(fields["article_id"]),
                    type=EventType(fields["type"]),
                    event_id=str(fields["event_id"]),
                    event_title=str(fields.get("event_title") or fields["event_id"]),
                    place=str(place.get("name") or ""),
                    event_start=str(fields.get("event_start") or ""),
                )
            )
        except (KeyError, ValueError, AttributeError, TypeError) as error:
            problem = f"no membership of an article in an event: {type(error).__name__} {error}"
            raise LabelledDataError(source, number, None, problem) from None
    if not found:
        raise LabelledDataError(source, None, None, "the file holds no memberships")
    return found


def halves(memberships: Sequence[Membership]) -> tuple[frozenset[str], frozenset[str]]:
    """Part the events into two halves: every other one of each type, in the order of their ids."""
    events = sorted({(item.type, item.event_id) for item in memberships})
    return frozenset(name for _, name in events[::2]), frozenset(name for _, name in events[1::2])
