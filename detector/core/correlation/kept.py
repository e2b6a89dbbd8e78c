"""All events of a partition: their entries as bytes, and what is needed to find them, rebuilt from the bytes at any time.

What is kept in memory beside the entries is small and derived. A step that changes several entries is preceded by a
journal record that holds them all and followed by its deletion, so that a changelog that ends in the middle still
gives a whole state.
"""

import json
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from detector.core.correlation.entry import Entry, Outline, decode_entry, decode_outline, entry_parts, outline
from detector.core.correlation.families import Families
from detector.core.correlation.index import Index
from detector.core.correlation.rules import Rules
from detector.core.correlation.step import Message
from detector.core.eventtypes import EVENT_TYPES, EventType

JOURNAL: Final = "journal|"
"""What the key of a journal record begins with; the key of the detections follows."""

NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)
_RECENT: Final = 12_288
"""Supports in the decoded entries that are held, so that an event in the news is not decoded again for each article; with
their bytes some 10 kB each, less of copies."""


@dataclass(slots=True)
class Seen:
    """What is known of an article under a key."""

    revision: int
    home: str | None
    """The event that it supports."""
    events: tuple[str, ...]
    """Every event in whose entry it is named."""


class _Recent(NamedTuple):
    """An entry that is held decoded."""

    entry: Entry
    outline: Outline

    @property
    def weight(self) -> int:
        """How many supports it counts for."""
        return 1 + len(self.entry.supports)


class Kept:
    """The entries by event id, and the ways to find them."""

    def __init__(self, rules: Rules, families: Families) -> None:
        self._parts: dict[str, tuple[bytes, ...]] = {}
        self.seen: dict[tuple[str, str], Seen] = {}
        self.index = Index()
        self.watermark = NEVER
        self._rules = rules
        self._families = families
        self._rivals: defaultdict[str, set[str]] = defaultdict(set)
        self._by_age: dict[EventType, OrderedDict[str, datetime]] = {kind: OrderedDict() for kind in EVENT_TYPES}
        self._recent: OrderedDict[str, _Recent] = OrderedDict()
        self._recent_size = 0

    def load(self, kept: Mapping[str, bytes]) -> None:
        """Fill an empty state from a changelog's records. Raises `EntryError` for a format that is not this one's."""
        entries = {key: value for key, value in kept.items() if not key.startswith(JOURNAL)}
        for key, value in kept.items():
            if key.startswith(JOURNAL):
                for event_id, text in json.loads(value).items():
                    newer = text.encode("utf-8")
                    if event_id not in entries or _version(newer) > _version(entries[event_id]):
                        entries[event_id] = newer
        for value in entries.values():
            read = decode_outline(value)
            self._link(read, None)
            self._parts[read.event_id] = (value,)
            for article, day, vector in read.supports:
                self.index.add(read.key, article, day, vector)
            self.watermark = max(self.watermark, read.touched)
        for kind, ages in self._by_age.items():
            self._by_age[kind] = OrderedDict(sorted(ages.items(), key=lambda pair: (pair[1], pair[0])))

    def __len__(self) -> int:
        return len(self._parts)

    def __contains__(self, event_id: object) -> bool:
        return event_id in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def value(self, event_id: str) -> bytes:
        """Return an event as it stands in the changelog."""
        return b"".join(self._parts[event_id])

    def get(self, event_id: str) -> Entry:
        """Return an event that is kept."""
        recent = self._recent.get(event_id)
        if recent is None:
            entry = decode_entry(self.value(event_id), self._families)
            recent = _Recent(entry, outline(entry))
            self._remember(recent)
        else:
            self._recent.move_to_end(event_id)
        return recent.entry

    def is_free(self, event_id: str) -> bool:
        """Tell whether no event lives under an id."""
        return event_id not in self._parts or not self.get(event_id).supports

    def region(self, events: Iterable[str]) -> dict[str, Entry]:
        """Return the events, and all that are tied to them through events that were kept apart."""
        found: set[str] = set()
        left = list(events)
        while left:
            event_id = left.pop()
            if event_id not in found and event_id in self._parts:
                found.add(event_id)
                left.extend(self._rivals.get(event_id, ()))
        return {event_id: self.get(event_id) for event_id in sorted(found)}

    def put(self, entries: Sequence[Entry], key: str) -> tuple[Message, ...]:
        """Keep new versions of events of one key, and return what to write to the changelog, in order."""
        before = {entry.event_id: self._outline(entry.event_id) for entry in entries if entry.event_id in self._parts}
        after = [outline(entry) for entry in entries]
        old = {support for read in before.values() for support in read.supports}
        new = {support for read in after for support in read.supports}
        for article, day, _ in (item for read in before.values() for item in read.supports if item not in new):
            self.index.remove(key, article, day)
        for article, day, vector in (item for read in after for item in read.supports if item not in old):
            self.index.add(key, article, day, vector)
        for read in after:
            if read.event_id in before:
                self._unlink(before[read.event_id], read)
        messages = []
        for entry, read in zip(entries, after, strict=True):
            self._link(read, before.get(entry.event_id))
            self._parts[entry.event_id] = entry_parts(entry)
            self._remember(_Recent(entry, read))
            messages.append(Message(entry.event_id, self.value(entry.event_id)))
        return _journalled(messages, key)

    def expire(self) -> list[str]:
        """Forget the events to which nothing came for their quiet period, and return their ids, the oldest first."""
        gone: list[str] = []
        for kind, ages in self._by_age.items():
            quiet = self._rules.of(kind).quiet
            while ages and quiet is not None:
                event_id, touched = next(iter(ages.items()))
                if touched == NEVER or self.watermark - touched <= quiet:
                    break
                read = self._outline(event_id)
                for article, day, _ in read.supports:
                    self.index.remove(read.key, article, day)
                self._unlink(read, None)
                del ages[event_id], self._parts[event_id]
                self._forget(event_id)
                self._rivals.pop(event_id, None)
                gone.append(event_id)
        return gone

    def _outline(self, event_id: str) -> Outline:
        recent = self._recent.get(event_id)
        return recent.outline if recent else decode_outline(self.value(event_id))

    def _link(self, read: Outline, before: Outline | None) -> None:
        """Make an event findable by what `before`, which is linked already, does not have."""
        ages = self._by_age[EventType(read.key.partition("|")[0])]
        ages[read.event_id] = read.touched
        ages.move_to_end(read.event_id)
        for rival in read.rivals:
            self._rivals[read.event_id].add(rival)
            self._rivals[rival].add(read.event_id)
        for article, revision in read.articles.items() - (before.articles.items() if before else ()):
            seen = self.seen.setdefault((read.key, article), Seen(revision, None, ()))
            seen.revision = max(seen.revision, revision)
            if read.event_id not in seen.events:
                seen.events = (*seen.events, read.event_id)
        for article in _supporting(read) - _supporting(before):
            self.seen[read.key, article].home = read.event_id

    def _unlink(self, read: Outline, after: Outline | None) -> None:
        """Take out of the ways to find an event what `after`, its next version, does not have."""
        for rival in self._rivals.pop(read.event_id, ()):
            self._rivals[rival].discard(read.event_id)
        for article in _supporting(read) - _supporting(after):
            self.seen[read.key, article].home = None
        for article in read.articles.keys() - (after.articles.keys() if after else ()):
            seen = self.seen[read.key, article]
            seen.events = tuple(event_id for event_id in seen.events if event_id != read.event_id)
            if not seen.events:
                del self.seen[read.key, article]

    def _remember(self, recent: _Recent) -> None:
        self._forget(recent.entry.event_id)
        self._recent[recent.entry.event_id] = recent
        self._recent_size += recent.weight
        while self._recent_size > _RECENT and len(self._recent) > 1:
            self._forget(next(iter(self._recent)))

    def _forget(self, event_id: str) -> None:
        recent = self._recent.pop(event_id, None)
        if recent is not None:
            self._recent_size -= recent.weight


def _supporting(read: Outline | None) -> frozenset[str]:
    return frozenset(article for article, _, _ in read.supports) if read else frozenset()


def _version(value: bytes) -> int:
    version: int = json.loads(value)["version"]
    return version


def _journalled(messages: Sequence[Message], key: str) -> tuple[Message, ...]:
    if len(messages) <= 1:
        return tuple(messages)
    whole = {message.key: message.value.decode("utf-8") for message in messages if message.value is not None}
    journal = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return (Message(JOURNAL + key, journal), *messages, Message(JOURNAL + key, None))
