"""The articles that benchmarks run on."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from detector.article_files import open_maybe_gzip
from detector.cli.console import messages
from tests.conftest import REPOSITORY

FIRST: Final = datetime(2016, 11, 16, tzinfo=UTC)
DAYS: Final = 30


def moment(number: int, records: int) -> datetime:
    """Time of a record: evenly over the days, to the millisecond."""
    return FIRST + timedelta(milliseconds=DAYS * 86_400_000 * number // records)


def shared_folder() -> Path:
    """Where news lies that the repository does not hold; it need not be there."""
    return Path(os.environ.get("DETECTOR_TEST_SHARED") or REPOSITORY.parent / "shared")


def pool_articles(count: int) -> list[bytes]:
    """Give articles of the news pool where it is present, else the sample articles repeated."""
    pool = shared_folder() / "news" / "pool.jsonl.gz"
    if pool.exists():
        with open_maybe_gzip(pool) as stream:
            lines = stream.read().splitlines()
    else:
        messages().print(f"no news pool at {pool}: measuring on the sample articles, many more of which fire")
        lines = [path.read_bytes() for path in sorted((REPOSITORY / "seeds" / "articles").glob("*.json"))]
    return [lines[number % len(lines)] for number in range(count)]
