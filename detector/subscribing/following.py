"""Follows one topic for as long as it is asked to, through broker restarts; in a group it resumes where it left off."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from detector.errors import BrokerUnavailableError, DetectorError
from detector.kafka.clients import aiokafka_options
from detector.settings import Settings

_WAIT_MS: Final = 500
_COMMIT_SECONDS: Final = 1.0
_TRY_AGAIN_SECONDS: Final = 1.0
_CLOSING_SECONDS: Final = 5.0


class Follower:
    """Yields the records of a topic in the order of each partition, without end. Made by `following`, for one task.

    A broker that is away is waited for. In a group a record counts as finished once the next one is asked for, and is
    committed at the latest a second later, before waiting for more, when partitions move, and at the end. What was not
    committed is read again: at least once.
    """

    def __init__(self, consumer: AIOKafkaConsumer, *, commits: bool, clock: Callable[[], float]) -> None:
        self._consumer = consumer
        self._commits = commits
        self._clock = clock
        self._committed_at = clock()
        self._in_hand: ConsumerRecord | None = None
        self._finished: dict[TopicPartition, int] = {}

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ConsumerRecord:
        done, self._in_hand = self._in_hand, None
        if done is not None:
            self._finished[TopicPartition(done.topic, done.partition)] = done.offset + 1
            if self._clock() - self._committed_at > _COMMIT_SECONDS:
                await self.commit()
        while True:
            record = await self._next(0)
            if record is None:
                await self.commit()
                record = await self._next(_WAIT_MS)
            if record is not None:
                self._in_hand = record
                return record

    async def commit(self) -> None:
        """Commit what is finished; when the broker refuses or the partitions have moved, it will be read again."""
        self._committed_at = self._clock()
        mine = self._consumer.assignment() if self._commits else set()
        finished = {tp: offset for tp, offset in self._finished.items() if tp in mine}
        self._finished.clear()
        if not finished:
            return
        try:
            await self._consumer.commit(finished)
        except (CommitFailedError, IllegalStateError):
            return  # another member has the partitions now, and reads again what was not committed
        except KafkaError as error:
            if not error.retriable:
                raise _refused(error) from error
            self._finished = finished | self._finished

    async def _next(self, wait_ms: int) -> ConsumerRecord | None:
        try:
            found = await self._consumer.getmany(timeout_ms=wait_ms, max_records=1)
        except KafkaError as error:
            if not error.retriable:
                raise _refused(error) from error
            await asyncio.sleep(_TRY_AGAIN_SECONDS)
            return None
        return next((record for records in found.values() for record in records), None)


class _CommitBeforeMoving(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is not typed
    """Commits what is finished while the partitions are still this member's."""

    def __init__(self) -> None:
        self.follower: Follower | None = None

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        if revoked and self.follower:
            await self.follower.commit()

    async def on_partitions_assigned(self, assigned: Collection[TopicPartition]) -> None:
        """Nothing to do: positions are those committed."""


@asynccontextmanager
async def following(
    settings: Settings,
    topic: str,
    *,
    group: str | None = None,
    positions: Mapping[int, int] | None = None,
    hold_seconds: float = 300.0,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Follower]:
    """Open a follower for the time of the context.

    In a `group` partitions begin at its commits (`positions.prepare_group` sees to it that there are some); without one at
    `positions`, offsets by partition. `hold_seconds` is how long the work on one record may take before the group
    gives its partition to another member. Raises `BrokerUnavailableError` when no broker answers.
    """
    consumer = AIOKafkaConsumer(
        **aiokafka_options(settings),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=8 << 20,
        max_poll_interval_ms=round(hold_seconds * 1000),
        **({} if group is None else {"session_timeout_ms": 10_000, "heartbeat_interval_ms": 3_000}),
    )
    follower = Follower(consumer, commits=group is not None, clock=clock)
    listener = _CommitBeforeMoving()
    listener.follower = follower
    try:
        try:
            if group is not None:
                consumer.subscribe([topic], listener=listener)
            await consumer.start()
            if group is None:
                places = {TopicPartition(topic, number): offset for number, offset in (positions or {}).items()}
                consumer.assign(list(places))
                for tp, offset in places.items():
                    consumer.seek(tp, offset)
        except KafkaError as error:
            message = f"The broker at {settings.broker} does not let {topic} be read: {error}"
            raise BrokerUnavailableError(message) from error
        try:
            yield follower
        finally:
            await _within_patience(follower.commit())
    finally:
        await _within_patience(consumer.stop())


async def _within_patience(step: Coroutine[Any, Any, None]) -> None:
    """Do a last step, but do not wait without end for a broker that is away."""
    with suppress(TimeoutError):
        await asyncio.wait_for(step, _CLOSING_SECONDS)


def _refused(error: KafkaError) -> DetectorError:
    return DetectorError(f"The broker does not let the topic be read on: {type(error).__name__}: {error}")
