"""Reads fixed ranges of a topic to their end, merged by timestamp, around whatever cannot be read."""

import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from heapq import heappop, heappush
from typing import Final, Self

from kafka import KafkaConsumer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import OffsetOutOfRangeError, RetriableError, UnsupportedCodecError

from detector.errors import BrokerUnavailableError, DetectorError
from detector.kafka.admin import broker_errors
from detector.kafka.ranges import PartitionRange, RangeRequest, resolve_ranges
from detector.kafka.reading import connect
from detector.kafka.unreadable import UNDECODABLE, Unreadable, find_unreadable
from detector.settings import Settings

_POLL_MS: Final = 500
_PARTITION_BYTES: Final = 1 << 20
_FETCH_BYTES: Final = 16 << 20
_POLL_RECORDS: Final = sys.maxsize
"""Everything that was fetched: kafka-python 3.0 never gives the rest of a fetch whose partition was paused in between."""

_BUFFERED_RECORDS: Final = 1000
"""A partition that is this far ahead of the others is not polled until they catch up, so that memory stays flat."""

_RETRY_SECONDS: Final = 0.5
_UNEXPLAINED_ERRORS: Final = 3
"""Damage in a row that a second read does not find again (it came over the network) before reading fails."""


class RangeReader:
    """Yields the records of some partitions' ranges, those of one partition by offset, all of them merged by timestamp.

    The order depends on the records alone, not on what comes first over the network. Belongs to no group and commits
    nothing. A change of leader, a broker away for less than `patience_seconds`, gaps and transaction markers are passed over;
    records that are damaged, or deleted meanwhile, are told to `unreadable` when reading comes to them.

    Args:
        settings: broker and security.
        topic: what to read.
        ranges: as `resolve_ranges` gives them.
        unreadable: is told what cannot be read; the rest still is.
        patience_seconds: how long nothing may come before reading fails with `BrokerUnavailableError`.
    """

    def __init__(
        self,
        settings: Settings,
        topic: str,
        ranges: Sequence[PartitionRange],
        *,
        unreadable: Callable[[Unreadable], None],
        patience_seconds: float = 60.0,
    ) -> None:
        self._settings = settings
        self._topic = topic
        self._unreadable = unreadable
        self._patience = patience_seconds
        self._ends = {TopicPartition(topic, one.partition): one.end for one in ranges if one.size}
        self._positions = {TopicPartition(topic, one.partition): one.begin for one in ranges if one.size}
        self._buffers: dict[TopicPartition, deque[ConsumerRecord]] = {tp: deque() for tp in self._ends}
        self._consumer = self._open()
        self._progressed = time.monotonic()
        self._unexplained = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._consumer.close(autocommit=False)

    def __iter__(self) -> Iterator[ConsumerRecord]:
        heads: list[tuple[int, int]] = []
        empty = set(self._ends)
        while True:
            while waiting := {tp for tp in empty if not self._buffers[tp] and not self._is_done(tp)}:
                self._fill(waiting)
            for tp in empty:
                if self._buffers[tp]:
                    heappush(heads, (self._buffers[tp][0].timestamp, tp.partition))
            if not heads:
                return
            _, partition = heappop(heads)
            tp = TopicPartition(self._topic, partition)
            buffer = self._buffers[tp]
            yield buffer.popleft()
            empty = set()
            if buffer:
                heappush(heads, (buffer[0].timestamp, partition))
            else:
                empty.add(tp)

    def _is_done(self, tp: TopicPartition) -> bool:
        return self._positions[tp] >= self._ends[tp]

    def _open(self) -> KafkaConsumer:
        consumer = connect(self._settings, max_partition_fetch_bytes=_PARTITION_BYTES, max_poll_records=_POLL_RECORDS)
        consumer.assign([tp for tp in self._ends if not self._is_done(tp)])
        for tp, position in self._positions.items():
            if not self._is_done(tp):
                consumer.seek(tp, position)
        return consumer

    def _fill(self, waiting: set[TopicPartition]) -> None:
        """Poll once for the partitions that keep the others waiting, and for those that are not far ahead."""
        try:
            open_ones = [tp for tp in self._ends if tp in self._consumer.assignment()]
            full = [tp for tp in open_ones if len(self._buffers[tp]) >= _BUFFERED_RECORDS or self._is_done(tp)]
            self._consumer.pause(*full)
            self._consumer.resume(*(tp for tp in open_ones if tp not in full))
            batches = self._consumer.poll(timeout_ms=_POLL_MS)
            for tp, records in batches.items():
                end = self._ends[tp]
                self._buffers[tp].extend(record for record in records if record.offset < end)
            moved = self._note_positions(open_ones)
        except OffsetOutOfRangeError as error:
            for tp in error.args[0]:
                self._pass_deleted(tp)
            moved = True
        except UNDECODABLE as error:
            self._pass_damaged(error)
            moved = True
        except UnsupportedCodecError as error:
            message = f'{self._topic} cannot be read: {error}. Try `pip install "kafka-python[lz4,snappy,zstd]"`.'
            raise DetectorError(message) from error
        except RetriableError:
            time.sleep(_RETRY_SECONDS)
            moved = False
        if moved:
            self._progressed = time.monotonic()
        elif time.monotonic() - self._progressed > self._patience:
            numbers = ", ".join(str(tp.partition) for tp in sorted(waiting))
            message = (
                f"Nothing has come from {self._topic}, partition {numbers}, for {self._patience:g} s: "
                f"is the broker at {self._settings.broker} up, and the topic still there?"
            )
            raise BrokerUnavailableError(message)

    def _note_positions(self, partitions: Sequence[TopicPartition]) -> bool:
        moved = False
        for tp in partitions:
            position = self._consumer.position(tp)
            if position is not None and position > self._positions[tp]:
                self._positions[tp] = position
                moved = True
        return moved

    def _pass_deleted(self, tp: TopicPartition) -> None:
        position, end = self._positions[tp], self._ends[tp]
        beginning = self._consumer.beginning_offsets([tp])[tp]
        if beginning > position:
            following, why = min(beginning, end), "the broker deleted them while the range was read"
        else:
            following, why = end, "the partition lost its end while the range was read"
        self._unreadable(Unreadable(partition=tp.partition, begin=position, end=following, why=why, deleted=True))
        self._positions[tp] = following
        self._consumer.seek(tp, following)

    def _pass_damaged(self, error: Exception) -> None:
        """Find the damaged batch among the open partitions, tell of it, and go on behind it with a fresh consumer.

        The consumer that raised keeps the bad batch and would never get past it.
        """
        self._consumer.close(autocommit=False)
        one_batch = partial(connect, self._settings, max_partition_fetch_bytes=1)
        found = None
        for tp in self._ends:
            if not self._is_done(tp) and (found := find_unreadable(one_batch, tp, self._positions[tp], self._ends[tp])):
                self._unreadable(found)
                self._positions[tp] = found.end
        self._unexplained = 0 if found else self._unexplained + 1
        if self._unexplained > _UNEXPLAINED_ERRORS:
            message = f"{self._topic} cannot be read: {type(error).__name__}: {error}"
            raise DetectorError(message) from error
        self._consumer = self._open()


@contextmanager
def open_range(
    settings: Settings, topic: str, request: RangeRequest, *, unreadable: Callable[[Unreadable], None]
) -> Iterator[RangeReader]:
    """Open a reader of what a request means now, for the time of the context; raises `DetectorError` like `resolve_ranges`."""
    with broker_errors(settings):
        with closing(connect(settings)) as consumer:
            ranges = resolve_ranges(consumer, topic, request)
        with RangeReader(settings, topic, ranges, unreadable=unreadable) as reader:
            yield reader
