"""A run as arrays: what was read, what one model said of it, and what is true of it. One row per article."""

from array import array
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias, overload

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


class Ids(Sequence[str]):
    """Article ids in order, a few bytes each beside their own: a list of as many strings takes four times the room."""

    def __init__(self, ids: Iterable[str]) -> None:
        text, ends = bytearray(), array("q", [0])
        for one in ids:
            text += one.encode("utf-8", "surrogatepass")
            ends.append(len(text))
        self._text = bytes(text)
        self._ends = ends

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, row: int) -> str: ...

    @overload
    def __getitem__(self, row: slice) -> list[str]: ...

    def __getitem__(self, row: int | slice) -> str | list[str]:
        if isinstance(row, slice):
            return [self[n] for n in range(*row.indices(len(self)))]
        place = range(len(self))[row]
        return self._text[self._ends[place] : self._ends[place + 1]].decode("utf-8", "surrogatepass")


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

    def last_rows(self, wanted: Container[str]) -> dict[str, int]:
        """Return where the wanted articles stand; of one that was sent again under its id, the last version."""
        return {article_id: row for row, article_id in enumerate(self.ids) if article_id in wanted}


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
    last = articles.last_rows(labels)
    for article_id, row in last.items():
        known = labels[article_id]
        judged[row] = True
        for column, kind in enumerate(EVENT_TYPES):
            clear[row, column] = kind not in known.ambiguous
            if kind in known.statuses:
                present[row, column] = True
                status = known.statuses[kind]
                statuses[row, column] = UNKNOWN if status is None else ALL_STATUSES.index(status)
    sent = sum(article_id in labels for article_id in articles.ids)
    return Truth(
        judged=judged,
        present=present,
        clear=clear,
        statuses=statuses,
        unknown_articles=len(labels) - len(last),
        repeated=sent - len(last),
    )


def span_days(articles: Articles) -> float | None:
    """Return how many days lie between the first and the last article, at least one; `None` when none has a time."""
    times = articles.times[~np.isnan(articles.times)]
    return max(1.0, float(times.max() - times.min()) / DAY) if len(times) else None
