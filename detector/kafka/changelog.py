"""Reads the changelogs that keep the workers' state: the latest value of each key, partition by partition."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from detector.errors import BrokerUnavailableError, PermanentError
from detector.kafka.range_reading import RangeReader
from detector.kafka.ranges import PartitionRange
from detector.kafka.reading import connect
from detector.kafka.unreadable import Unreadable
from detector.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a partition of a changelog holds."""

    values: dict[str, bytes] = field(default_factory=dict)
    """The latest value of each key, in the order in which they were written; deleted keys are absent."""
    end: int
    """The offset behind the last record that was read."""
    records: int = 0


class ChangelogError(PermanentError):
    """A record of a changelog cannot be read, so the state that it kept is not whole."""


class Changelog:
    """One changelog topic, read without a consumer group; each call opens a client of its own and blocks until it is done.

    Every call raises `BrokerUnavailableError` when the broker does not answer; trying again may help then.
    """

    def __init__(self, settings: Settings, topic: str) -> None:
        self._settings = settings
        self.topic = topic

    def ends(self, partitions: Collection[int]) -> dict[int, int]:
        """Return where each partition ends now."""
        with _away(self.topic), closing(connect(self._settings)) as consumer:
            return self._bounds(consumer, partitions)[1]

    def read(self, partitions: Collection[int]) -> dict[int, Kept]:
        """Return what each partition holds now."""
        with _away(self.topic):
            with closing(connect(self._settings)) as consumer:
                beginnings, ends = self._bounds(consumer, partitions)
            ranges = [PartitionRange(partition=n, begin=beginnings[n], end=ends[n]) for n in sorted(partitions)]
            values: dict[int, dict[str, bytes]] = {number: {} for number in partitions}
            records = dict.fromkeys(partitions, 0)
            with RangeReader(self._settings, self.topic, ranges, unreadable=self._refuse) as reader:
                for record in reader:
                    kept, key = values[record.partition], (record.key or b"").decode("utf-8")
                    kept.pop(key, None)
                    if record.value is not None:
                        kept[key] = record.value
                    records[record.partition] += 1
        return {number: Kept(values=values[number], end=ends[number], records=records[number]) for number in partitions}

    def _bounds(self, consumer: KafkaConsumer, partitions: Collection[int]) -> tuple[dict[int, int], dict[int, int]]:
        asked = [TopicPartition(self.topic, number) for number in partitions]
        beginnings: Mapping[TopicPartition, int] = consumer.beginning_offsets(asked)
        ends: Mapping[TopicPartition, int] = consumer.end_offsets(asked)
        return {tp.partition: beginnings[tp] for tp in asked}, {tp.partition: ends[tp] for tp in asked}

    def _refuse(self, found: Unreadable) -> None:
        if found.deleted:  # compaction went on while it was read: what it removed stands again further on
            return
        message = f"{self.topic}, partition {found.partition}, offset {found.begin}: {found.why}"
        raise ChangelogError(message)


@contextmanager
def _away(topic: str) -> Iterator[None]:
    try:
        yield
    except KafkaError as error:
        message = f"The state in {topic} cannot be read now: {error!r}"
        raise BrokerUnavailableError(message) from error
