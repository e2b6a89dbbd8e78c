"""Which offsets of each partition a question about times means, fixed once so that a range does not grow while it is read."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias

from kafka import KafkaConsumer, TopicPartition

from detector.errors import TopicMissingError, UsageError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)

Offsets: TypeAlias = tuple[int | None, int | None]
"""The first offset, and the first one no longer meant; `None` is where the partition begins or ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeRequest:
    """What is asked for: records whose timestamp is at least `start` and before `end`, or that lie at the offsets."""

    start: datetime | None = None
    end: datetime | None = None
    offsets: Mapping[int | None, Offsets] | None = None
    """By partition; `None` stands for every partition that is not named."""
    partitions: Collection[int] | None = None
    """All of the topic's when `None`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartitionRange:
    """The offsets from `begin` up to, not including, `end`; empty when they are equal."""

    partition: int
    begin: int
    end: int
    asked: Offsets = (None, None)
    """The offsets that were asked for, where they were."""
    note: str | None = None
    """What of the range asked is not there any more."""

    @property
    def size(self) -> int:
        """Return the number of offsets, some of which may hold no record."""
        return self.end - self.begin


def milliseconds(moment: datetime) -> int:
    """Return the first Kafka timestamp that is not before a time."""
    return -((_EPOCH - moment) // _MILLISECOND)


def partitions_of(consumer: KafkaConsumer, topic: str) -> list[TopicPartition]:
    """Return a topic's partitions in order; raises `TopicMissingError` when the broker does not have it."""
    numbers = consumer.partitions_for_topic(topic)
    if not numbers:
        message = (
            f"The broker has no topic {topic}, or does not show it to this user. "
            "Run `detector topics create`, or check the name and the rights."
        )
        raise TopicMissingError(message)
    return [TopicPartition(topic, number) for number in sorted(numbers)]


def resolve_ranges(consumer: KafkaConsumer, topic: str, asked: RangeRequest) -> list[PartitionRange]:
    """Return the range of each partition, by number; ends are those that the partitions have now.

    Raises `DetectorError` for an absent topic, `UsageError` for a partition that it does not have.
    """
    partitions = _chosen(partitions_of(consumer, topic), asked)
    ends: dict[TopicPartition, int] = consumer.end_offsets(partitions)
    beginnings: dict[TopicPartition, int] = consumer.beginning_offsets(partitions)
    if asked.offsets is not None:
        return [_by_offsets(tp.partition, asked.offsets, beginnings[tp], ends[tp]) for tp in partitions]
    first = offsets_at(consumer, partitions, asked.start) if asked.start else beginnings
    last = offsets_at(consumer, partitions, asked.end) if asked.end else {}
    ranges = []
    for tp in partitions:
        end = min(last.get(tp, ends[tp]), ends[tp])
        begin = min(first.get(tp, ends[tp]), end)
        note = None
        if beginnings[tp] and begin <= beginnings[tp]:
            note = f"begins at offset {begin}, later than asked: the records before offset {beginnings[tp]} have been deleted"
        ranges.append(PartitionRange(partition=tp.partition, begin=begin, end=end, note=note))
    return ranges


def offsets_at(
    consumer: KafkaConsumer, partitions: Sequence[TopicPartition], moment: datetime
) -> dict[TopicPartition, int]:
    """Return the offset of each partition's first record that is not older; a partition without one is left out."""
    wanted = dict.fromkeys(partitions, max(0, milliseconds(moment)))
    found: dict[TopicPartition, Any] = consumer.offsets_for_times(wanted)
    return {tp: found[tp].offset for tp in partitions if found.get(tp)}


def oldest_record(consumer: KafkaConsumer, topic: str) -> datetime | None:
    """Return the timestamp of a topic's oldest record; `None` when it holds no record with one."""
    partitions = partitions_of(consumer, topic)
    found: dict[TopicPartition, Any] = consumer.offsets_for_times(dict.fromkeys(partitions, 0))
    times = [found[tp].timestamp for tp in partitions if found.get(tp)]
    return _EPOCH + min(times) * _MILLISECOND if times else None


def _chosen(present: Sequence[TopicPartition], asked: RangeRequest) -> list[TopicPartition]:
    named = set(asked.partitions or ()) | {number for number in asked.offsets or () if number is not None}
    unknown = named - {tp.partition for tp in present}
    if unknown:
        has = f"partitions 0 to {present[-1].partition}" if len(present) > 1 else "partition 0 only"
        numbers = ", ".join(map(str, sorted(unknown)))
        message = f"{present[0].topic} has {has}, not {numbers}; see `detector topics describe`"
        raise UsageError(message)
    if asked.partitions is not None:
        return [tp for tp in present if tp.partition in asked.partitions]
    if asked.offsets is not None and None not in asked.offsets:
        return [tp for tp in present if tp.partition in asked.offsets]
    return list(present)


def _by_offsets(number: int, asked: Mapping[int | None, Offsets], beginning: int, end: int) -> PartitionRange:
    first, last = asked.get(number) or asked.get(None) or (None, None)
    begin = max(beginning, 0 if first is None else first)
    until = end if last is None else min(last, end)
    notes = []
    if beginning and (first or 0) < beginning:
        notes.append(f"begins at offset {beginning}, later than asked: the records before it have been deleted")
    if last is not None and last > end:
        notes.append(f"ends at offset {end}: the partition has no more")
    return PartitionRange(
        partition=number,
        begin=min(begin, until) if until >= beginning else until,
        end=until,
        asked=(first, last),
        note="; ".join(notes) or None,
    )
