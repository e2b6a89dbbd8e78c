"""The ledger against a simulated log, fetcher and agents: nothing unfinished is ever committed, and all is in the end.

The log has gaps and is compacted while it is read. The fetcher skips ahead, fetches again what it had, and loses what it
fetched; of a seek it must keep one promise, which the consumer relies on too: the first record seen after it is the first
one the log has there. Agents finish in order, out of order, twice, late, or let records go.
"""

from faust.types import TP
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from detector.stream.offset_ledger import OffsetLedger, Verdict

P = TP("articles", 0)

_PRESENT = st.sampled_from((True, True, True, True, False))
"""Mostly records, so that much happens between the gaps."""


class LedgerMachine(RuleBasedStateMachine):
    """One partition of one worker; `committed` is what the broker would remember."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = OffsetLedger()
        self.log: set[int] = set()
        self.end = 0
        self.position = 0
        self.sought = True
        self.in_hand: list[int] = []
        self.finished: set[int] = set()
        self.committed = 0

    @initialize(records=st.lists(_PRESENT, min_size=10, max_size=30), start=st.sampled_from((0, 0, 2)))
    def publish_first(self, records: list[bool], start: int) -> None:
        """Fill the log; the log may begin behind the committed offset."""
        self.end = start
        self.append(records)
        self.ledger.begin(P, 0)

    @rule(records=st.lists(_PRESENT, min_size=1, max_size=10))
    def append(self, records: list[bool]) -> None:
        """Add offsets; those that are false hold no record (transaction markers)."""
        for present in records:
            if present:
                self.log.add(self.end)
            self.end += 1

    @rule(data=st.data())
    def compact(self, data: st.DataObject) -> None:
        """Remove some records of the log for ever, read or not."""
        if self.log:
            self.log -= data.draw(st.sets(st.sampled_from(sorted(self.log)), max_size=4))

    @rule(number=st.integers(1, 8), drift=st.integers(-4, 4))
    def fetch(self, number: int, drift: int) -> None:
        """Offer the next records; a jump throws the rest of the batch away and seeks back.

        What is fetched after that may be lost before it is offered (a drift ahead, as between a resume and a seek), or
        fetched again though nobody asked (a drift back).
        """
        for offset in [offset for offset in sorted(self.log) if offset >= self.position][:number]:
            self.position = offset + 1
            verdict = self.ledger.offer(P, offset, float(offset))
            if verdict is Verdict.DELIVER:
                self.in_hand.append(offset)
            elif verdict is Verdict.JUMP:
                self.seek(self.ledger.expected(P))
                return
            self.sought = False
        if not self.sought:
            self.position = max(0, self.position + drift)

    @precondition(lambda self: self.in_hand)
    @rule(number=st.integers(1, 6))
    def finish_in_order(self, number: int) -> None:
        """What an agent does with a batch."""
        for offset in self.in_hand[:number]:
            self.finish(offset)
        del self.in_hand[:number]

    @precondition(lambda self: self.in_hand)
    @rule(data=st.data(), again=st.booleans())
    def finish_any(self, data: st.DataObject, again: bool) -> None:  # noqa: FBT001 hypothesis passes by name
        """Finish out of order, and perhaps once more later."""
        offset = data.draw(st.sampled_from(self.in_hand))
        self.finish(offset)
        if not again:
            self.in_hand.remove(offset)

    @precondition(lambda self: self.in_hand)
    @rule(data=st.data())
    def let_go(self, data: st.DataObject) -> None:
        """Drop delivered records unfinished, as a stream does when the flow is suspended."""
        for offset in data.draw(st.sets(st.sampled_from(self.in_hand))):
            self.in_hand.remove(offset)

    @rule()
    def commit(self) -> None:
        """Tell the broker."""
        assert self.ledger.committable(P) >= self.committed
        self.committed = self.ledger.committable(P)

    @rule(reassign=st.booleans())
    def start_over(self, reassign: bool) -> None:  # noqa: FBT001 hypothesis passes by name
        """Read again what is unfinished, or lose the partition and get it back where it was committed.

        What the agents have in hand they may still finish, either way.
        """
        if not reassign:
            self.seek(self.ledger.reread(P))
            return
        self.ledger.close(P)
        assert self.ledger.offer(P, self.position) is Verdict.DROP
        self.ledger.begin(P, self.committed)
        self.seek(self.committed)

    @invariant()
    def nothing_unfinished_is_committable(self) -> None:
        """The promise of the ledger."""
        if self.ledger.is_open(P):
            passed = {offset for offset in self.log if offset < self.ledger.committable(P)}
            assert passed <= self.finished, f"committable passed unfinished {sorted(passed - self.finished)}"

    @invariant()
    def committable_stays_within_the_log(self) -> None:
        """Never past the end."""
        if self.ledger.is_open(P):
            assert 0 <= self.ledger.committable(P) <= self.end
            assert self.ledger.held(P) >= 0

    def teardown(self) -> None:
        """From any state: with a fair fetcher and diligent agents everything is committed, in few rounds."""
        if not self.ledger.is_open(P) or not self.log:
            return
        last = max(self.log)
        self.in_hand.clear()
        self.seek(self.ledger.reread(P))
        for _ in range(2 * self.end + 4):
            self.fetch(5, 0)
            self.finish_in_order(5)
        assert self.ledger.committable(P) >= last + 1
        self.nothing_unfinished_is_committable()

    def seek(self, offset: int) -> None:
        """What the consumer does: the next record offered is the first at or after the offset."""
        self.position = offset
        self.sought = True

    def finish(self, offset: int) -> None:
        """Deliver what the record causes, then tell the ledger."""
        self.finished.add(offset)
        self.ledger.finish(P, offset)


LedgerMachine.TestCase.settings = settings(max_examples=250, stateful_step_count=30, deadline=None)
TestLedger = LedgerMachine.TestCase
