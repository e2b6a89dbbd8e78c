"""Fixed ranges on a real broker: edges to the millisecond, gaps, markers, deletions and damage, in one deterministic order."""

import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import Producer
from kafka import KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient

from detector.broker.embedded import EmbeddedBroker, usable_port
from detector.errors import BrokerUnavailableError, DetectorError, UsageError
from detector.kafka.range_reading import RangeReader
from detector.kafka.ranges import PartitionRange, RangeRequest, milliseconds, oldest_record, resolve_ranges
from detector.kafka.reading import connect
from detector.kafka.unreadable import Unreadable
from detector.settings import EmbeddedBrokerSettings, Settings
from tests.support.topics import MILLISECOND, NOON, damage, fill, new_topic, rewrite, segment


def ranges_of(broker: str, topic: str, request: RangeRequest) -> list[PartitionRange]:
    """Resolve a request with a consumer of its own."""
    consumer = connect(Settings(broker=broker))
    try:
        return resolve_ranges(consumer, topic, request)
    finally:
        consumer.close(autocommit=False)


def read(
    broker: str, topic: str, request: RangeRequest, *, unreadable: list[Unreadable] | None = None
) -> list[bytes | None]:
    """Read the values of a range."""
    ranges = ranges_of(broker, topic, request)
    told = [] if unreadable is None else unreadable
    with RangeReader(Settings(broker=broker), topic, ranges, unreadable=told.append) as reader:
        return [record.value for record in reader]


@pytest.fixture(scope="module")
def clock_topic(broker: str) -> str:
    """Two partitions, a record every millisecond of ten, the odd ones in partition 1; a third partition is empty."""
    topic = new_topic(broker, partitions=3)
    fill(broker, topic, [(n % 2, NOON + n * MILLISECOND, b"%d" % n) for n in range(10)])
    return topic


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (None, None, range(10)),
        (NOON + 3 * MILLISECOND, None, range(3, 10)),
        (None, NOON + 3 * MILLISECOND, range(3)),
        (NOON + 3 * MILLISECOND, NOON + 4 * MILLISECOND, range(3, 4)),
        (NOON + 2.5 * MILLISECOND, NOON + 4.001 * MILLISECOND, range(3, 5)),
        (NOON - timedelta(days=20000), NOON + timedelta(days=20000), range(10)),
        (NOON + 10 * MILLISECOND, None, range(0)),
        (None, NOON, range(0)),
    ],
)
def test_edges_are_exact_to_the_millisecond(
    broker: str, clock_topic: str, start: datetime | None, end: datetime | None, expected: range
) -> None:
    """The first is included, the last is not; partitions are merged by time."""
    found = read(broker, clock_topic, RangeRequest(start=start, end=end))
    assert found == [b"%d" % n for n in expected]


def test_a_time_is_the_same_millisecond_on_both_sides() -> None:
    """No floating point between a time and Kafka's timestamp."""
    for number in range(2000):
        assert milliseconds(NOON + number * MILLISECOND) == 1481803200000 + number
    assert milliseconds(NOON + timedelta(microseconds=1)) == 1481803200001


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (RangeRequest(partitions={1}), [1, 3, 5, 7, 9]),
        (RangeRequest(offsets={0: (1, 3)}), [2, 4]),
        (RangeRequest(offsets={0: (1, 3), 1: (None, 1)}), [1, 2, 4]),
        (RangeRequest(offsets={None: (4, None)}), [8, 9]),
        (RangeRequest(offsets={None: (0, 1), 1: (4, 99)}), [0, 9]),
        (RangeRequest(offsets={None: (7, 9)}), []),
    ],
)
def test_offsets_and_partitions_can_be_named(
    broker: str, clock_topic: str, request_: RangeRequest, expected: list[int]
) -> None:
    """Offsets of one partition, of several, or of all that are not named."""
    assert read(broker, clock_topic, request_) == [b"%d" % n for n in expected]


def test_what_is_not_there_is_named(broker: str, clock_topic: str) -> None:
    """An unknown topic (which is not made by asking), an unknown partition, and an end that is not reached yet."""
    with pytest.raises(DetectorError, match="has no topic nowhere"):
        ranges_of(broker, "nowhere", RangeRequest())
    admin = KafkaAdminClient(bootstrap_servers=broker)
    assert "nowhere" not in admin.list_topics()
    admin.close()
    with pytest.raises(UsageError, match="has partitions 0 to 2, not 7"):
        ranges_of(broker, clock_topic, RangeRequest(partitions={0, 7}))
    *_, empty = ranges_of(broker, clock_topic, RangeRequest(offsets={None: (0, 3)}))
    assert (empty.size, empty.note) == (0, "ends at offset 0: the partition has no more")
    consumer = connect(Settings(broker=broker))
    assert oldest_record(consumer, clock_topic) == NOON
    assert oldest_record(consumer, new_topic(broker)) is None
    consumer.close(autocommit=False)


def test_deleted_records_are_said_not_hidden(broker: str) -> None:
    """A range that begins before what the topic still holds begins later and says so."""
    topic = new_topic(broker)
    fill(broker, topic, [(0, NOON + n * MILLISECOND, b"%d" % n) for n in range(10)])
    KafkaAdminClient(bootstrap_servers=broker).delete_records({TopicPartition(topic, 0): 6})
    (whole,) = ranges_of(broker, topic, RangeRequest())
    (by_time,) = ranges_of(broker, topic, RangeRequest(start=NOON + 2 * MILLISECOND))
    (by_offset,) = ranges_of(broker, topic, RangeRequest(offsets={0: (2, 9)}))
    assert [(one.begin, one.end) for one in (whole, by_time, by_offset)] == [(6, 10), (6, 10), (6, 9)]
    assert all("later than asked" in (one.note or "") for one in (whole, by_time, by_offset))
    (inside,) = ranges_of(broker, topic, RangeRequest(start=NOON + 7 * MILLISECOND))
    assert (inside.begin, inside.note) == (7, None)
    (gone,) = ranges_of(broker, topic, RangeRequest(offsets={0: (2, 4)}))
    assert gone.size == 0


def test_records_deleted_while_reading_are_told_and_the_rest_is_read(broker: str) -> None:
    """The range was fixed before; what is gone is named by its offsets."""
    topic = new_topic(broker)
    fill(broker, topic, [(0, NOON + n * MILLISECOND, b"%d" % n) for n in range(10)])
    ranges = ranges_of(broker, topic, RangeRequest(offsets={0: (2, 9)}))
    KafkaAdminClient(bootstrap_servers=broker).delete_records({TopicPartition(topic, 0): 6})
    told: list[Unreadable] = []
    with RangeReader(Settings(broker=broker), topic, ranges, unreadable=told.append) as reader:
        assert [record.value for record in reader] == [b"6", b"7", b"8"]
    assert [(one.partition, one.begin, one.end, one.deleted) for one in told] == [(0, 2, 6, True)]


def test_markers_and_aborted_transactions_are_passed(broker: str) -> None:
    """Offsets of markers hold no record, at the end neither; aborted records are read, as a worker reads them."""
    topic = new_topic(broker)
    producer = Producer({"bootstrap.servers": broker, "transactional.id": topic})
    producer.init_transactions(30)
    for number in range(4):
        producer.begin_transaction()
        producer.produce(topic, str(number))
        producer.flush()  # an abort drops what was not sent yet
        (producer.abort_transaction if number % 2 else producer.commit_transaction)(30)
    assert read(broker, topic, RangeRequest()) == [b"0", b"1", b"2", b"3"]
    (found,) = ranges_of(broker, topic, RangeRequest())
    assert found.size == 8


def test_the_order_is_that_of_the_timestamps_over_partitions_that_differ_in_size(broker: str) -> None:
    """One partition is far ahead of the others; the merge waits for each, whatever comes first."""
    topic = new_topic(broker, partitions=3)
    early = [(0, NOON + n * MILLISECOND, b"%06d" % n) for n in range(6000)]
    late = [(1, NOON + n * MILLISECOND, b"%06d" % n) for n in range(5000, 7000)]
    fill(broker, topic, [*early, *late, (2, NOON - MILLISECOND, b"first")], linger_ms=20)
    found = read(broker, topic, RangeRequest())
    assert found[0] == b"first"
    assert found[1:] == sorted([value for _, _, value in [*early, *late]])


def test_compacted_offsets_are_passed(own_broker: tuple[str, Path]) -> None:
    """A topic that keeps the last record of each key has gaps; they are no loss and no error."""
    broker, _ = own_broker
    topic = new_topic(broker, cleanup_policy="compact", segment_bytes="1048576", min_cleanable_dirty_ratio="0.001")
    producer = KafkaProducer(bootstrap_servers=broker, linger_ms=0)
    for number in range(40):
        producer.send(topic, b"%02d" % number + b"x" * 100_000, key=b"%d" % (number % 4))
    producer.close()
    deadline = time.monotonic() + 30
    while len(found := read(broker, topic, RangeRequest())) == 40:
        assert time.monotonic() < deadline, "the broker did not compact the topic"
        time.sleep(0.2)
    kept = [int((value or b"")[:2]) for value in found]
    assert kept == sorted(kept)
    assert kept[-4:] == [36, 37, 38, 39]


def test_a_damaged_batch_is_told_and_the_rest_is_read(own_broker: tuple[str, Path]) -> None:
    """Exactly the offsets of the batch are missing, in the one partition, though others are read beside it."""
    broker, folder = own_broker
    topic = new_topic(broker, partitions=2)
    for first in range(0, 30, 5):
        fill(
            broker,
            topic,
            [(n % 2, NOON + n * MILLISECOND, b"record %02d" % n) for n in range(first, first + 5)],
            linger_ms=50,
        )
    base, following = damage(segment(folder, topic, 1), 2)
    assert following
    told: list[Unreadable] = []
    found = read(broker, topic, RangeRequest(), unreadable=told)
    assert [(one.partition, one.begin, one.end, one.deleted) for one in told] == [(1, base, following, False)]
    assert "crc" in told[0].why
    missing = {b"record %02d" % (2 * offset + 1) for offset in range(base, following)}
    assert found == [b"record %02d" % n for n in range(30) if b"record %02d" % n not in missing]


def test_a_header_name_that_is_no_utf_8_takes_the_rest_of_its_batch(own_broker: tuple[str, Path]) -> None:
    """The checksum is right, but kafka-python cannot decode the batch from there on; what follows is read."""
    broker, folder = own_broker
    topic = new_topic(broker)
    # Nothing but flush() ends a batch: three records each, however slow the machine.
    producer = Producer({"bootstrap.servers": broker, "linger.ms": 10_000})
    for first in range(0, 9, 3):
        for number in range(first, first + 3):
            producer.produce(topic, str(number), headers=[("trace", b"x")] if number == 4 else None)
        producer.flush()
    rewrite(segment(folder, topic, 0), 1, b"trace", b"tr\xff\xffe")
    told: list[Unreadable] = []
    assert read(broker, topic, RangeRequest(), unreadable=told) == [b"0", b"1", b"2", b"3", b"6", b"7", b"8"]
    assert [(one.begin, one.end) for one in told] == [(4, 6)]
    assert "UnicodeDecodeError" in told[0].why


def test_damage_at_the_end_of_a_range(own_broker: tuple[str, Path]) -> None:
    """Nothing comes after it, and reading ends."""
    broker, folder = own_broker
    topic = new_topic(broker)
    for number in range(3):
        fill(broker, topic, [(0, NOON + number * MILLISECOND, b"%d" % number)])
    assert damage(segment(folder, topic, 0), 2) == (2, None)
    told: list[Unreadable] = []
    assert read(broker, topic, RangeRequest(), unreadable=told) == [b"0", b"1"]
    assert [(one.begin, one.end) for one in told] == [(2, 3)]


def test_a_broker_that_comes_back_is_read_on_and_one_that_does_not_is_named(tmp_path: Path) -> None:
    """A restart is waited for; nothing is waited for endlessly."""
    embedded = EmbeddedBroker(EmbeddedBrokerSettings(port=usable_port(0), data_dir=tmp_path))
    embedded.start()
    try:
        topic = new_topic(embedded.address)
        fill(embedded.address, topic, [(0, NOON, b"x" * 1000)] * 3000)
        ranges = ranges_of(embedded.address, topic, RangeRequest())
        settings = Settings(broker=embedded.address)
        with RangeReader(settings, topic, ranges, unreadable=print) as reader:
            records = iter(reader)
            next(records)
            embedded.stop()
            embedded.start()
            assert sum(1 for _ in records) == 2999
        with RangeReader(settings, topic, ranges, unreadable=print, patience_seconds=2) as reader:
            records = iter(reader)
            next(records)
            embedded.stop()
            with pytest.raises(BrokerUnavailableError, match=f"Nothing has come from {topic}, partition 0, for 2 s"):
                list(records)
    finally:
        embedded.stop()
