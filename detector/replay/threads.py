"""The events of a run and their threads of alerts: how many, how well corroborated, and how soon a second source came."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nlargest
from typing import Final

import numpy as np

from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.records import Event, Transition
from detector.core.wire import decode_event

MOST_THREADS: Final = 100
"""Shown, those with most articles first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One event as it was when the run ended, or when it was forgotten."""

    event_id: str
    type: EventType
    state: str
    reason: str | None
    headline: str
    certainty: str
    articles: int
    outlets: int
    first_seen: datetime
    last_seen: datetime
    steps: tuple[Transition, ...]
    """Of its status, those that an article reported but the event could not take among them."""
    alerts: int
    seconds_to_second: float | None
    """From the first article to the first one of another source, in the time of the news; `None` with one source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """All events of a model in a run; `shown` are the largest."""

    live: Mapping[EventType, int]
    cancelled: int
    alerts: Mapping[str, int]
    """By message type."""
    corroborated: int
    """Live events with two independent outlets or more."""
    second_source_seconds: float | None
    """Median over the events that have a second source."""
    shown: Sequence[Thread]

    @property
    def total(self) -> int:
        """Live events of all types."""
        return sum(self.live.values())


def read_threads(connection: sqlite3.Connection, model: str) -> Threads:
    """Read the events of one model; memory holds those shown and one number for each event."""
    live = dict.fromkeys(EVENT_TYPES, 0)
    cancelled = corroborated = 0
    delays: list[float] = []
    shown: list[Thread] = []
    for (record,) in connection.execute("SELECT record FROM events WHERE model = ?", (model,)):
        thread = _thread(decode_event(record))
        shown.append(thread)
        if len(shown) > 2 * MOST_THREADS:
            shown = _largest(shown)
        if thread.state != "live":
            cancelled += 1
            continue
        live[thread.type] += 1
        corroborated += thread.outlets > 1
        if thread.seconds_to_second is not None:
            delays.append(thread.seconds_to_second)
    query = "SELECT message_type, count(*) FROM alerts WHERE model = ? GROUP BY message_type"
    return Threads(
        live=live,
        cancelled=cancelled,
        alerts=dict(connection.execute(query, (model,))),
        corroborated=corroborated,
        second_source_seconds=float(np.median(delays)) if delays else None,
        shown=_largest(shown),
    )


def _largest(threads: Sequence[Thread]) -> list[Thread]:
    return nlargest(MOST_THREADS, threads, key=lambda one: (one.articles, one.last_seen, one.event_id))


def _thread(event: Event) -> Thread:
    first = min(event.supports, key=lambda item: item.seen_at, default=None)
    others = [
        item.seen_at for item in event.supports if first and item.source is not None and item.source != first.source
    ]
    return Thread(
        event_id=event.event_id,
        type=event.type,
        state=event.state,
        reason=event.reason,
        headline=event.headline,
        certainty=event.certainty,
        articles=event.articles,
        outlets=event.independent_outlets,
        first_seen=event.first_seen,
        last_seen=event.last_seen,
        steps=event.transitions,
        alerts=len(event.alerts),
        seconds_to_second=(min(others) - first.seen_at).total_seconds() if first and others else None,
    )
