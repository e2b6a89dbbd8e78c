"""The run by outlet, by country and over time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.judging.frame import UNKNOWN
from detector.replay.judgement import Judgement

MOST_ROWS: Final = 25
TIME_BINS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One outlet or country. `articles` is `None` for countries, and what needs labels is without them."""

    name: str
    articles: int | None
    alerts: Mapping[EventType, int]
    false_alarms: int | None
    misses: int | None

    @property
    def total(self) -> int:
        """Alerts of all types."""
        return sum(self.alerts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The rows with most articles or alerts, and how many others there are."""

    rows: Sequence[Row]
    others: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Alerts over time, (bins,) per type: `edges` in epoch seconds; without labels all alerts are `unjudged`."""

    edges: Sequence[float]
    right: Mapping[EventType, Sequence[int]]
    wrong: Mapping[EventType, Sequence[int]]
    unjudged: Mapping[EventType, Sequence[int]]
    missed: Mapping[EventType, Sequence[int]]


def by_outlet(judgement: Judgement) -> Table:
    """Return the outlets with most articles."""
    articles, fired = judgement.run.articles, judgement.candidate.fired
    names, size = articles.outlet_names, len(articles.outlet_names)
    read = np.bincount(articles.outlets, minlength=size)
    alerts = [np.bincount(articles.outlets[fired[:, n]], minlength=size) for n in range(len(EVENT_TYPES))]
    false, missed = (
        None if marks is None else np.bincount(articles.outlets, weights=marks.sum(axis=1), minlength=size)
        for marks in _wrong(judgement)
    )
    order = np.argsort(-read, kind="stable")[:MOST_ROWS]
    rows = [
        Row(
            name=names[code],
            articles=int(read[code]),
            alerts={kind: int(alerts[n][code]) for n, kind in enumerate(EVENT_TYPES)},
            false_alarms=None if false is None else int(false[code]),
            misses=None if missed is None else int(missed[code]),
        )
        for code in order.tolist()
    ]
    return Table(rows=rows, others=size - len(rows))


def by_country(judgement: Judgement) -> Table:
    """Return the countries with most alerts; an alert without a place counts under `unknown`."""
    candidate = judgement.candidate
    names = [*candidate.country_names, "unknown"]
    codes = np.where(candidate.countries == UNKNOWN, len(names) - 1, candidate.countries)
    alerts = [np.bincount(codes[candidate.fired[:, n], n], minlength=len(names)) for n in range(len(EVENT_TYPES))]
    false = _wrong(judgement)[0]
    wrong = None if false is None else np.bincount(codes[false], minlength=len(names))
    totals = np.sum(alerts, axis=0)
    order = [code for code in np.argsort(-totals, kind="stable").tolist() if totals[code]]
    rows = [
        Row(
            name=names[code],
            articles=None,
            alerts={kind: int(alerts[n][code]) for n, kind in enumerate(EVENT_TYPES)},
            false_alarms=None if wrong is None else int(wrong[code]),
            misses=None,
        )
        for code in order[:MOST_ROWS]
    ]
    return Table(rows=rows, others=max(0, len(order) - MOST_ROWS))


def timeline(judgement: Judgement) -> Timeline | None:
    """Return alerts over time; `None` when no article has a time."""
    times, fired, truth = judgement.run.articles.times, judgement.candidate.fired, judgement.truth
    known = times[~np.isnan(times)]
    if not len(known):
        return None
    edges = np.linspace(known.min(), max(known.max(), known.min() + 1), TIME_BINS + 1)
    judged = truth.judged[:, None] if truth else np.zeros((len(times), 1), dtype=np.bool_)
    present = truth.present if truth else np.zeros_like(fired)

    def counted(marks: "np.typing.NDArray[np.bool_]") -> dict[EventType, list[int]]:
        return {
            kind: [int(count) for count in np.histogram(times[marks[:, n] & ~np.isnan(times)], edges)[0]]
            for n, kind in enumerate(EVENT_TYPES)
        }

    return Timeline(
        edges=edges.tolist(),
        right=counted(fired & present & judged),
        wrong=counted(fired & ~present & judged),
        unjudged=counted(fired & ~judged),
        missed=counted(~fired & present & judged),
    )


def _wrong(
    judgement: Judgement,
) -> tuple["np.typing.NDArray[np.bool_] | None", "np.typing.NDArray[np.bool_] | None"]:
    """False alarms and misses, (articles, types) each; `None` without labels."""
    truth, fired = judgement.truth, judgement.candidate.fired
    if truth is None:
        return None, None
    judged = truth.judged[:, None]
    return fired & ~truth.present & judged, ~fired & truth.present & judged
