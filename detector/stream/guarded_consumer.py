"""A Faust consumer that commits nothing but finished, contiguous work.

Why it exists: Faust 0.15.3 marks records as acknowledged that no agent ever finished. A stream that skips a record
because the flow is suspended or the generation has changed acknowledges it (`Stream._py_aiter`); records fetched
between a resume and the seek to the committed offsets are dropped, and the jump is taken for compaction and filled in
(`Consumer._add_gap`); an exception in an agent acknowledges too. The next commit then steps over all of them. So here
Faust's acknowledgements only tell it when its streams are idle. What may be committed is decided by `OffsetLedger`, in
offset_ledger.py:

* a record is delivered only if it is the next one expected; a jump is sought back and believed only when a second
  read, after the seek, finds the same gap (compaction, transaction markers, expired segments);
* an offset is committed only when every record before it was reported finished by the agents;
* what was delivered but is acknowledged unfinished, or lies unfinished with nobody at work on it, is read again.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, ClassVar, Final, Protocol, cast

import structlog
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, Message

from detector.stream.offset_ledger import OffsetLedger, Verdict

_log = structlog.get_logger(__name__)
FAUST_LOGGER: Final = logging.getLogger("faust.services")
"""For what Faust itself says through its service classes; kept apart from this program's own events."""


_FETCH_WAIT_MS: Final = 50
_YIELD_EVERY: Final = 64
"""Records put into the agents' queues before the event loop gets a turn."""


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

    def _create_worker_consumer(self, transport: driver.Transport) -> Any:  # noqa: ANN401 aiokafka is untyped
        consumer = super()._create_worker_consumer(transport)
        # Faust fixes this at 1.5 s. One fetch at a time goes to a broker, and one that asks only for idle partitions
        # holds back the busy ones for as long as it waits.
        consumer._fetch_max_wait_ms = _FETCH_WAIT_MS  # noqa: SLF001 neither library lets it be set
        return consumer

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
    drain_seconds: float
    clock: Callable[[], float]

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 Faust's own signature
        super().__init__(*args, **kwargs)
        transport = cast(GuardedTransport, self.transport)
        self.ledger = OffsetLedger()
        self.observer = transport.observer
        self.stall_seconds = transport.stall_seconds
        self.drain_seconds = transport.drain_seconds
        self.clock = time.monotonic
        self._committed: dict[TP, int] = {}
        self._broker_committed: dict[TP, int] = {}
        self._progress: dict[TP, tuple[int, float]] = {}
        self._waiting: dict[TP, tuple[int, float]] = {}
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

    async def wait_empty(self) -> None:
        """Wait for the streams to finish what they have in hand, but not longer than `drain_seconds`.

        A delivery that is held back could last for ever. What is left unfinished is not committed and comes again.
        """
        drained = asyncio.ensure_future(super().wait_empty())
        done, _ = await asyncio.wait({drained}, timeout=self.drain_seconds)
        if not done:
            _log.warning("gave up draining; the records come again", unfinished=len(self._unacked_messages))
            self._unacked_messages.clear()  # the condition of Faust's loop, which swallows a cancellation
        await drained

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Let Faust drain its streams and commit, then forget the partitions."""
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self.ledger.close(tp)
            self._committed.pop(tp, None)
            self._progress.pop(tp, None)
            self._waiting.pop(tp, None)
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
        ends = {ensure_TP(tp): offset for tp, offset in (await self.highwaters(*guarded)).items()} if guarded else {}
        starts = {tp: self._broker_committed[tp] for tp in guarded if tp in self._broker_committed}
        from_beginning = [tp for tp in guarded if tp not in starts or starts[tp] > ends[tp]]
        if from_beginning:
            earliest = {ensure_TP(tp): offset for tp, offset in (await self.earliest_offsets(*from_beginning)).items()}
            for tp in from_beginning:
                if tp in starts:
                    self._say_rewound(tp, earliest[tp], starts[tp])
            starts |= earliest
        await self.seek_wait(starts)
        for tp, start in starts.items():
            self.ledger.begin(tp, start)
            self._committed[tp] = start

    # -- what is delivered ---------------------------------------------------------------------------------------

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109 as above
        """Deliver fetched records that are next in their partition; seek back over every jump.

        Where the agent's queue has room the record goes straight there. What is yielded goes through Faust's drain loop,
        which can abandon a wait for room when a rebalance begins, at the price of two tasks a record.
        """
        await self._reread_abandoned()
        jumped: set[TP] = set()
        straight = 0
        async for tp, message in super().getmany(timeout):
            if self._is_changelog_tp(tp):
                yield tp, message
                continue
            if tp in jumped:
                continue
            expected = self.ledger.expected(tp) if self.ledger.is_open(tp) else None
            if expected is not None and message.offset < expected and self._ends_before(tp, expected):
                self._begin_again(tp, message.offset, expected)
                expected = message.offset
            verdict = self.ledger.offer(tp, message.offset, message.timestamp)
            if verdict is Verdict.DELIVER:
                if expected is not None and message.offset > expected:
                    self.observer.gap_confirmed(tp, message.offset - expected)
                if not self._has_room(tp):
                    yield tp, message
                    continue
                await self.callback(message)
                self._read_offset[tp] = message.offset
                straight += 1
                if straight % _YIELD_EVERY == 0:
                    await asyncio.sleep(0)
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

    def on_buffer_full(self, tp: TP) -> None:
        """Go on fetching: a full queue already makes the drain loop wait, and Faust would sleep a whole second instead."""

    def _ends_before(self, tp: TP, expected: int) -> bool:
        end = self.highwater(tp)
        return bool(end) and end < expected

    def _begin_again(self, tp: TP, offset: int, expected: int) -> None:
        self.ledger.begin(tp, offset)
        self._committed[tp] = offset
        self._say_rewound(tp, offset, expected)

    def _say_rewound(self, tp: TP, offset: int, expected: int) -> None:
        self.observer.reread(tp, "rewound")
        _log.error(
            "the log ends before what was read already; was the topic made anew? reading from where it begins",
            topic=tp.topic,
            partition=tp.partition,
            offset=offset,
            expected=expected,
        )

    async def _reread_abandoned(self) -> None:
        """Read again what the streams let go of unfinished, unless a rebalance is about to do so anyway."""
        if not self.flow_active or self.app.rebalancing:
            return
        self._find_stalls()
        for tp in self._stopped_short():
            await self._look_behind(tp)
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

    def _stopped_short(self) -> list[TP]:
        """Name the partitions whose end is said to lie further on though no record has come for a while."""
        now, found = self.clock(), []
        for tp in self.ledger.partitions():
            expected = self.ledger.expected(tp)
            last, since = self._waiting.get(tp, (-1, now))
            if expected != last or self.ledger.held(tp) or (self.highwater(tp) or 0) <= expected:
                self._waiting[tp] = (expected, now)
            elif now - since >= self.stall_seconds / 2:
                self._waiting[tp] = (expected, now)
                found.append(tp)
        return found

    async def _look_behind(self, tp: TP) -> None:
        """Pass over what ends a partition without being a record (transaction markers), once two reads agree on it."""
        position = await self.position(tp)
        if position is None:
            return
        expected = self.ledger.expected(tp)
        verdict = self.ledger.reached(tp, position)
        if verdict is Verdict.DELIVER:
            self.observer.gap_confirmed(tp, position - expected)
        elif verdict is Verdict.JUMP:
            self.observer.jumped(tp)
            await self._seek_back(tp, expected, "jump")

    def _is_queued(self, tp: TP) -> bool:
        return any(not channel.queue.empty() for channel in self._channels(tp))

    def _has_room(self, tp: TP) -> bool:
        channels = self._channels(tp)
        return (
            bool(channels)
            and self.app.flow_control.is_active()
            and not any(channel.queue.full() for channel in channels)
        )

    def _channels(self, tp: TP) -> Collection[Any]:
        found: Collection[Any] = cast(Any, self.app.topics)._tp_index.get(tp, ())  # noqa: SLF001 Faust has no public view
        return found

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
    """Faust's aiokafka transport with the guarded consumer; the factory sets its attributes."""

    Consumer: ClassVar[type[GuardedConsumer]] = GuardedConsumer
    observer: OffsetObserver
    stall_seconds: float
    drain_seconds: float
