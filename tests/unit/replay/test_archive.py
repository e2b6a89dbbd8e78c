"""The run archive is whole after each batch, says when it is partial, and refuses what it cannot be."""

import sqlite3
from pathlib import Path

import pytest

from detector.errors import UsageError
from detector.replay.archive import (
    AlertRow,
    ArticleRow,
    BestRow,
    DetectionRow,
    EventRow,
    RejectedRow,
    Row,
    RunArchive,
    ScoreRow,
    open_archive,
    read_meta,
    tables_of,
)

ARTICLE = ArticleRow(
    n=1,
    article_id="wire-1",
    title="Truce holds",
    outlet=None,
    url=None,
    published_at=1.5,
    ingested_at=None,
    partition=0,
    offset=7,
    chars=120,
    words=20,
    known_words=15,
)
ROWS: tuple[Row, ...] = (
    ARTICLE,
    ScoreRow(n=1, model="m", ceasefire=0.9, evacuation=0.1, atrocity=0.0, solidarity=0.2),
    DetectionRow(n=1, model="m", type="ceasefire", status="agreed", confidence=0.9, country="SY", record=b"{}"),
    AlertRow(
        n=1,
        model="m",
        alert_id="a",
        event_id="e",
        message_type="alert",
        type="ceasefire",
        record=b"{}",
    ),
    EventRow(model="m", event_id="e", n=1, record=b"{}"),
    RejectedRow(partition=0, offset=8, article_id=None, field="text", reason="missing", detail="no text"),
    BestRow(n=1, model="m", type="ceasefire", confidence=0.9, sentence="The truce holds."),
)


def test_rows_are_on_disk_after_each_write(tmp_path: Path) -> None:
    """Another process reads them while the run goes on."""
    with RunArchive(tmp_path / "run" / "run.sqlite") as archive:
        archive.write(tables_of(ROWS))
        archive.set_meta({"run_id": "one", "warnings": ["é"]})
        with open_archive(archive.path) as connection:
            (row,) = connection.execute("SELECT article_id, published_at, ingested_at, known_words FROM articles")
            assert row == ("wire-1", 1.5, None, 15)
            for table in ("scores", "detections", "alerts", "events", "rejected", "best"):
                count = f"SELECT count(*) FROM {table}"  # noqa: S608 - names from this very test
                assert connection.execute(count).fetchone() == (1,)
            assert read_meta(connection)["warnings"] == ["é"]


def test_a_batch_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    """A row that cannot be added takes its batch with it."""
    with RunArchive(tmp_path / "run.sqlite") as archive:
        archive.write(tables_of([ARTICLE]))
        with pytest.raises(sqlite3.IntegrityError):
            archive.write(tables_of([ROWS[5], ARTICLE]))
        with open_archive(archive.path) as connection:
            assert connection.execute("SELECT count(*) FROM rejected").fetchone() == (0,)


def test_a_run_that_is_killed_leaves_an_archive_that_says_partial(tmp_path: Path) -> None:
    """What a finished run says is written at its end."""
    RunArchive(tmp_path / "run.sqlite").close()
    with open_archive(tmp_path / "run.sqlite") as connection:
        meta = read_meta(connection)
    assert meta["partial"] is True
    assert meta["partial_reason"]


def test_a_run_is_never_written_over(tmp_path: Path) -> None:
    """The folder of an earlier run is refused."""
    RunArchive(tmp_path / "run.sqlite").close()
    with pytest.raises(UsageError, match="holds a run already"):
        RunArchive(tmp_path / "run.sqlite")


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    """Absent, not SQLite, or of another format: one sentence each."""
    with pytest.raises(UsageError, match="does not exist"), open_archive(tmp_path / "none.sqlite"):
        pass
    (tmp_path / "text").write_text("not a database, but long enough to have a header" * 20)
    with pytest.raises(UsageError, match="no run archive"), open_archive(tmp_path / "text"):
        pass
    with RunArchive(tmp_path / "run.sqlite") as archive:
        archive.set_meta({"format": 99})
    with pytest.raises(UsageError, match="format 99"), open_archive(tmp_path / "run.sqlite"):
        pass
