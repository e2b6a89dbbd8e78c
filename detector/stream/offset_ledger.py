"""Which offsets must still be delivered, which are finished, and up to where may be committed. Pure bookkeeping, no I/O.

Why Faust's own bookkeeping is not enough stands at the head of guarded_consumer.py, which uses this.
"""

from dataclasses import dataclass, field
from enum import Enum, auto

from faust.types import TP


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
        if offset > state.expected and not self._gap_confirmed(state, offset):
            return Verdict.JUMP
        state.suspected = None
        state.expected = offset + 1
        state.timestamps[offset] = timestamp or 0.0
        return Verdict.DELIVER

    def reached(self, tp: TP, position: int) -> Verdict:
        """Judge a read that found no record up to `position`: what ends a partition may be nothing but markers.

        `JUMP` asks for a second read from `expected`, `DELIVER` says that it confirmed the gap, `DROP` that there is none.
        """
        state = self._partitions.get(tp)
        if state is None or position <= state.expected:
            return Verdict.DROP
        if not self._gap_confirmed(state, position):
            return Verdict.JUMP
        state.suspected = None
        state.expected = position
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

    def _gap_confirmed(self, state: _Partition, end: int) -> bool:
        """Whether the read before this one also found nothing from `expected` up to `end`; if so, pass over it."""
        if state.suspected != end:
            state.suspected = end
            return False
        state.gaps[state.expected] = end
        self._advance(state)
        return True

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
