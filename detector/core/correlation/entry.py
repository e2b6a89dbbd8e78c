"""The state of one event as it is kept: its supports, what subscribers were told, and what it was kept apart from.

An entry is written whole, as one record, and its bytes are deterministic. Everything else about an event is worked
out from it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal

from pydantic import TypeAdapter

from detector.core import wire
from detector.core.correlation.families import Families
from detector.core.correlation.support import Support, sharing, support_of
from detector.core.correlation.vector import Vector
from detector.core.moments import format_time
from detector.core.records import Alert, Comparison

FORMAT: Final = 1

_COMPARISON: Final = TypeAdapter(Comparison)


class EntryError(ValueError):
    """A kept state that this version cannot read: rebuild it by reading the detections again from the beginning."""


@lru_cache(maxsize=1024)
def _read_alert(alert: str) -> Alert:
    # Each article of an event is compared with what its thread said last.
    return wire.decode_alert(alert.encode("utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An alert as it was sent, and the record that caused it."""

    article_id: str
    revision: int
    turn: int
    """Place among the alerts that this record caused."""
    alert: str
    """The alert's own bytes, as text."""

    def read(self) -> Alert:
        """Return the alert."""
        return _read_alert(self.alert)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event."""

    event_id: str
    key: str
    version: int
    """Grows with each writing."""
    opened: datetime
    """The watermark when it was first told."""
    touched: datetime
    """The watermark when something last came to it; it expires a quiet period after that."""
    supports: tuple[Support, ...]
    """In order of data time; none when it is cancelled."""
    told: tuple[Told, ...]
    """The latest alerts of its thread, oldest first."""
    forgotten: int
    """Alerts of the thread before those."""
    outlets_told: int
    """The most independent outlets that an alert told of."""
    past: Mapping[str, int]
    """Articles that are not among the supports (any more), with the revision that decided so."""
    surplus: frozenset[str]
    """Those of them that do support it, but of which there were too many to keep."""
    rivals: frozenset[str]
    """Events with supports like its own, which were kept apart from it."""
    follows: str | None
    """The event that it renews."""
    reason: str | None
    """Why it is cancelled; null while it lives."""

    @property
    def sequence(self) -> int:
        """Number of the next alert."""
        return self.forgotten + len(self.told)

    @property
    def last(self) -> Alert | None:
        """What was told last."""
        return self.told[-1].read() if self.told else None

    @property
    def state(self) -> Literal["live", "cancelled"]:
        """Whether anything still supports it."""
        return "live" if self.supports else "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """What is needed of an entry to find it and to compare with it: cheap to read, where reading the entry is not."""

    event_id: str
    key: str
    touched: datetime
    rivals: frozenset[str]
    articles: Mapping[str, int]
    """Each article that the entry names, with its latest revision there."""
    supports: tuple[tuple[str, int | None, Vector], ...]
    """Article, day and vector of each support."""


def outline(entry: Entry) -> Outline:
    """Return the outline of an entry."""
    named = [(item.article_id, item.detection.revision) for item in entry.supports]
    return Outline(
        event_id=entry.event_id,
        key=entry.key,
        touched=entry.touched,
        rivals=entry.rivals,
        articles=_latest([*entry.past.items(), *((told.article_id, told.revision) for told in entry.told), *named]),
        supports=tuple((item.article_id, item.day, item.vector) for item in entry.supports),
    )


def decode_outline(value: bytes) -> Outline:
    """Read the outline of an entry. Raises `EntryError` for another format."""
    content = _read(value)
    supports = [item["outline"] for item in content["supports"]]
    told = [(item["article_id"], item["revision"]) for item in content["told"]]
    named = [(article, revision) for article, revision, *_ in supports]
    return Outline(
        event_id=content["event_id"],
        key=content["key"],
        touched=datetime.fromisoformat(content["touched"]),
        rivals=frozenset(content["rivals"]),
        articles=_latest([*content["past"].items(), *told, *named]),
        supports=tuple(
            (article, day, Vector.packed(buckets, weights)) for article, _, day, buckets, weights in supports
        ),
    )


def _latest(named: Iterable[tuple[str, int]]) -> dict[str, int]:
    latest: dict[str, int] = {}
    for article, revision in named:
        if revision >= latest.get(article, revision):
            latest[article] = revision
    return latest


def _read(value: bytes) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(value)
    if content.get("format") != FORMAT:
        message = f"an event's kept state has format {content.get('format')}; this program reads {FORMAT}"
        raise EntryError(message)
    return content


def entry_parts(entry: Entry) -> tuple[bytes, ...]:
    """Write an entry as the parts of one JSON object; its supports' are those that they hold, not copies of them."""
    head = {
        "format": FORMAT,
        "event_id": entry.event_id,
        "key": entry.key,
        "version": entry.version,
        "opened": format_time(entry.opened),
        "touched": format_time(entry.touched),
    }
    tail = {
        "told": entry.told,
        "forgotten": entry.forgotten,
        "outlets_told": entry.outlets_told,
        "past": dict(sorted(entry.past.items())),
        "surplus": sorted(entry.surplus),
        "rivals": sorted(entry.rivals),
        "follows": entry.follows,
        "reason": entry.reason,
    }
    between = [b","] * (2 * len(entry.supports) - 1)
    between[::2] = [item.encoded for item in entry.supports]
    return (wire.dump(head)[:-1], b',"supports":[', *between, b"],", wire.dump(tail)[1:])


def decode_entry(value: bytes, families: Families) -> Entry:
    """Read an entry. Raises `EntryError` for another format."""
    fields = _read(value)
    supports: list[Support] = []
    copied: dict[bytes, Support] = {}
    for item in fields["supports"]:
        merged = item["why_merged"]
        comparison = _COMPARISON.validate_python(merged) if merged else None
        detection = item["detection"].encode("utf-8")
        support = support_of(wire.decode_detection(detection), families, comparison, detection)
        known = copied.setdefault(support.sample, support)
        supports.append(support if known is support else sharing(support, known))
    return Entry(
        event_id=fields["event_id"],
        key=fields["key"],
        version=fields["version"],
        opened=datetime.fromisoformat(fields["opened"]),
        touched=datetime.fromisoformat(fields["touched"]),
        supports=tuple(supports),
        told=tuple(Told(**item) for item in fields["told"]),
        forgotten=fields["forgotten"],
        outlets_told=fields["outlets_told"],
        past=fields["past"],
        surplus=frozenset(fields["surplus"]),
        rivals=frozenset(fields["rivals"]),
        follows=fields["follows"],
        reason=fields["reason"],
    )
