"""How soon: from publication and arrival to the alert, and from the first article of an event to its first alert."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.judging.frame import Answers, Articles
from detector.core.judging.labels import ArticleLabels
from detector.core.vectors import Floats

DELAY_EDGES: Final = (0.0, 0.1, 0.5, 1.0, 10.0, 60.0, 600.0, 3600.0, 6 * 3600.0, 86_400.0, 7 * 86_400.0)
"""Seconds: the lower ends of the histogram's bins, the last one open. A delay below zero has a bin of its own."""


PUBLISHED_TO_ALERT: Final = "published_to_alert"
INGESTED_TO_DETECTION: Final = "ingested_to_detection"
INGESTED_TO_ALERT: Final = "ingested_to_alert"
DELAYS: Final = (PUBLISHED_TO_ALERT, INGESTED_TO_DETECTION, INGESTED_TO_ALERT)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveTimes:
    """What live workers took, in seconds by the broker's clock.

    `detections` has one entry for each detection of the run, NaN where the live topic holds none; `alerts` one for each alert
    and update that articles of the run caused.
    """

    detections: Floats
    alerts: Floats
    source: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """A distribution of delays in seconds. `before_zero` alerts seem earlier than their cause: a wrong publication time."""

    count: int
    unknown: int
    before_zero: int
    median: float | None
    p90: float | None
    p95: float | None
    p99: float | None
    histogram: tuple[int, ...]
    """Counts per bin of `DELAY_EDGES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDelay:
    """One labelled event: its articles in the run, and when it was first told.

    `before` counts the articles of the event that had arrived before the one whose alert was first; delays are seconds from
    the event's first article, by arrival and by publication, `None` where those are unknown. All are `None` when no alert came.
    """

    type: EventType
    event_id: str
    articles: int
    first_row: int
    alert_row: int | None
    before: int | None
    arrival_delay: float | None
    publication_delay: float | None


def delays(seconds: Floats) -> Delays:
    """Summarise delays; NaN is unknown."""
    known = seconds[~np.isnan(seconds)]
    counted = known[known >= 0]
    edges = np.array([*DELAY_EDGES, np.inf])
    quantiles = np.percentile(counted, [50, 90, 95, 99]) if len(counted) else None
    return Delays(
        count=len(known),
        unknown=len(seconds) - len(known),
        before_zero=len(known) - len(counted),
        median=float(quantiles[0]) if quantiles is not None else None,
        p90=float(quantiles[1]) if quantiles is not None else None,
        p95=float(quantiles[2]) if quantiles is not None else None,
        p99=float(quantiles[3]) if quantiles is not None else None,
        histogram=tuple(int(count) for count in np.histogram(counted, edges)[0]),
    )


def time_to_detect(answers: Answers, articles: Articles, live: LiveTimes | None = None) -> dict[str, Delays | None]:
    """Return the delays by `DELAYS`.

    Of the run's alerts, from publication; an alert of a replay goes out when its article arrives. From arrival on nothing is
    known of a replay, so those are `None` unless `live` times are given.
    """
    rows = np.nonzero(answers.alerted)[0]
    return {
        PUBLISHED_TO_ALERT: delays(articles.ingested[rows] - articles.published[rows]),
        INGESTED_TO_DETECTION: delays(live.detections) if live else None,
        INGESTED_TO_ALERT: delays(live.alerts) if live else None,
    }


def event_delays(labels: Mapping[str, ArticleLabels], answers: Answers, articles: Articles) -> list[EventDelay]:
    """Return each labelled event with an article in the run, in the order of their first articles."""
    members: dict[tuple[EventType, str], list[int]] = defaultdict(list)
    for article_id, row in articles.last_rows(labels).items():
        for kind, events in labels[article_id].events.items():
            for event in events:
                members[kind, event].append(row)
    found = [_event(kind, event, rows, answers, articles) for (kind, event), rows in members.items()]
    times = articles.times
    return sorted(found, key=lambda item: (np.nan_to_num(times[item.first_row], nan=np.inf), item.first_row))


def _event(kind: EventType, event: str, rows: list[int], answers: Answers, articles: Articles) -> EventDelay:
    column = EVENT_TYPES.index(kind)
    times = articles.times
    rows.sort(key=lambda row: (np.nan_to_num(times[row], nan=np.inf), row))
    first = next((row for row in rows if answers.alerted[row, column]), None)
    return EventDelay(
        type=kind,
        event_id=event,
        articles=len(rows),
        first_row=rows[0],
        alert_row=first,
        before=None if first is None else rows.index(first),
        arrival_delay=None if first is None else _gap(articles.ingested[rows], articles.ingested[first]),
        publication_delay=None if first is None else _gap(articles.published[rows], articles.published[first]),
    )


def _gap(starts: Floats, end: float) -> float | None:
    known = starts[~np.isnan(starts)]
    return float(end - known.min()) if len(known) and not np.isnan(end) else None
