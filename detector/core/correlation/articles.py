"""How an edit or a withdrawal of an article reaches the events that it supported: the contract between the two agents.

Detections are partitioned by type and country, articles by id. When an article is sent again with other text, it may
carry other types, or the same type in another country: then what it said before lies under other keys, in partitions
that the new detections do not reach. The correlate agent cannot know that an article it never hears of again has
changed; only the detect agent sees every version.

So the detect agent keeps, in a table with the partitions of the topic `articles`, one small entry (`ArticleEntry`)
for each article that was ever detected in: the keys under which it was, and in which revision. An article in which
nothing was ever found has none, which is 97 of 100. For every record on `articles` it calls `revise` (or, for an
empty message, `withdraw`), which gives what to send:

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
If only one of them got out before a crash, the article is processed again: `revise` gives the same records for it,
and the entry keeps what later revisions said. A key is never dropped from an entry, so a retraction that was lost is
sent again with every later version.

**Forgetting.** An entry may be dropped when its article was not seen for longer than the longest quiet period: the
events that it supported have expired by then.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from detector.core import wire
from detector.core.correlation.key import country_or_bucket
from detector.core.eventtypes import EventType
from detector.core.records import Detection, Retraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
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


def revise(
    entry: ArticleEntry | None,
    article_id: str,
    detections: Sequence[Detection],
    *,
    revision: int,
    ingested_at: datetime | None,
    reason: Literal["edited", "withdrawn"] = "edited",
) -> tuple[ArticleEntry | None, tuple[Detection | Retraction, ...]]:
    """Return the new entry of an article and what to send of this version: its detections, then the retractions.

    The entry is `None` while the article was never detected in.
    """
    types = {item.type for item in detections}
    now = [Carried(type=item.type, country=country_or_bucket(item)) for item in detections]
    before = entry.carried if entry else ()
    retractions = [
        Retraction(
            article_id=article_id,
            type=carried.type,
            country=carried.country,
            revision=revision,
            reason="moved" if carried.type in types else reason,
            ingested_at=ingested_at,
        )
        for carried in before
        if carried not in now
    ]
    carried = tuple(sorted({*before, *now}, key=lambda item: (item.type, item.country)))
    times = [moment for moment in (entry.seen_at if entry else None, ingested_at) if moment is not None]
    renewed = ArticleEntry(carried=carried, seen_at=max(times, default=None)) if carried else None
    return renewed, (*detections, *retractions)


def withdraw(
    entry: ArticleEntry | None, article_id: str, *, revision: int, ingested_at: datetime | None
) -> tuple[ArticleEntry | None, tuple[Detection | Retraction, ...]]:
    """Return what a tombstone of an article gives: a retraction under each key that it was ever detected under."""
    return revise(entry, article_id, (), revision=revision, ingested_at=ingested_at, reason="withdrawn")


def encode_article_entry(entry: ArticleEntry) -> bytes:
    """Write an entry as one JSON object, deterministically."""
    return wire.dump({"format": 1, "carried": entry.carried, "seen_at": entry.seen_at})


def decode_article_entry(value: bytes) -> ArticleEntry:
    """Read an entry that `encode_article_entry` wrote. Raises `ValueError` for anything else."""
    fields = json.loads(value)
    if fields.get("format") != 1:
        message = f"an article's kept state has format {fields.get('format')}; this program reads 1"
        raise ValueError(message)
    return ArticleEntry(
        carried=tuple(Carried(type=EventType(item["type"]), country=item["country"]) for item in fields["carried"]),
        seen_at=datetime.fromisoformat(fields["seen_at"]) if fields["seen_at"] else None,
    )
