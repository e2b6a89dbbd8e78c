"""A Faust consumer that commits nothing but finished, contiguous work.

Why it exists: Faust 0.15.3 marks records as acknowledged that no agent ever finished. A stream that skips a record
because the flow is suspended or the generation has changed acknowledges it (`Stream._py_aiter`); records fetched
between a resume and the seek to the committed offsets are dropped, and the jump is taken for compaction and filled in
(`Consumer._add_gap`); an exception in an agent acknowledges too. The next commit then steps over all of them. So here
Faust's acknowledgements only tell it when its streams are idle. What may be committed is decided by `OffsetLedger`:

* a record is delivered only if it is the next one expected; a jump is sought back and believed only when a second
  read, after the seek, finds the same gap (compaction, transaction markers, expired segments);
* an offset is committed only when every record before it was reported finished by the agents;
* what was delivered but is acknowledged unfinished, or lies unfinished with nobody at work on it, is read again.
"""

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, ClassVar, Final, Protocol, cast

import structlog
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, Message

_log = structlog.get_logger(__name__)
FAUST_LOGGER: Final = logging.getLogger("faust.services")
"""For what Faust itself says through its service classes; kept apart from this program's own events."""


class Verdict(Enum):
    """What to do with a record that was fetched."""

    DELIVER = auto()
    """It is the next one: hand it to the agents."""
    DROP = auto()
    """It was delivered before, or the partition is not open: it will come again if it is needed."""
    JUMP = auto()
    """Something before it is missing: seek back to `OffsetLedger.expected` and read again."""


@dataclass(slots=True)
class _Partition:
    expected: int
    committable: int
    finished: set[int] = field(default_factory=set)
    gaps: dict[int, int] = field(default_factory=dict)
    """Confirmed gaps not yet passed: first missing offset to first present one."""
    suspected: int | None = None
    timestamps: dict[int, float] = field(default_factory=dict)


class OffsetLedger:
    """Per partition: which offset must be delivered next, which are finished, up to where may be committed.

    Pure bookkeeping, no I/O. Offsets are Kafka's; a committable offset is one past the last finished record.
    """

    def __init__(self) -> None:
        self._partitions: dict[TP, _Partition] = {}

    def begin(self, tp: TP, offset: int) -> None:
        """Open a partition, or open it anew, at the offset that will be read first: forget everything else."""
        self._partitions[tp] = _Partition(expected=offset, committable=offset)

    def close(self, tp: TP) -> None:
        """Forget a partition; its records are dropped until it begins again."""
        self._partitions.pop(tp, None)

    def offer(self, tp: TP, offset: int, timestamp: float | None = None) -> Verdict:
        """Judge a fetched record; `timestamp` is the broker's, in seconds, kept until the record is finished."""
        state = self._partitions.get(tp)
        if state is None or offset < state.expected:
            return Verdict.DROP
        if offset > state.expected:
            if state.suspected != offset:
                state.suspected = offset
                return Verdict.JUMP
            state.gaps[state.expected] = offset
            self._advance(state)
        state.suspected = None
        state.expected = offset + 1
        state.timestamps[offset] = timestamp or 0.0
        return Verdict.DELIVER

    def finish(self, tp: TP, offset: int) -> None:
        """Note that everything a record causes has been delivered; unknown or repeated offsets are harmless."""
        state = self._partitions.get(tp)
        if state is None:
            return
        if offset < state.committable:
            state.timestamps.pop(offset, None)
            return
        state.finished.add(offset)
        self._advance(state)

    def reread(self, tp: TP) -> int:
        """Take back the deliveries that are not finished; gives the offset to seek to."""
        state = self._partitions[tp]
        state.expected = state.committable
        state.suspected = None
        state.finished.clear()
        state.gaps.clear()
        state.timestamps.clear()
        return state.committable

    def distrust(self) -> None:
        """Forget suspected gaps, so that each needs two reads again."""
        for state in self._partitions.values():
            state.suspected = None

    def is_open(self, tp: TP) -> bool:
        """Whether the partition has begun."""
        return tp in self._partitions

    def is_finished(self, tp: TP, offset: int) -> bool:
        """Whether a record needs no further work here."""
        state = self._partitions.get(tp)
        return state is None or offset < state.committable or offset in state.finished

    def expected(self, tp: TP) -> int:
        """The offset that must be delivered next."""
        return self._partitions[tp].expected

    def committable(self, tp: TP) -> int:
        """One past the last record of the finished prefix."""
        return self._partitions[tp].committable

    def held(self, tp: TP) -> int:
        """How many offsets were delivered and are not committable yet."""
        state = self._partitions[tp]
        return max(0, state.expected - state.committable)

    def has_hole(self, tp: TP) -> bool:
        """Whether a later record is finished though the first delivered one is not: agents finish in order."""
        state = self._partitions[tp]
        return bool(state.finished) and self.held(tp) > 0

    def oldest_timestamp(self, tp: TP) -> float | None:
        """Broker timestamp, in seconds, of the first unfinished record if it was delivered."""
        state = self._partitions[tp]
        return state.timestamps.get(state.committable)

    def partitions(self) -> tuple[TP, ...]:
        """The open partitions."""
        return tuple(self._partitions)

    @staticmethod
    def _advance(state: _Partition) -> None:
        while True:
            if state.committable in state.finished:
                state.finished.discard(state.committable)
                state.timestamps.pop(state.committable, None)
                state.committable += 1
            elif state.committable in state.gaps:
                state.committable = state.gaps.pop(state.committable)
            else:
                return


class OffsetObserver(Protocol):
    """Told of everything out of the ordinary, to count it."""

    def jumped(self, tp: TP) -> None:
        """A delivery was refused because an offset was skipped."""

    def gap_confirmed(self, tp: TP, records: int) -> None:
        """A second read confirmed that offsets hold no record."""

    def reread(self, tp: TP, cause: str) -> None:
        """The partition is read again from its first unfinished record."""


class GuardedThread(driver.AIOKafkaConsumerThread):
    """The consumer's thread, which survives a commit that the broker cannot take just now."""

    logger = FAUST_LOGGER

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        consumer = self._ensure_consumer()
        assigned = self.assignment()
        wanted = {driver.ensure_aiokafka_TP(tp): offset for tp, offset in offsets.items() if tp in assigned}
        try:
            await consumer.commit(wanted)
        except (CommitFailedError, IllegalStateError) as error:
            _log.info("commit refused after a rebalance; the records come again", error=repr(error))
            return False
        except KafkaError as error:
            if not error.retriable:
                await self.crash(error)
            _log.warning("commit failed, will be tried again", error=repr(error), partitions=len(wanted))
            return False
        now = time.monotonic()
        self.tp_last_committed_at.update(dict.fromkeys(offsets, now))
        return True


class GuardedConsumer(driver.Consumer):
    """Faust's aiokafka consumer with an `OffsetLedger` between the fetches and the agents."""

    logger = FAUST_LOGGER
    ledger: OffsetLedger
    observer: OffsetObserver
    stall_seconds: float
    clock: Callable[[], float]

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 Faust's own signature
        super().__init__(*args, **kwargs)
        transport = cast(GuardedTransport, self.transport)
        self.ledger = OffsetLedger()
        self.observer = transport.observer
        self.stall_seconds = transport.stall_seconds
        self.clock = time.monotonic
        self._committed: dict[TP, int] = {}
        self._broker_committed: dict[TP, int] = {}
        self._progress: dict[TP, tuple[int, float]] = {}
        self._to_reread: set[TP] = set()

    def _new_consumer_thread(self) -> GuardedThread:
        return GuardedThread(self, loop=self.loop, beacon=self.beacon)

    def finish(self, message: Message) -> None:
        """Report that everything a record causes has been delivered."""
        self.ledger.finish(message.tp, message.offset)

    # -- where reading starts ------------------------------------------------------------------------------------

    def stop_flow(self) -> None:
        """Suspend the fetches; what a read found before must not confirm a gap afterwards."""
        super().stop_flow()
        self.ledger.distrust()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Let Faust drain its streams and commit, then forget the partitions."""
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self.ledger.close(tp)
            self._committed.pop(tp, None)
            self._progress.pop(tp, None)
            self._to_reread.discard(tp)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek to the committed offsets, and remember what the broker says they are."""
        offsets = await super().seek_to_committed()
        known = cast(Mapping[TP, int | None], offsets)  # Faust declares int; a group's first read has None
        self._broker_committed = {ensure_TP(tp): offset for tp, offset in known.items() if offset is not None}
        return offsets

    async def perform_seek(self) -> None:
        """Seek to the committed offsets, or the earliest ones, and open the ledger exactly there."""
        guarded = [tp for tp in self.assignment() if not self._is_changelog_tp(tp)]
        for tp in guarded:
            self.ledger.close(tp)
            self._to_reread.discard(tp)
        await super().perform_seek()
        starts = {tp: self._broker_committed[tp] for tp in guarded if tp in self._broker_committed}
        never_committed = [tp for tp in guarded if tp not in starts]
        if never_committed:
            earliest = await self.earliest_offsets(*never_committed)
            starts |= {ensure_TP(tp): offset for tp, offset in earliest.items()}
        await self.seek_wait(starts)
        for tp, start in starts.items():
            self.ledger.begin(tp, start)
            self._committed[tp] = start

    # -- what is delivered ---------------------------------------------------------------------------------------

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109 as above
        """Yield fetched records that are next in their partition; seek back over every jump."""
        await self._reread_abandoned()
        jumped: set[TP] = set()
        async for tp, message in super().getmany(timeout):
            if self._is_changelog_tp(tp):
                yield tp, message
                continue
            if tp in jumped:
                continue
            expected = self.ledger.expected(tp) if self.ledger.is_open(tp) else None
            verdict = self.ledger.offer(tp, message.offset, message.timestamp)
            if verdict is Verdict.DELIVER:
                if expected is not None and message.offset > expected:
                    self.observer.gap_confirmed(tp, message.offset - expected)
                yield tp, message
            elif verdict is Verdict.JUMP:
                jumped.add(tp)
                self.observer.jumped(tp)
                await self._seek_back(tp, self.ledger.expected(tp), "jump")

    def ack(self, message: Message) -> bool:
        """Take Faust's word that a stream is done with a record, but not that the record is finished."""
        acked = super().ack(message)
        tp, generation = message.tp, cast(Any, message).generation_id
        current = generation == self.app.consumer_generation_id
        if current and not self._is_changelog_tp(tp) and not self.ledger.is_finished(tp, message.offset):
            self._to_reread.add(tp)
        return acked

    async def _reread_abandoned(self) -> None:
        """Read again what the streams let go of unfinished, unless a rebalance is about to do so anyway."""
        if not self.flow_active or self.app.rebalancing:
            return
        self._find_stalls()
        for tp in sorted(self._to_reread):
            self._to_reread.discard(tp)
            if self.ledger.is_open(tp) and self.ledger.held(tp):
                await self._seek_back(tp, self.ledger.reread(tp), "abandoned")

    def _find_stalls(self) -> None:
        now = self.clock()
        busy = {message.tp for message in self._unacked_messages if not message.acked}
        for tp in self.ledger.partitions():
            committable = self.ledger.committable(tp)
            last, since = self._progress.get(tp, (-1, now))
            in_hand = tp in busy or self._is_queued(tp)
            if committable != last or not self.ledger.held(tp) or (in_hand and not self.ledger.has_hole(tp)):
                self._progress[tp] = (committable, now)
            elif now - since >= self.stall_seconds:
                self._to_reread.add(tp)
                self._progress[tp] = (committable, now)

    def _is_queued(self, tp: TP) -> bool:
        channels = cast(Any, self.app.topics)._tp_index.get(tp, ())  # noqa: SLF001 Faust has no public view of it
        return any(not channel.queue.empty() for channel in channels)

    async def _seek_back(self, tp: TP, offset: int, cause: str) -> None:
        self.observer.reread(tp, cause)
        _log.warning("reading again", topic=tp.topic, partition=tp.partition, offset=offset, cause=cause)
        try:
            await self.seek_wait({tp: offset})
        except IllegalStateError:
            self.ledger.close(tp)  # revoked meanwhile: whoever gets it starts from the committed offset

    # -- what is committed ---------------------------------------------------------------------------------------

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:  # noqa: ANN401 as above
        return (
            tp
            for tp in self.ledger.partitions()
            if (topics is None or tp in topics or tp.topic in topics)
            and self.ledger.committable(tp) > self._committed[tp]
        )

    def _new_offset(self, tp: TP) -> int | None:
        return self.ledger.committable(tp) if self.ledger.is_open(tp) else None

    def _should_commit(self, tp: TP, offset: int) -> bool:
        return offset > self._committed.get(tp, offset)

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:  # noqa: FBT001, FBT002 Faust's own signature
        committed = await super()._commit_offsets(offsets, start_new_transaction=start_new_transaction)
        if committed:
            self._committed.update({tp: offset for tp, offset in offsets.items() if tp in self._committed})
        self._trim_acks(offsets)
        return committed

    def _trim_acks(self, tps: Iterable[TP]) -> None:
        """Drop Faust's own record of acknowledgements, which nothing reads any more and which would only grow."""
        for tp in tps:
            self._acked.pop(tp, None)
            self._acked_index.pop(tp, None)

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Do not let Faust fill in skipped offsets; the ledger decides what is a gap."""


class GuardedTransport(driver.Transport):
    """Faust's aiokafka transport with the guarded consumer; needs `observer` and `stall_seconds` set by the factory."""

    Consumer: ClassVar[type[GuardedConsumer]] = GuardedConsumer
    observer: OffsetObserver
    stall_seconds: float
