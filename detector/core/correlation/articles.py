"""How an edit or a withdrawal of an article reaches the events that it supported: the contract between the two agents.

Detections are partitioned by type and country, articles by id. When an article is sent again with other text, it may
carry other types, or the same type in another country: then what it said before lies under other keys, in partitions
that the new detections do not reach. The correlate agent cannot know that an article it never hears of again has
changed; only the detect agent sees every version.

So the detect agent keeps, in a table with the partitions of the topic `articles`, one small entry (`ArticleEntry`)
for each article that was ever detected in: the keys under which it was, and in which revision. An article in which
nothing was ever found has none, which is 97 of 100. For every record on `articles` it calls `ArticleMemory.revise`, and
what it sends then is:

1. the detections of this revision, each under its key. One with an older revision under the same key is replaced by
it, so an edit that leaves type and country as they were needs no retraction; 2. a `Retraction` under every key that
the article was detected under before and is not now.

**Revisions** are the offsets of the article's records on `articles`. They only compare versions of one article, and
these lie in one partition as long as producers key by id; what must not happen is that `articles` gets more
partitions while old entries are kept. A correlator ignores every record whose revision is not above what it knows of
the article under that key, except that it gives again the alerts that this very revision caused. So records may come
twice, in blocks, after a crash: the state is the same. When two models are at work in one group, the same revision
may come with two digests; the first one counts.

**Order of writing.** The entry must be delivered together with the outgoing records before the article is committed.
If only one of them got out before a crash, the article is processed again: `revise` gives the same retractions for it,
and the entry keeps what later revisions said. A key is never dropped from an entry, so a retraction that was lost is
sent again with every later version.

**Forgetting.** An entry may be dropped when its article was not seen for longer than the longest quiet period: the
events that it supported have expired by then.
"""

import json
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from detector.core import wire
from detector.core.correlation.rules import Rules
from detector.core.correlation.step import Message
from detector.core.eventtypes import EventType
from detector.core.moments import format_time
from detector.core.records import Retraction


class Carried(NamedTuple):
    """A key under which an article was detected."""

    type: EventType
    country: str
    """Country, or bucket of an unlocated detection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleEntry:
    """What the detect agent remembers of one article: every key it was ever detected under."""

    carried: tuple[Carried, ...]
    seen_at: datetime | None
    """When its last version was ingested; entries are dropped by it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revised:
    """What one version of an article does beside its detections."""

    entries: tuple[Message, ...] = ()
    """For the changelog, in this order; forgotten articles come first."""
    retractions: tuple[Retraction, ...] = ()


_NOTHING = Revised()


class ArticleMemory:
    """What the detect agent remembers of the articles of one partition. Not safe to share between threads."""

    def __init__(self, rules: Rules, kept: Mapping[str, bytes] | None = None) -> None:
        """Start from the records of a changelog, the latest of each article; from nothing without them."""
        quiet = [one.quiet for one in rules.types.values()]
        self._forget_after = None if None in quiet else max(one for one in quiet if one is not None)
        read = [(article_id, decode_article_entry(value)) for article_id, value in (kept or {}).items()]
        read.sort(key=lambda pair: (pair[1].seen_at is not None, pair[1].seen_at, pair[0]))
        self._entries = OrderedDict(read)
        """The one that was seen longest ago first."""
        self._watermark = max((entry.seen_at for _, entry in read if entry.seen_at), default=None)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, article_id: object) -> bool:
        return article_id in self._entries

    @property
    def entries(self) -> Mapping[str, bytes]:
        """The memory as it stands in the changelog, by article id."""
        return {article_id: encode_article_entry(entry) for article_id, entry in self._entries.items()}

    def revise(
        self,
        article_id: str,
        keys: Iterable[str],
        *,
        revision: int,
        ingested_at: datetime | None,
        withdrawn: bool = False,
    ) -> Revised:
        """Take in a version of an article that was detected under `keys`; the same one again gives the same retractions.

        A withdrawn article has no keys, and is retracted under each that it was ever detected under.
        """
        entry = self._entries.get(article_id)
        now = [read_key(key) for key in keys]
        forgotten = self._forget(ingested_at)
        if entry is None and not now:
            return Revised(entries=forgotten) if forgotten else _NOTHING
        before = entry.carried if entry else ()
        types = {carried.type for carried in now}
        retractions = tuple(
            Retraction(
                article_id=article_id,
                type=carried.type,
                country=carried.country,
                revision=revision,
                reason="withdrawn" if withdrawn else "moved" if carried.type in types else "edited",
                ingested_at=ingested_at,
            )
            for carried in before
            if carried not in now
        )
        times = [moment for moment in (entry.seen_at if entry else None, ingested_at) if moment is not None]
        renewed = ArticleEntry(carried=tuple(sorted({*before, *now})), seen_at=max(times, default=None))
        self._entries[article_id] = renewed
        self._entries.move_to_end(article_id)
        return Revised(
            entries=(*forgotten, Message(article_id, encode_article_entry(renewed))), retractions=retractions
        )

    def _forget(self, ingested_at: datetime | None) -> tuple[Message, ...]:
        """Drop the articles not seen for so long that the events that they supported have expired."""
        if ingested_at is None or self._forget_after is None:
            return ()
        self._watermark = max(self._watermark or ingested_at, ingested_at)
        gone = []
        for article_id, entry in self._entries.items():
            if entry.seen_at is None:
                continue
            if self._watermark - entry.seen_at <= self._forget_after:
                break
            gone.append(article_id)
        for article_id in gone:
            del self._entries[article_id]
        return tuple(Message(article_id, None) for article_id in gone)


def read_key(key: str) -> Carried:
    """Read what `key.key_of` wrote."""
    kind, _, country = key.partition("|")
    return Carried(EventType(kind), country)


def encode_article_entry(entry: ArticleEntry) -> bytes:
    """Write an entry as one JSON object, deterministically."""
    carried = [{"type": item.type, "country": item.country} for item in entry.carried]
    return wire.dump({"format": 1, "carried": carried, "seen_at": entry.seen_at and format_time(entry.seen_at)})


def decode_article_entry(value: bytes) -> ArticleEntry:
    """Read an entry that `encode_article_entry` wrote. Raises `ValueError` for anything else."""
    fields = json.loads(value)
    if fields.get("format") != 1:
        message = f"an article's kept state has format {fields.get('format')}; this program reads 1"
        raise ValueError(message)
    return ArticleEntry(
        carried=tuple(Carried(EventType(item["type"]), item["country"]) for item in fields["carried"]),
        seen_at=datetime.fromisoformat(fields["seen_at"]) if fields["seen_at"] else None,
    )
