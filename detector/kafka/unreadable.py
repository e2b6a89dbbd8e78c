"""Finds out which offsets of a partition cannot be read, by asking for them one after the other, and where reading goes on.

kafka-python raises for a batch whose checksum is wrong, or that it cannot decode, and does not say which partition it was.
A batch has one checksum, so a damaged record takes its whole batch with it.
"""

import struct
import time
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import CorruptRecordError

from detector.errors import TransientError

UNDECODABLE: Final = (CorruptRecordError, ValueError, IndexError, EOFError, MemoryError, struct.error, zlib.error)
"""What kafka-python raises for the bytes of a damaged batch (a header name that is no UTF-8 is a `ValueError`)."""

_POLL_MS: Final = 500
_PATIENCE_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """The offsets from `begin` up to, not including, `end` of a partition, whose records cannot be had."""

    partition: int
    begin: int
    end: int
    why: str
    deleted: bool = False
    """Gone from the topic since the range was fixed; otherwise damaged."""


def find_unreadable(
    connect: Callable[[], KafkaConsumer], tp: TopicPartition, position: int, end: int
) -> Unreadable | None:
    """Say what cannot be read from a position on; `None` when the batch there is fine.

    `connect` opens a consumer that fetches one batch at a time. Raises `TransientError` when the broker does not answer.
    """
    with closing(connect()) as consumer:
        consumer.assign([tp])
        why = _trouble(consumer, tp, position)
        if why is None:
            return None
        following = position + 1
        while following < end and _trouble(consumer, tp, following) is not None:
            following += 1
    return Unreadable(partition=tp.partition, begin=position, end=following, why=why)


def _trouble(consumer: KafkaConsumer, tp: TopicPartition, offset: int) -> str | None:
    """Read at an offset; what is wrong with the batch there, `None` when records come or the position moves on."""
    consumer.seek(tp, offset)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            if consumer.poll(timeout_ms=_POLL_MS) or consumer.position(tp) != offset:
                return None
        except UNDECODABLE as error:
            return f"{type(error).__name__}: {error}"
    message = f"The broker gives nothing at offset {offset} of {tp.topic}, partition {tp.partition}; try again."
    raise TransientError(message)
