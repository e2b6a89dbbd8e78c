"""Reads a run archive into arrays, and the few records of it that a report shows."""

import json
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from detector.core.eventtypes import ALL_STATUSES, EVENT_TYPES, EventType
from detector.core.judging.frame import UNKNOWN, Answers, Articles, Ids
from detector.core.records import Detection
from detector.core.wire import decode_detection
from detector.errors import UsageError
from detector.replay.archive import read_meta
from detector.replay.threads import Threads, read_threads

_CHUNK: Final = 5_000
_COLUMNS: Final = {kind.value: column for column, kind in enumerate(EVENT_TYPES)}
_STATUSES: Final = {status: number for number, status in enumerate(ALL_STATUSES)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What a run read and what each of its models said; `numbers` are the archive's article numbers, ascending."""

    meta: Mapping[str, Any]
    numbers: "np.typing.NDArray[np.int64]"
    articles: Articles
    models: Sequence[Answers]
    rejected: Mapping[str, int]
    """Records that were no articles, by reason."""

    unscored: int
    """Answers that are missing: articles that some model of several could not score; they count as silent."""

    threads: Threads
    """The events of the last model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownArticle:
    """What the archive keeps of an article for people."""

    article_id: str
    title: str | None
    outlet: str | None
    url: str | None
    published: float | None
    ingested: float | None


def read_run(connection: sqlite3.Connection) -> Run:
    """Read a whole run; memory is about 150 bytes an article. Raises `UsageError` for a run that scored nothing."""
    meta = read_meta(connection)
    numbers = _matrix(connection, "n FROM articles ORDER BY n", 1)[:, 0].astype(np.int64)
    if not meta.get("models"):
        raise UsageError("this run was ended before any model had scored anything; replay the range again")
    (scored,) = connection.execute("SELECT count(*) FROM scores").fetchone()
    return Run(
        meta=meta,
        numbers=numbers,
        articles=_articles(connection),
        models=[_answers(connection, model, numbers) for model in meta["models"]],
        rejected=dict(connection.execute("SELECT reason, count(*) FROM rejected GROUP BY reason ORDER BY 2 DESC, 1")),
        unscored=len(numbers) * len(meta["models"]) - scored,
        threads=read_threads(connection, str(meta["models"][-1]["digest"])),
    )


def shown_articles(connection: sqlite3.Connection, numbers: Iterable[int]) -> dict[int, ShownArticle]:
    """Return the named articles by number."""
    query = "SELECT n, article_id, title, outlet, url, published_at, ingested_at FROM articles WHERE n = ?"
    rows = (connection.execute(query, (n,)).fetchone() for n in set(numbers))
    return {
        row[0]: ShownArticle(
            article_id=row[1], title=row[2], outlet=row[3], url=row[4], published=row[5], ingested=row[6]
        )
        for row in rows
    }


def shown_detections(
    connection: sqlite3.Connection, model: str, wanted: set[tuple[int, EventType]]
) -> dict[tuple[int, EventType], Detection]:
    """Return the named detections of one model, by article number and type."""
    found = {}
    for n, kind, record in _among(connection, "n, type, record FROM detections", model, wanted):
        if (n, EventType(kind)) in wanted:
            found[n, EventType(kind)] = decode_detection(record)
    return found


def shown_sentences(
    connection: sqlite3.Connection, model: str, wanted: set[tuple[int, EventType]]
) -> dict[tuple[int, EventType], str]:
    """Return the sentence that speaks most for a type in an article, where the run kept one."""
    rows = _among(connection, "n, type, sentence FROM best", model, wanted)
    return {(n, EventType(kind)): sentence for n, kind, sentence in rows if (n, EventType(kind)) in wanted}


def _among(
    connection: sqlite3.Connection, selected: str, model: str, wanted: set[tuple[int, EventType]]
) -> Iterator[tuple[Any, ...]]:
    """Select the rows of one model about some articles, in one pass over the table."""
    query = f"SELECT {selected} WHERE model = ? AND n IN (SELECT value FROM json_each(?))"  # noqa: S608 - constants of ours
    yield from connection.execute(query, (model, json.dumps(sorted({n for n, _ in wanted}))))


def _articles(connection: sqlite3.Connection) -> Articles:
    outlets: dict[str, int] = {}
    codes = array("i")

    def ids() -> Iterator[str]:
        for article_id, outlet in connection.execute("SELECT article_id, outlet FROM articles ORDER BY n"):
            codes.append(outlets.setdefault(outlet or "(no outlet)", len(outlets)))
            yield article_id

    known = Ids(ids())
    times = _matrix(connection, "published_at, ingested_at FROM articles ORDER BY n", 2)
    sizes = _matrix(connection, "chars, words, known_words FROM articles ORDER BY n", 3).astype(np.int32)
    return Articles(
        ids=known,
        published=times[:, 0],
        ingested=times[:, 1],
        outlets=np.frombuffer(codes, dtype=np.int32),
        outlet_names=list(outlets),
        chars=sizes[:, 0],
        words=sizes[:, 1],
        known_words=sizes[:, 2],
    )


def _answers(
    connection: sqlite3.Connection, model: Mapping[str, Any], numbers: "np.typing.NDArray[np.int64]"
) -> Answers:
    digest = str(model["digest"])
    shape = (len(numbers), len(EVENT_TYPES))
    scores = np.zeros(shape)
    table = _matrix(connection, f"n, {', '.join(EVENT_TYPES)} FROM scores WHERE model = ? ORDER BY n", 5, (digest,))
    scores[np.searchsorted(numbers, table[:, 0].astype(np.int64))] = table[:, 1:]
    fired = np.zeros(shape, dtype=np.bool_)
    statuses, places = np.full(shape, UNKNOWN, dtype=np.int32), np.full(shape, UNKNOWN, dtype=np.int32)
    countries: dict[str, int] = {}
    query = "SELECT n, type, status, country FROM detections WHERE model = ?"
    for n, kind, status, country in connection.execute(query, (digest,)):
        at = int(np.searchsorted(numbers, n)), _COLUMNS[kind]
        fired[at], statuses[at] = True, _STATUSES[status]
        if country is not None:
            places[at] = countries.setdefault(country, len(countries))
    return Answers(
        name=f"{model.get('name') or 'model'} {digest}",
        digest=digest,
        thresholds={kind: float(model["thresholds"][kind.value]) for kind in EVENT_TYPES},
        scores=scores,
        fired=fired,
        statuses=statuses,
        countries=places,
        country_names=list(countries),
        alerted=_alerted(connection, digest, numbers),
        seconds=model.get("seconds"),
    )


def _alerted(
    connection: sqlite3.Connection, digest: str, numbers: "np.typing.NDArray[np.int64]"
) -> "np.typing.NDArray[np.bool_]":
    alerted = np.zeros((len(numbers), len(EVENT_TYPES)), dtype=np.bool_)
    query = "SELECT n, type FROM alerts JOIN articles USING (n) WHERE model = ? AND message_type != 'cancel'"
    for n, kind in connection.execute(query, (digest,)):
        alerted[int(np.searchsorted(numbers, n)), _COLUMNS[kind]] = True
    return alerted


def _matrix(
    connection: sqlite3.Connection, selected: str, columns: int, arguments: tuple[object, ...] = ()
) -> "np.typing.NDArray[np.float64]":
    """Read numbers in chunks; NULL becomes NaN."""
    cursor = connection.execute(f"SELECT {selected}", arguments)
    parts = array("d")
    while rows := cursor.fetchmany(_CHUNK):
        parts.frombytes(np.array(rows, dtype=np.float64).tobytes())
    return np.frombuffer(parts, dtype=np.float64).reshape(-1, columns)
