"""Runs `detector replay` inside a test and reads what it kept."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from detector.cli.replay import replay
from detector.replay.archive import ARCHIVE_NAME, open_archive, read_meta
from tests.conftest import REPOSITORY

SEEDS = sorted((REPOSITORY / "seeds" / "articles").glob("*.json"))


def seed_articles(tag: str, count: int = len(SEEDS)) -> list[bytes]:
    """The sample articles under ids of their own, repeated as needed."""
    found = []
    for number in range(count):
        fields = json.loads(SEEDS[number % len(SEEDS)].read_bytes())
        found.append(json.dumps(fields | {"id": f"{tag}-{number}"}).encode())
    return found


def run_replay(
    *arguments: str | Path, folder: Path, environment: dict[str, str] | None = None, stdin: bytes | None = None
) -> Result:
    """Run the command in this process; its run is kept in the folder."""
    words = [*map(str, arguments), "--run-folder", str(folder)]
    variables = {"DETECTOR_REPLAY__PROCESSES": "1"} | (environment or {})
    return CliRunner().invoke(replay, words, env=variables, input=stdin, standalone_mode=False)


def rows(folder: Path, query: str) -> list[tuple[Any, ...]]:
    """Ask the archive of a run."""
    with open_archive(folder / ARCHIVE_NAME) as connection:
        return connection.execute(query).fetchall()


def meta(folder: Path) -> dict[str, Any]:
    """Read what a run says of itself."""
    with open_archive(folder / ARCHIVE_NAME) as connection:
        return read_meta(connection)


def tables(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Read everything but `meta`, which has the clock in it."""
    with open_archive(folder / ARCHIVE_NAME) as connection:
        return {name: sorted(_all(connection, name), key=repr) for name in _NAMES}


_NAMES = ("articles", "scores", "detections", "alerts", "events", "rejected", "best")


def _all(connection: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    return connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - one of the names above
