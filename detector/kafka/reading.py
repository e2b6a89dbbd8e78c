"""Follows a topic with kafka-python, without a consumer group: commits nothing and disturbs no worker."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any, Final, Literal

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord

from detector.kafka.admin import broker_errors
from detector.kafka.clients import kafka_python_options
from detector.kafka.ranges import offsets_at, partitions_of
from detector.settings import Settings

_POLL_MS: Final = 500


class TopicReader:
    """Follows every partition of one topic from a starting point; `range_reading` reads what is there and ends.

    Args:
        consumer: an open consumer; owned by the caller.
        topic: what to read.
        start: `beginning`, `latest`, or a time: then each partition starts at its first record not older than that.
    """

    def __init__(self, consumer: KafkaConsumer, topic: str, start: Literal["beginning", "latest"] | datetime) -> None:
        self._consumer = consumer
        self._partitions = partitions_of(consumer, topic)
        consumer.assign(self._partitions)
        for tp, offset in self._starts(start).items():
            consumer.seek(tp, offset)

    def poll(self) -> list[ConsumerRecord]:
        """Give what has come, oldest first within each partition; blocks up to half a second when nothing has."""
        batches = self._consumer.poll(timeout_ms=_POLL_MS)
        return sorted((record for records in batches.values() for record in records), key=lambda r: r.timestamp)

    def _starts(self, start: Literal["beginning", "latest"] | datetime) -> dict[TopicPartition, int]:
        ends: dict[TopicPartition, int] = self._consumer.end_offsets(self._partitions)
        if start == "latest":
            return ends
        if start == "beginning":
            beginnings: dict[TopicPartition, int] = self._consumer.beginning_offsets(self._partitions)
            return beginnings
        return ends | offsets_at(self._consumer, self._partitions, start)


def connect(settings: Settings, **options: Any) -> KafkaConsumer:  # noqa: ANN401 kafka-python's own options
    """Open a consumer that belongs to no group, commits nothing and makes no topic; owned by the caller.

    It reads what a worker reads, records of aborted transactions too. An offset that is not there any more is an error
    unless `auto_offset_reset` is among the options.
    """
    fixed = {"enable_auto_commit": False, "allow_auto_create_topics": False, "metrics_enabled": False}
    return KafkaConsumer(**kafka_python_options(settings), **fixed, **({"auto_offset_reset": "none"} | options))


@contextmanager
def open_topic(
    settings: Settings, topic: str, start: Literal["beginning", "latest"] | datetime
) -> Iterator[TopicReader]:
    """Open a reader for the time of the context; raises `DetectorError` for a missing broker or topic."""
    with broker_errors(settings):
        consumer = connect(settings, auto_offset_reset="latest", max_partition_fetch_bytes=8 << 20)
        with closing(consumer):
            yield TopicReader(consumer, topic, start)
