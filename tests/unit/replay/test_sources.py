"""Archives of articles as a source, batches of any source, and the words that a model knows: no broker needed."""

import gzip
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from detector.core.judging.coverage import SAMPLE_CHARS, Coverage
from detector.core.records import Article
from detector.errors import DetectorError, UsageError
from detector.kafka.ranges import RangeRequest
from detector.kafka.unreadable import Unreadable
from detector.replay.batches import Batch, PartitionAccount, batches
from detector.replay.sources import FileSource, Item
from detector.stream.messages import Incoming
from tests.support.replaying import meta, rows, run_replay

LINES = [
    {"id": "a", "text": "one", "published_at": "2016-12-14T00:00:00Z"},
    {"id": "b", "text": "two", "published_at": "2016-12-15T00:00:00Z"},
    {"id": "c", "text": "three"},
    {"id": "d", "text": "four", "published_at": "2016-12-10", "ingested_at": "2016-12-15T06:00:00.123Z"},
    {"id": "e", "text": "five", "published_at": "2016-12-16T00:00:00Z"},
]
DAY = RangeRequest(start=datetime(2016, 12, 15, tzinfo=UTC), end=datetime(2016, 12, 16, tzinfo=UTC))


def write(file: Path) -> Path:
    """Write the lines, packed when the name says so, one of them broken."""
    content = b"".join(json.dumps(line).encode() + b"\n" for line in LINES) + b"{broken\n"
    file.write_bytes(gzip.compress(content) if file.suffix == ".gz" else content)
    return file


def source(file: Path, request: RangeRequest, *, standard_input: bytes = b"") -> FileSource:
    """Open an archive."""
    return FileSource(file, request, standard_input=io.BytesIO(standard_input))


def ids(found: FileSource) -> list[str]:
    """Read the ids of the articles that a source gives."""
    return [json.loads(item.value or b"")["id"] for item in found.items() if isinstance(item, Incoming)]


@pytest.mark.parametrize("name", ["news.jsonl", "news.jsonl.gz"])
def test_an_archive_is_read_in_its_order(tmp_path: Path, name: str) -> None:
    """The place in the file is the offset; only `ingested_at` is the broker's time; a broken line is a record like others."""
    found = source(write(tmp_path / name), RangeRequest())
    (one,) = found.ranges
    assert (one.partition, one.begin, one.end) == (0, 0, 6)
    items = [item for item in found.items() if isinstance(item, Incoming)]
    assert [item.offset for item in items] == list(range(6))
    assert [item.timestamp for item in items if item.timestamp] == [
        datetime(2016, 12, 15, 6, 0, 0, 123_000, tzinfo=UTC)
    ]
    assert items[-1].value == b"{broken"
    assert found.warnings() == []


def test_an_archive_is_cut_by_the_articles_times(tmp_path: Path) -> None:
    """`ingested_at` before `published_at`; what has no time is left out and said."""
    found = source(write(tmp_path / "news.jsonl"), DAY)
    assert ids(found) == ["b", "d"]
    assert found.warnings() == ["2 articles without a time are not in the range"]


def test_an_archive_may_come_from_a_pipe() -> None:
    """How much it holds is unknown until it is there."""
    found = source(Path("-"), RangeRequest(), standard_input=b'{"id": "x", "text": "y"}\n{"id": "z", "text": "y"}\n')
    assert not found.ranges[0].size
    assert ids(found) == ["x", "z"]


def test_an_archive_without_an_article_is_refused(tmp_path: Path) -> None:
    """So is one that is not there."""
    (tmp_path / "empty.jsonl").write_text("\n\n")
    with pytest.raises(DetectorError, match="holds no article"):
        source(tmp_path / "empty.jsonl", RangeRequest())
    with pytest.raises(UsageError, match="does not exist"):
        source(tmp_path / "none.jsonl", RangeRequest())


def test_an_archive_is_replayed_without_a_broker(tmp_path: Path) -> None:
    """Broken lines are rejected by their place; the two ways of reading give the same."""
    environment = {"DETECTOR_BROKER": "127.0.0.1:1"}
    file = write(tmp_path / "news.jsonl")
    done = run_replay("--archive", file, folder=tmp_path / "run", environment=environment)
    assert done.exception is None
    assert rows(tmp_path / "run", "SELECT n, article_id FROM articles") == [(n, "abcde"[n - 1]) for n in range(1, 6)]
    assert rows(tmp_path / "run", 'SELECT "offset", reason FROM rejected') == [(5, "not_json")]
    about = meta(tmp_path / "run")
    assert about["source"]["archive"] == str(file)
    piped = run_replay(
        "--archive", "-", "--limit", "3", folder=tmp_path / "piped", environment=environment, stdin=file.read_bytes()
    )
    assert piped.exception is None
    assert rows(tmp_path / "piped", "SELECT n, article_id FROM articles") == [(1, "a"), (2, "b"), (3, "c")]
    (partition,) = meta(tmp_path / "piped")["source"]["partitions"]
    assert (partition["from_offset"], partition["to_offset"], partition["read_to"]) == (0, 3, 3)


def record(offset: int) -> Incoming:
    """One record of partition 0."""
    return Incoming(topic="t", partition=0, offset=offset, timestamp=None, key=None, value=b"")


GAP = Unreadable(partition=0, begin=2, end=4, why="damaged")


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        (None, [(1, [0, 1], 0), (3, [4, 5], 1), (5, [6], 0)]),
        (5, [(1, [0, 1], 0), (3, [4, 5], 1), (5, [6], 0)]),
        (3, [(1, [0, 1], 0), (3, [4], 1)]),
        (2, [(1, [0, 1], 0)]),
    ],
)
def test_batches_number_the_records(limit: int | None, expected: list[tuple[int, list[int], int]]) -> None:
    """What cannot be read has no number and no place in the limit."""
    items: list[Item] = [record(0), record(1), GAP, record(4), record(5), record(6)]
    found = list(batches(items, size=2, limit=limit))
    assert [(one.first, [r.offset for r in one.records], len(one.unreadable)) for one in found] == expected


def test_a_source_of_gaps_alone_is_one_batch() -> None:
    """So that they are told."""
    assert list(batches([GAP], size=2, limit=None)) == [Batch(1, [], [GAP])]
    assert list(batches([], size=2, limit=None)) == []


def test_an_account_keeps_the_earliest_and_latest_time() -> None:
    """Whatever order the times have."""
    account = PartitionAccount(3)
    for offset, hour in ((3, 5), (4, 0), (5, 7)):
        moment = datetime(1970, 1, 1, hour, tzinfo=UTC)
        account.add(Incoming(topic="t", partition=0, offset=offset, timestamp=moment, key=None, value=None))
    assert (account.read_to, account.records) == (6, 3)
    assert (account.first_timestamp, account.last_timestamp) == (0, 7 * 3600)


def test_coverage_counts_the_title_and_the_beginning_of_the_text() -> None:
    """Pairs and relations of the model are no words; of a thousand articles about one in `SAMPLE_EVERY` is counted."""
    coverage = Coverage(["truce", "holds", "the truce", "CEASEFIRE<the"])
    assert coverage.count(Article(id="d", title="Truce HOLDS", text="xylophone the truce")) == (5, 3)
    long = Article(id="d", text="truce " * SAMPLE_CHARS)
    assert coverage.count(long)[0] == SAMPLE_CHARS // len("truce ")
    counted = [coverage.count(Article(id=f"a{n}", text="the truce")) for n in range(1000)]
    assert set(counted) == {(2, 1), (0, 0)}
    assert 200 < counted.count((2, 1)) < 300
