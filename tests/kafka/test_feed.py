"""`detector feed` on a real broker: the same records on another topic, at their own pace or faster."""

import json
import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from confluent_kafka import Producer

from detector.cli.feed import feed
from detector.errors import DetectorError, UsageError
from detector.kafka.ranges import RangeRequest, milliseconds
from detector.replay.feeding import Feeder
from detector.replay.sources import TopicSource
from detector.settings import Settings
from tests.support.kafka_reading import read_topic
from tests.support.topics import NOON, fill, new_topic


def run_feed(broker: str, *arguments: str | Path) -> Result:
    """Run the command in this process."""
    environment = {"DETECTOR_BROKER": broker}
    return CliRunner().invoke(feed, [*map(str, arguments)], env=environment, standalone_mode=False)


@pytest.fixture(scope="module")
def history(broker: str) -> str:
    """Two partitions, records a minute apart, with keys and headers; a withdrawal among them."""
    topic = new_topic(broker, partitions=2)
    producer = Producer({"bootstrap.servers": broker})
    for number in range(6):
        producer.produce(
            topic,
            key=b"k%d" % number,
            value=None if number == 3 else b"value %d" % number,
            headers=[("trace", b"%d" % number), ("trace", b"again"), ("empty", None)],
            partition=number % 2,
            timestamp=milliseconds(NOON + timedelta(minutes=number)),
        )
    producer.flush()
    return topic


def test_everything_but_the_time_is_kept_as_it_was(broker: str, history: str) -> None:
    """Keys, values, repeated headers, in the order of the times over partitions; a header without a value is said."""
    target = new_topic(broker)
    began = time.time() * 1000
    done = run_feed(broker, "--topic", history, "--to", target, "--speed", "max")
    assert done.exception is None
    found = read_topic(broker, target)
    assert [record.key for record in found] == [b"k%d" % n for n in range(6)]
    assert [record.value for record in found] == [None if n == 3 else b"value %d" % n for n in range(6)]
    assert found[4].headers == [("trace", b"4"), ("trace", b"again"), ("empty", b"")]
    assert all(record.timestamp >= began - 1000 for record in found)
    assert "6 headers without a value" in done.stderr
    assert f"6 records of {history} sent to {target}" in done.stderr


def test_timestamps_are_kept_when_asked_and_the_topic_lets_them(broker: str, history: str) -> None:
    """A topic that puts its own time is named."""
    target, stubborn = new_topic(broker), new_topic(broker, message_timestamp_type="LogAppendTime")
    arguments = ["--topic", history, "--speed", "max", "--keep-timestamps"]
    arguments += ["--from", "2016-12-15T12:02:00Z", "--until", "2016-12-15T12:05:00Z"]
    assert run_feed(broker, *arguments, "--to", target).exception is None
    times = [record.timestamp for record in read_topic(broker, target)]
    assert times == [milliseconds(NOON + timedelta(minutes=minute)) for minute in (2, 3, 4)]
    done = run_feed(broker, *arguments, "--to", stubborn)
    assert "LogAppendTime: the broker put its own time" in done.stderr


@pytest.mark.parametrize(("speed", "waits"), [(1.0, [60.0] * 5), (60.0, [1.0] * 5), (None, [])])
def test_the_pace_is_that_of_the_records_times_the_speed(
    broker: str, history: str, speed: float | None, waits: list[float]
) -> None:
    """On a clock of the test's own: each record is sent when it is due."""
    slept: list[float] = []
    settings = Settings(broker=broker)
    feeder = Feeder(
        settings, new_topic(broker), speed=speed, keep_timestamps=False, clock=lambda: sum(slept), sleep=slept.append
    )
    with feeder:
        assert len(list(feeder.feed(TopicSource(settings, history, RangeRequest()), None))) == 6
    assert slept == pytest.approx(waits)


def test_an_archive_is_fed_under_its_articles_ids(broker: str, tmp_path: Path) -> None:
    """As `detector publish` does; a pace needs times."""
    target = new_topic(broker)
    lines = [{"id": "a", "text": "x", "published_at": "2016-12-15"}, {"text": "no id"}]
    file = tmp_path / "news.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert run_feed(broker, "--archive", file, "--to", target, "--speed", "max").exception is None
    assert [record.key for record in read_topic(broker, target)] == [b"a", None]
    done = run_feed(broker, "--archive", file, "--to", target, "--speed", "100000x")
    assert isinstance(done.exception, UsageError)
    assert "has no time to keep pace with; use --speed max" in str(done.exception)


def test_what_cannot_be_fed_is_refused(broker: str, history: str) -> None:
    """The topic itself, a topic that is not there, a speed that is none."""
    same = run_feed(broker, "--topic", history, "--to", history)
    assert isinstance(same.exception, UsageError)
    assert "is the topic that is read" in str(same.exception)
    absent = run_feed(broker, "--topic", history, "--to", f"none-{uuid.uuid4().hex[:6]}")
    assert isinstance(absent.exception, DetectorError)
    assert "detector topics create" in str(absent.exception)
    for speed in ("fast", "0x", "-1x"):
        done = run_feed(broker, "--topic", history, "--to", "x", "--speed", speed)
        assert "is no speed like" in str(getattr(done.exception, "message", ""))


def test_limit_and_offsets_choose_what_is_fed(broker: str, history: str) -> None:
    """As in a replay."""
    target = new_topic(broker)
    done = run_feed(broker, "--topic", history, "--offsets", "1:1-", "--limit", "1", "--to", target, "--speed", "max")
    assert done.exception is None
    assert [record.key for record in read_topic(broker, target)] == [b"k3"]


def test_a_source_that_was_filled_at_once_needs_no_time(broker: str) -> None:
    """Records of one moment are due together at any speed."""
    source, target = new_topic(broker), new_topic(broker)
    fill(broker, source, [(0, NOON, b"x")] * 50)
    began = time.monotonic()
    assert run_feed(broker, "--topic", source, "--to", target).exception is None
    assert time.monotonic() - began < 30
    assert len(read_topic(broker, target)) == 50
