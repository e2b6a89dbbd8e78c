"""All events of a partition: their entries as bytes, and what is needed to find them, rebuilt from the bytes at any time.

What is kept in memory beside the entries is small and derived. A step that changes several entries is preceded by a
journal record that holds them all and followed by its deletion, so that a changelog that ends in the middle still
gives a whole state.
"""

import json
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from detector.core.correlation.entry import Entry, Outline, decode_entry, decode_outline, encode_entry, outline
from detector.core.correlation.families import Families
from detector.core.correlation.index import Index
from detector.core.correlation.rules import Rules
from detector.core.correlation.step import Message
from detector.core.eventtypes import EVENT_TYPES, EventType

JOURNAL: Final = "journal|"
"""What the key of a journal record begins with; the key of the detections follows."""

NEVER: Final = datetime(1, 1, 1, tzinfo=UTC)
_RECENT: Final = 12_288
"""Supports in the decoded entries that are held, so that an event in the news is not decoded again for each article; some
10 kB each."""


@dataclass(slots=True)
class Seen:
    """What is known of an article under a key."""

    revision: int
    home: str | None
    """The event that it supports."""
    events: tuple[str, ...]
    """Every event in whose entry it is named."""


class Kept:
    """The entries, and the ways to find them."""

    def __init__(self, rules: Rules, families: Families) -> None:
        self.entries: dict[str, bytes] = {}
        self.seen: dict[tuple[str, str], Seen] = {}
        self.index = Index()
        self.watermark = NEVER
        self._rules = rules
        self._families = families
        self._rivals: defaultdict[str, set[str]] = defaultdict(set)
        self._by_age: dict[EventType, OrderedDict[str, datetime]] = {kind: OrderedDict() for kind in EVENT_TYPES}
        self._recent: OrderedDict[str, Entry] = OrderedDict()
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
            self._link(read, value)
            for article, day, vector in read.supports:
                self.index.add(read.key, article, day, vector)
            self.watermark = max(self.watermark, read.touched)
        for kind, ages in self._by_age.items():
            self._by_age[kind] = OrderedDict(sorted(ages.items(), key=lambda pair: (pair[1], pair[0])))

    def get(self, event_id: str) -> Entry:
        """Return an event that is kept."""
        entry = self._recent.get(event_id)
        if entry is None:
            entry = decode_entry(self.entries[event_id], self._families)
        self._remember(entry)
        return entry

    def is_free(self, event_id: str) -> bool:
        """Tell whether no event lives under an id."""
        return event_id not in self.entries or not self.get(event_id).supports

    def region(self, events: Iterable[str]) -> dict[str, Entry]:
        """Return the events, and all that are tied to them through events that were kept apart."""
        found: set[str] = set()
        left = list(events)
        while left:
            event_id = left.pop()
            if event_id not in found and event_id in self.entries:
                found.add(event_id)
                left.extend(self._rivals.get(event_id, ()))
        return {event_id: self.get(event_id) for event_id in sorted(found)}

    def put(self, entries: Sequence[Entry], key: str) -> tuple[Message, ...]:
        """Keep new versions of events of one key, and return what to write to the changelog, in order."""
        before = [self.get(entry.event_id) for entry in entries if entry.event_id in self.entries]
        old = {(item.article_id, item.detection.revision): item for entry in before for item in entry.supports}
        new = {(item.article_id, item.detection.revision): item for entry in entries for item in entry.supports}
        for name in old.keys() - new.keys():
            self.index.remove(key, name[0], old[name].day)
        for name in new.keys() - old.keys():
            self.index.add(key, name[0], new[name].day, new[name].vector)
        for entry in before:
            self._unlink(outline(entry))
        messages = []
        for entry in entries:
            value = encode_entry(entry)
            self._link(outline(entry), value)
            self._remember(entry)
            messages.append(Message(entry.event_id, value))
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
                read = decode_outline(self.entries[event_id])
                for article, day, _ in read.supports:
                    self.index.remove(read.key, article, day)
                self._unlink(read)
                del self.entries[event_id]
                self._forget(event_id)
                self._rivals.pop(event_id, None)
                gone.append(event_id)
        return gone

    def _link(self, entry: Outline, value: bytes) -> None:
        kind = EventType(entry.key.partition("|")[0])
        self.entries[entry.event_id] = value
        self._by_age[kind][entry.event_id] = entry.touched
        self._by_age[kind].move_to_end(entry.event_id)
        for rival in entry.rivals:
            self._rivals[entry.event_id].add(rival)
            self._rivals[rival].add(entry.event_id)
        for article, revision in entry.articles.items():
            seen = self.seen.setdefault((entry.key, article), Seen(revision, None, ()))
            seen.revision = max(seen.revision, revision)
            seen.events = tuple(dict.fromkeys((*seen.events, entry.event_id)))
        for article, _, _ in entry.supports:
            self.seen[entry.key, article].home = entry.event_id

    def _unlink(self, entry: Outline) -> None:
        kind = EventType(entry.key.partition("|")[0])
        self._by_age[kind].pop(entry.event_id)
        for rival in self._rivals.pop(entry.event_id, ()):
            self._rivals[rival].discard(entry.event_id)
        for article, _, _ in entry.supports:
            self.seen[entry.key, article].home = None
        for article in entry.articles:
            seen = self.seen[entry.key, article]
            seen.events = tuple(event_id for event_id in seen.events if event_id != entry.event_id)
            if not seen.events:
                del self.seen[entry.key, article]

    def _remember(self, entry: Entry) -> None:
        self._forget(entry.event_id)
        self._recent[entry.event_id] = entry
        self._recent_size += _weight(entry)
        while self._recent_size > _RECENT and len(self._recent) > 1:
            self._forget(next(iter(self._recent)))

    def _forget(self, event_id: str) -> None:
        entry = self._recent.pop(event_id, None)
        if entry is not None:
            self._recent_size -= _weight(entry)


def _weight(entry: Entry) -> int:
    return 1 + len(entry.supports)


def _version(value: bytes) -> int:
    version: int = json.loads(value)["version"]
    return version


def _journalled(messages: Sequence[Message], key: str) -> tuple[Message, ...]:
    if len(messages) <= 1:
        return tuple(messages)
    whole = {message.key: message.value.decode("utf-8") for message in messages if message.value is not None}
    journal = json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return (Message(JOURNAL + key, journal), *messages, Message(JOURNAL + key, None))
