"""A run as arrays: what was read, what one model said of it, and what is true of it. One row per article."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detector.core.eventtypes import ALL_STATUSES, EVENT_TYPES, EventType
from detector.core.judging.labels import ArticleLabels
from detector.core.vectors import Floats

DAY: Final = 86_400.0
UNKNOWN: Final = -1
"""Of a status or a country: none noted."""

Bools: TypeAlias = NDArray[np.bool_]
Codes: TypeAlias = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Articles:
    """What was read, (articles,) each: times in epoch seconds or NaN, lengths, and outlets as numbers into `outlet_names`."""

    ids: Sequence[str]
    published: Floats
    ingested: Floats
    outlets: Codes
    outlet_names: Sequence[str]
    chars: Codes
    words: Codes
    known_words: Codes

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def times(self) -> Floats:
        """When an article reached the detector; where that is unknown, when it was published."""
        return np.where(np.isnan(self.ingested), self.published, self.ingested)

    @property
    def last_versions(self) -> Bools:
        """Which articles were not sent again later in the run under the same id."""
        last = {article_id: row for row, article_id in enumerate(self.ids)}
        kept = np.zeros(len(self.ids), dtype=np.bool_)
        kept[list(last.values())] = True
        return kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What one model says at given thresholds, (articles, types) each.

    `statuses` are numbers into `ALL_STATUSES`, `countries` into `country_names`, `UNKNOWN` where nothing fired or, for a
    lowered threshold, nothing was kept. `alerted` says where an alert went out; the clock of a replay is the data's, so it
    did when its article arrived.
    """

    name: str
    digest: str
    thresholds: Mapping[EventType, float]
    scores: Floats
    fired: Bools
    statuses: Codes
    countries: Codes
    country_names: Sequence[str]
    alerted: Bools
    seconds: float | None = None
    """Processor time of the whole run in the core."""

    def at(self, name: str, thresholds: Mapping[EventType, float]) -> "Answers":
        """Return what the model would have said at other thresholds; what newly fires has no status, and alerts."""
        limits = np.array([thresholds[kind] for kind in EVENT_TYPES])
        moved = np.array([thresholds[kind] != self.thresholds[kind] for kind in EVENT_TYPES])
        fired = np.where(moved, self.scores >= limits, self.fired)
        return replace(
            self,
            name=name,
            thresholds=dict(thresholds),
            fired=fired,
            statuses=np.where(fired, self.statuses, UNKNOWN).astype(np.int32),
            countries=np.where(fired, self.countries, UNKNOWN).astype(np.int32),
            alerted=fired & (self.alerted | ~self.fired),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is true of the articles of a run, (articles, types) each but `judged`, which is (articles,).

    Only judged articles have labels; the others count neither for nor against. `statuses` as in `Answers`.
    """

    judged: Bools
    present: Bools
    clear: Bools
    statuses: Codes
    unknown_articles: int
    """Labels whose article is not in the run."""

    repeated: int
    """Articles that were sent again under the same id later in the run, and so are not judged."""


def align(labels: Mapping[str, ArticleLabels], articles: Articles) -> Truth:
    """Bring labels into the order of the run. Of an article sent more than once the last version is judged."""
    shape = (len(articles), len(EVENT_TYPES))
    judged = np.zeros(len(articles), dtype=np.bool_)
    present, clear = np.zeros(shape, dtype=np.bool_), np.ones(shape, dtype=np.bool_)
    statuses = np.full(shape, UNKNOWN, dtype=np.int32)
    last = articles.last_versions
    labelled = 0
    for row in np.flatnonzero(last).tolist():
        known = labels.get(articles.ids[row])
        if known is None:
            continue
        labelled += 1
        judged[row] = True
        for column, kind in enumerate(EVENT_TYPES):
            clear[row, column] = kind not in known.ambiguous
            if kind in known.statuses:
                present[row, column] = True
                status = known.statuses[kind]
                statuses[row, column] = UNKNOWN if status is None else ALL_STATUSES.index(status)
    repeated = sum(articles.ids[row] in labels for row in np.flatnonzero(~last).tolist())
    return Truth(
        judged=judged,
        present=present,
        clear=clear,
        statuses=statuses,
        unknown_articles=len(labels) - labelled,
        repeated=repeated,
    )


def span_days(articles: Articles) -> float | None:
    """Return how many days lie between the first and the last article, at least one; `None` when none has a time."""
    times = articles.times[~np.isnan(articles.times)]
    return max(1.0, float(times.max() - times.min()) / DAY) if len(times) else None
