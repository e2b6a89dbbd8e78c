"""Where a subscriber begins: offsets for a starting point, and the first commits of a group."""

import time
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from typing import Final, Literal

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import CommitFailedError, RebalanceInProgressError, UnknownMemberIdError
from kafka.structs import OffsetAndMetadata

from detector.errors import DetectorError
from detector.kafka.admin import broker_errors
from detector.kafka.clients import kafka_python_options
from detector.kafka.ranges import offsets_at, partitions_of
from detector.kafka.reading import connect
from detector.settings import Settings

_PATIENCE_SECONDS: Final = 30.0


def starting_offsets(
    settings: Settings, topic: str, start: Literal["beginning", "latest"] | datetime
) -> dict[int, int]:
    """Return each partition's offset for a starting point; raises `DetectorError` for an absent broker or topic."""
    with broker_errors(settings), closing(connect(settings)) as consumer:
        partitions = partitions_of(consumer, topic)
        if start == "beginning":
            found = consumer.beginning_offsets(partitions)
        else:
            found = consumer.end_offsets(partitions)
            if start != "latest":
                found |= offsets_at(consumer, partitions, start)
        return {tp.partition: offset for tp, offset in found.items()}


def prepare_group(settings: Settings, topic: str, group: str, positions: Mapping[int, int]) -> dict[int, int]:
    """Commit `positions` for partitions in which a group has committed nothing, and return the partitions it resumes in.

    So a group that began at the end, saw nothing and ended, begins next time where it began and not at a later end.
    Raises `DetectorError` when the group has members that have not committed yet and do not within 30 s.
    """
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        with broker_errors(settings), closing(_member(settings, group)) as consumer:
            partitions = [TopicPartition(topic, number) for number in positions]
            consumer.assign(partitions)
            committed = {tp.partition: offset for tp in partitions if (offset := consumer.committed(tp)) is not None}
            missing = [tp for tp in partitions if tp.partition not in committed]
            if not missing:
                return committed
            try:
                consumer.commit({tp: OffsetAndMetadata(positions[tp.partition], "", -1) for tp in missing})
            except (CommitFailedError, UnknownMemberIdError, RebalanceInProgressError) as error:
                # Members are at work: their own start makes these commits, so look again.
                if time.monotonic() > deadline:
                    message = (
                        f"The group {group} is in use and has not committed for {topic}; name another with --group."
                    )
                    raise DetectorError(message) from error
                time.sleep(0.5)
            else:
                return committed


class GroupPositions:
    """Commits for a group that nobody is a member of; to be closed."""

    def __init__(self, settings: Settings, topic: str, group: str) -> None:
        self._settings = settings
        self._topic = topic
        self._consumer = _member(settings, group)

    def commit(self, partition: int, offset: int) -> None:
        """Have the group begin at an offset; raises `DetectorError` when the broker does not take it."""
        tp = TopicPartition(self._topic, partition)
        with broker_errors(self._settings):
            self._consumer.assign([tp])
            self._consumer.commit({tp: OffsetAndMetadata(offset, "", -1)})

    def close(self) -> None:
        """Close the connection."""
        self._consumer.close(autocommit=False)


def _member(settings: Settings, group: str) -> KafkaConsumer:
    return KafkaConsumer(
        **kafka_python_options(settings),
        group_id=group,
        enable_auto_commit=False,
        allow_auto_create_topics=False,
        metrics_enabled=False,
    )
