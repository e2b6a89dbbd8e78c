"""Makes and fills topics on a real broker, and finds record batches in a broker's files so that a test can damage them."""

import struct
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.record.util import calc_crc32c

from detector.kafka.ranges import milliseconds

NOON: Final = datetime(2016, 12, 15, 12, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)


def new_topic(broker: str, *, partitions: int = 1, **configs: str) -> str:
    """Make a topic whose records keep their producer's time, however old; configs with _ for the dots."""
    name = f"range-{uuid.uuid4().hex[:8]}"
    admin = KafkaAdminClient(bootstrap_servers=broker)
    named = {"retention.ms": "-1"} | {key.replace("_", "."): value for key, value in configs.items()}
    admin.create_topics([NewTopic(name, num_partitions=partitions, replication_factor=1, topic_configs=named)])
    admin.close()
    return name


def fill(broker: str, topic: str, records: Sequence[tuple[int, datetime, bytes]], **options: Any) -> None:
    """Put (partition, time, value) on a topic."""
    producer = KafkaProducer(bootstrap_servers=broker, **options)
    for partition, moment, value in records:
        producer.send(topic, value, partition=partition, timestamp_ms=milliseconds(moment))
    producer.flush()
    producer.close()


def batches(content: bytes | bytearray) -> Iterator[tuple[int, int, int]]:
    """Give (base offset, position in the file, length) of each record batch of a log segment."""
    place = 0
    while place < len(content):
        base, length = struct.unpack_from(">qi", content, place)
        yield base, place, length + 12
        place += length + 12


def segment(folder: Path, topic: str, partition: int) -> Path:
    """Give the only segment of a partition."""
    (found,) = folder.rglob(f"{topic}-{partition}/*.log")
    return found


def damage(file: Path, number: int) -> tuple[int, int | None]:
    """Change a byte in a log segment's batch of that number; its base offset, and that of the batch after it."""
    content = bytearray(file.read_bytes())
    found = list(batches(content))
    base, place, length = found[number]
    content[place + length - 3] ^= 0xFF
    file.write_bytes(content)
    following = found[number + 1 :]
    return base, following[0][0] if following else None


def rewrite(file: Path, number: int, old: bytes, new: bytes) -> None:
    """Replace bytes in a log segment's batch of that number by as many others, under a right checksum."""
    assert len(old) == len(new)
    content = bytearray(file.read_bytes())
    _, place, length = list(batches(content))[number]
    batch = content[place : place + length]
    assert old in batch
    batch = batch.replace(old, new)
    crc = 17
    struct.pack_into(">I", batch, crc, calc_crc32c(bytes(batch[crc + 4 :])))
    content[place : place + length] = batch
    file.write_bytes(content)
