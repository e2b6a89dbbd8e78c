"""The run archive: one SQLite file in which a replay keeps what it read, scored and caused, while it runs.

Everything that judges or shows a run reads this file and nothing else. Times in columns are epoch seconds (UTC) or NULL,
`model` is a model digest, `n` the number of a
record in the order of the replay, from 1, rejected ones counted too. Texts of articles are not kept but for the
title and the sentences that carry a decision. The file is valid after each batch: one whose run was killed says so in
`meta` (`partial`, `partial_reason`).
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, Self, TypeAlias

from detector.errors import UsageError

ARCHIVE_NAME: Final = "run.sqlite"
FORMAT: Final = 2
"""Of the tables below; an archive of another format is refused."""

_SCHEMA: Final = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT);
CREATE TABLE articles (
    n INTEGER PRIMARY KEY, article_id TEXT, title TEXT, outlet TEXT, url TEXT, published_at REAL, ingested_at REAL,
    partition INTEGER, offset INTEGER, chars INTEGER, words INTEGER, known_words INTEGER
);
CREATE TABLE scores (
    n INTEGER, model TEXT, ceasefire REAL, evacuation REAL, atrocity REAL, solidarity REAL, PRIMARY KEY (n, model)
) WITHOUT ROWID;
CREATE TABLE detections (
    n INTEGER, model TEXT, type TEXT, status TEXT, confidence REAL, country TEXT, record BLOB
);
CREATE TABLE alerts (
    n INTEGER, model TEXT, alert_id TEXT, event_id TEXT, message_type TEXT, type TEXT, record BLOB
);
CREATE TABLE events (model TEXT, event_id TEXT, n INTEGER, record BLOB, PRIMARY KEY (model, event_id));
CREATE TABLE rejected (partition INTEGER, offset INTEGER, article_id TEXT, field TEXT, reason TEXT, detail TEXT);
CREATE TABLE best (n INTEGER, model TEXT, type TEXT, confidence REAL, sentence TEXT);
"""


class ArticleRow(NamedTuple):
    """An article that was scored.

    `words` and `known_words` count the title and the beginning of the text, for vocabulary coverage, of one article in a few
    (see `core.judging.coverage`), and are 0 of the others; `known_words` are those that the run's first model has a weight for.
    """

    n: int
    article_id: str
    title: str | None
    outlet: str | None
    url: str | None
    published_at: float | None
    ingested_at: float | None
    partition: int
    offset: int
    chars: int
    words: int
    known_words: int


class ScoreRow(NamedTuple):
    """What one model says of one article: a confidence per type."""

    n: int
    model: str
    ceasefire: float
    evacuation: float
    atrocity: float
    solidarity: float


class DetectionRow(NamedTuple):
    """A detection; `record` is its JSON as the detections topic would carry it."""

    n: int
    model: str
    type: str
    status: str
    confidence: float
    country: str | None
    record: bytes


class AlertRow(NamedTuple):
    """An alert; `n` is the record that caused it, an article or a withdrawal."""

    n: int
    model: str
    alert_id: str
    event_id: str
    message_type: str
    type: str
    record: bytes


class EventRow(NamedTuple):
    """The last state of an event; `n` is the record that brought it. Those that were forgotten stay as they were then.

    While the run goes on a state may be a minute old (see `event_states`).
    """

    model: str
    event_id: str
    n: int
    record: bytes


class RejectedRow(NamedTuple):
    """A record that is no article, or that could not be read; of the closed list of reasons, and `corrupt`."""

    partition: int
    offset: int
    article_id: str | None
    field: str
    reason: str
    detail: str


class BestRow(NamedTuple):
    """The sentence that speaks most for a type, where its confidence is at least half the threshold."""

    n: int
    model: str
    type: str
    confidence: float
    sentence: str


Row: TypeAlias = ArticleRow | ScoreRow | DetectionRow | AlertRow | EventRow | RejectedRow | BestRow

_TABLES: Final[Mapping[type[Any], str]] = {
    ArticleRow: "articles",
    ScoreRow: "scores",
    DetectionRow: "detections",
    AlertRow: "alerts",
    EventRow: "events",
    RejectedRow: "rejected",
    BestRow: "best",
}


Tables: TypeAlias = dict[str, list[tuple[Any, ...]]]
"""Rows as SQLite takes them, by table."""


def tables_of(rows: Iterable[Row]) -> Tables:
    """Sort rows by table."""
    tables: Tables = {}
    for row in rows:
        tables.setdefault(_TABLES[type(row)], []).append(tuple(row))
    return tables


class RunArchive:
    """Writes one run's archive; owned by the one thread that opened it.

    Rows are on disk after each `write`; `meta` values are JSON. Raises `UsageError` when the file is there already.
    """

    def __init__(self, path: Path) -> None:
        if path.exists():
            message = f"{path} holds a run already; name another folder"
            raise UsageError(message)
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._connection = sqlite3.connect(path)
        # The rollback journal keeps the archive one file that is whole after a kill; no fsync: it outlives no power cut.
        self._connection.execute("PRAGMA synchronous = OFF")
        facts = {"format": FORMAT, "partial": True, "partial_reason": "the run was ended before it could say why"}
        self._connection.executescript(f"BEGIN; {_SCHEMA} {_facts_as_sql(facts)} COMMIT;")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def set_meta(self, values: Mapping[str, Any]) -> None:
        """Keep facts about the run as JSON, over those of the same key."""
        with self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                [(key, json.dumps(value, ensure_ascii=False)) for key, value in values.items()],
            )

    def write(self, tables: Tables) -> None:
        """Add rows (see `tables_of`), all or none; an event's row takes the place of its earlier one."""
        with self._connection:
            for table, values in tables.items():
                marks = ", ".join("?" * len(values[0]))
                verb = "REPLACE" if table == _TABLES[EventRow] else "INSERT"
                self._connection.executemany(f"{verb} INTO {table} VALUES ({marks})", values)

    def close(self) -> None:
        """Close the file; later writes fail."""
        self._connection.close()


def _facts_as_sql(facts: Mapping[str, Any]) -> str:
    """Write facts of ours as statements, so that tables and facts appear in the file together."""
    rows = ", ".join(f"('{key}', '{json.dumps(value)}')" for key, value in facts.items())
    return f"INSERT INTO meta VALUES {rows};"  # noqa: S608 - constants of this module


@contextmanager
def open_archive(path: Path) -> Iterator[sqlite3.Connection]:
    """Open an archive for reading; raises `UsageError` when it is absent, no archive, or of another format."""
    if not path.is_file():
        message = f"{path} does not exist"
        raise UsageError(message)
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    try:
        try:
            found = read_meta(connection).get("format")
        except sqlite3.DatabaseError as error:
            message = f"{path} is no run archive: {error}"
            raise UsageError(message) from error
        if found != FORMAT:
            message = f"{path} has archive format {found}, this version reads {FORMAT}; replay the range again"
            raise UsageError(message)
        yield connection
    finally:
        connection.close()


def read_meta(connection: sqlite3.Connection) -> dict[str, Any]:
    """Return all facts about the run."""
    return {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM meta")}


def seconds(moment: datetime | None) -> float | None:
    """Return a time as the columns hold it."""
    return moment.timestamp() if moment else None
