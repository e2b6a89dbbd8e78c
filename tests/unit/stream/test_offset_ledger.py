"""The ledger alone, on sequences as a consumer sees them: it delivers what is next, commits what is finished, nothing else."""

import tracemalloc

import pytest
from faust.types import TP

from detector.stream.offset_ledger import OffsetLedger, Verdict

A = TP("articles", 0)
B = TP("articles", 1)
DELIVER, DROP, JUMP = Verdict.DELIVER, Verdict.DROP, Verdict.JUMP


@pytest.fixture
def ledger() -> OffsetLedger:
    """A ledger with one partition open at offset 10."""
    opened = OffsetLedger()
    opened.begin(A, 10)
    return opened


def offer(ledger: OffsetLedger, *offsets: int) -> list[Verdict]:
    """Offer fetched offsets one after the other."""
    return [ledger.offer(A, offset) for offset in offsets]


def finish(ledger: OffsetLedger, *offsets: int) -> None:
    """Report offsets as finished, in this order."""
    for offset in offsets:
        ledger.finish(A, offset)


def test_records_in_order_are_delivered_and_committed_as_they_are_finished(ledger: OffsetLedger) -> None:
    assert offer(ledger, 10, 11, 12) == [DELIVER] * 3
    assert (ledger.committable(A), ledger.expected(A), ledger.held(A)) == (10, 13, 3)
    finish(ledger, 10, 11)
    assert (ledger.committable(A), ledger.held(A)) == (12, 1)
    finish(ledger, 12)
    assert (ledger.committable(A), ledger.held(A)) == (13, 0)


def test_a_partition_that_begins_in_mid_log_is_read_from_there(ledger: OffsetLedger) -> None:
    ledger.begin(B, 500)
    assert ledger.offer(B, 500) is DELIVER
    assert ledger.committable(A) == 10
    assert set(ledger.partitions()) == {A, B}


def test_records_before_the_start_are_dropped(ledger: OffsetLedger) -> None:
    assert offer(ledger, 8, 9, 10) == [DROP, DROP, DELIVER]


def test_records_of_a_partition_that_is_not_open_are_dropped(ledger: OffsetLedger) -> None:
    assert ledger.offer(B, 0) is DROP
    assert not ledger.is_open(B)


def test_records_fetched_twice_are_delivered_once(ledger: OffsetLedger) -> None:
    """As after a seek back, when what lies behind the jump was delivered before."""
    assert offer(ledger, 10, 11, 10, 11, 12) == [DELIVER, DELIVER, DROP, DROP, DELIVER]


def test_a_seek_back_delivers_what_the_prefetch_lost(ledger: OffsetLedger) -> None:
    """After a resume the fetcher runs ahead before the seek arrives: 10 to 14 went by undelivered, 15 is the first seen."""
    assert offer(ledger, 15) == [JUMP]
    assert ledger.expected(A) == 10
    assert offer(ledger, *range(10, 17)) == [DELIVER] * 7
    assert ledger.committable(A) == 10


def test_a_jump_commits_nothing_by_itself(ledger: OffsetLedger) -> None:
    offer(ledger, 10, 13)
    finish(ledger, 10)
    assert ledger.committable(A) == 11


def test_a_suspended_stream_that_let_go_of_records_gets_them_again(ledger: OffsetLedger) -> None:
    """Delivered, skipped by the stream, acknowledged by Faust: never finished, so never committed, and read again."""
    offer(ledger, 10, 11, 12)
    finish(ledger, 10)
    assert ledger.reread(A) == 11
    assert ledger.expected(A) == ledger.committable(A) == 11
    assert offer(ledger, 11, 12) == [DELIVER, DELIVER]


def test_a_reread_forgets_what_was_finished_behind_the_hole(ledger: OffsetLedger) -> None:
    """12 comes again although it was finished: a duplicate by id is allowed, a lost record is not."""
    offer(ledger, 10, 11, 12)
    finish(ledger, 10, 12)
    ledger.reread(A)
    assert offer(ledger, 11, 12) == [DELIVER, DELIVER]
    finish(ledger, 11)
    assert ledger.committable(A) == 12


def test_a_reread_with_nothing_in_hand_changes_nothing(ledger: OffsetLedger) -> None:
    offer(ledger, 10)
    finish(ledger, 10)
    assert ledger.reread(A) == 11
    assert offer(ledger, 11) == [DELIVER]


def test_a_finish_that_arrives_after_a_reread_counts(ledger: OffsetLedger) -> None:
    """The agent was only slow: its work is done, and the record that comes again does not undo it."""
    offer(ledger, 10, 11)
    ledger.reread(A)
    finish(ledger, 10)
    assert ledger.committable(A) == 11
    assert ledger.held(A) == 0
    assert offer(ledger, 10, 11) == [DELIVER, DELIVER]
    finish(ledger, 10)
    assert ledger.committable(A) == 11
    finish(ledger, 11)
    assert ledger.committable(A) == 12


def test_a_revoked_partition_is_forgotten(ledger: OffsetLedger) -> None:
    offer(ledger, 10, 11)
    ledger.close(A)
    assert not ledger.is_open(A)
    assert offer(ledger, 12) == [DROP]
    assert ledger.partitions() == ()
    ledger.close(A)


def test_a_finish_for_a_revoked_partition_is_harmless(ledger: OffsetLedger) -> None:
    offer(ledger, 10)
    ledger.close(A)
    finish(ledger, 10)
    assert not ledger.is_open(A)
    assert ledger.is_finished(A, 10)


def test_a_partition_assigned_again_starts_where_it_was_committed(ledger: OffsetLedger) -> None:
    """Another worker may have moved it on, or nobody did: either way the old state does not count."""
    offer(ledger, 10, 11, 12)
    finish(ledger, 11)
    ledger.close(A)
    ledger.begin(A, 10)
    assert ledger.committable(A) == ledger.expected(A) == 10
    assert offer(ledger, 10, 11) == [DELIVER, DELIVER]
    finish(ledger, 10)
    assert ledger.committable(A) == 11
    ledger.close(A)
    ledger.begin(A, 40)
    assert offer(ledger, 39, 40) == [DROP, DELIVER]


def test_opening_anew_without_a_revocation_forgets_a_suspected_gap(ledger: OffsetLedger) -> None:
    """A jump seen before an assignment must not confirm the same jump after it: no read from the start lies between."""
    assert offer(ledger, 15) == [JUMP]
    ledger.begin(A, 10)
    assert offer(ledger, 15) == [JUMP]


def test_a_reread_forgets_a_suspected_gap(ledger: OffsetLedger) -> None:
    assert offer(ledger, 15) == [JUMP]
    ledger.reread(A)
    assert offer(ledger, 15) == [JUMP]


def test_a_gap_that_a_second_read_confirms_is_passed(ledger: OffsetLedger) -> None:
    """Compaction: 11 to 14 are gone."""
    assert offer(ledger, 10, 15) == [DELIVER, JUMP]
    assert ledger.expected(A) == 11
    assert offer(ledger, 15, 16) == [DELIVER, DELIVER]
    finish(ledger, 10)
    assert ledger.committable(A) == 15
    finish(ledger, 15, 16)
    assert ledger.committable(A) == 17


def test_a_gap_at_the_very_start_is_passed_too(ledger: OffsetLedger) -> None:
    """Retention removed the segments behind the committed offset."""
    assert offer(ledger, 90, 90) == [JUMP, DELIVER]
    assert ledger.committable(A) == 90


def test_a_gap_is_not_committed_before_the_record_in_front_of_it(ledger: OffsetLedger) -> None:
    offer(ledger, 10, 11, 15, 15)
    finish(ledger, 15, 11)
    assert ledger.committable(A) == 10
    finish(ledger, 10)
    assert ledger.committable(A) == 16


def test_a_gap_that_grew_between_two_reads_needs_a_third(ledger: OffsetLedger) -> None:
    """The compactor is at work: the second read finds 20 where the first found 15."""
    assert offer(ledger, 15) == [JUMP]
    assert offer(ledger, 20) == [JUMP]
    assert offer(ledger, 20) == [DELIVER]
    assert ledger.committable(A) == 20


def test_a_gap_that_closes_on_the_second_read_was_none(ledger: OffsetLedger) -> None:
    """The second read finds 12 first, then really lacks 13 and 14."""
    assert offer(ledger, 15) == [JUMP]
    assert offer(ledger, 12) == [JUMP]
    assert offer(ledger, 12, 15) == [DELIVER, JUMP]
    assert offer(ledger, 15) == [DELIVER]


def test_a_suspicion_is_dropped_once_the_expected_record_comes(ledger: OffsetLedger) -> None:
    """15 jumped ahead, 10 was there after all; 15 jumping again later must be looked at anew."""
    assert offer(ledger, 15, 10, 15) == [JUMP, DELIVER, JUMP]
    assert offer(ledger, 11, 12, 13, 14, 15) == [DELIVER] * 5


def test_transaction_markers_leave_gaps_of_one(ledger: OffsetLedger) -> None:
    """Each marker takes an offset and is no record: 12 and 14 here."""
    assert offer(ledger, 10, 11, 13) == [DELIVER, DELIVER, JUMP]
    assert offer(ledger, 13, 15) == [DELIVER, JUMP]
    assert offer(ledger, 15) == [DELIVER]
    finish(ledger, 10, 11)
    assert ledger.committable(A) == 13
    finish(ledger, 13)
    assert ledger.committable(A) == 15
    finish(ledger, 15)
    assert ledger.committable(A) == 16


def test_a_wide_gap_is_passed_in_one_step(ledger: OffsetLedger) -> None:
    """A worker that was down for longer than the retention: memory must not grow with the offsets that are gone."""
    far = 500_000
    tracemalloc.start()
    try:
        assert offer(ledger, 10, far, far) == [DELIVER, JUMP, DELIVER]
        finish(ledger, 10, far)
        assert ledger.committable(A) == far + 1
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_records_finished_out_of_order_are_committed_once_the_first_is(ledger: OffsetLedger) -> None:
    offer(ledger, 10, 11, 12)
    finish(ledger, 12)
    assert ledger.committable(A) == 10
    assert ledger.has_hole(A)
    finish(ledger, 11)
    assert ledger.committable(A) == 10
    finish(ledger, 10)
    assert ledger.committable(A) == 13
    assert not ledger.has_hole(A)


def test_finishing_twice_is_finishing_once(ledger: OffsetLedger) -> None:
    offer(ledger, 10, 11)
    finish(ledger, 10, 10, 10)
    assert ledger.committable(A) == 11
    finish(ledger, 11, 10, 11)
    assert ledger.committable(A) == 12


def test_a_confirmed_gap_behind_work_in_hand_is_no_hole(ledger: OffsetLedger) -> None:
    """Nobody finished out of order: the agents are busy with 10, and reading it again would only double their work."""
    offer(ledger, 10, 15, 15)
    assert ledger.held(A) > 0
    assert not ledger.has_hole(A)


def test_it_says_what_is_finished(ledger: OffsetLedger) -> None:
    offer(ledger, 10, 11, 12)
    finish(ledger, 11)
    assert [ledger.is_finished(A, offset) for offset in (9, 10, 11, 12)] == [True, False, True, False]
    finish(ledger, 10)
    assert [ledger.is_finished(A, offset) for offset in (10, 11, 12)] == [True, True, False]


def test_the_age_is_that_of_the_first_unfinished_record(ledger: OffsetLedger) -> None:
    assert ledger.oldest_timestamp(A) is None
    for offset in (10, 11, 12):
        ledger.offer(A, offset, timestamp=1000.0 + offset)
    assert ledger.oldest_timestamp(A) == 1010.0
    finish(ledger, 11)
    assert ledger.oldest_timestamp(A) == 1010.0
    finish(ledger, 10)
    assert ledger.oldest_timestamp(A) == 1012.0
    finish(ledger, 12)
    assert ledger.oldest_timestamp(A) is None


def test_nothing_is_kept_of_what_was_committed(ledger: OffsetLedger) -> None:
    """Neither order of finishing nor gaps nor duplicates let the bookkeeping grow with the log."""
    for start in range(10, 5_000, 5):
        offer(ledger, start, start + 1, start + 3, start + 3, start + 3)
        finish(ledger, start + 3, start + 1, start + 1, start, start)
        offer(ledger, start + 5)
    state = ledger._partitions[A]
    assert ledger.committable(A) == start + 4
    assert not state.finished
    assert not state.timestamps


def test_partitions_do_not_touch_each_other(ledger: OffsetLedger) -> None:
    ledger.begin(B, 10)
    assert offer(ledger, 10, 11) == [DELIVER, DELIVER]
    assert ledger.offer(B, 11) is JUMP
    finish(ledger, 10, 11)
    assert (ledger.committable(A), ledger.committable(B)) == (12, 10)
    ledger.close(A)
    assert ledger.is_open(B)


def test_markers_at_the_end_are_passed_once_two_reads_agree() -> None:
    """Nothing but a marker lies between the last record and the end: the partition counts as finished."""
    ledger = OffsetLedger()
    ledger.begin(A, 5)
    assert ledger.offer(A, 5) is Verdict.DELIVER
    ledger.finish(A, 5)
    assert ledger.reached(A, 6) is Verdict.DROP
    assert ledger.reached(A, 7) is Verdict.JUMP
    assert ledger.committable(A) == 6
    assert ledger.reached(A, 7) is Verdict.DELIVER
    assert (ledger.committable(A), ledger.expected(A)) == (7, 7)


def test_a_record_found_on_the_second_read_refutes_the_end() -> None:
    """The first read had dropped it; it is delivered, and nothing was passed over."""
    ledger = OffsetLedger()
    ledger.begin(A, 0)
    assert ledger.reached(A, 3) is Verdict.JUMP
    assert ledger.offer(A, 0) is Verdict.DELIVER
    assert ledger.reached(A, 3) is Verdict.JUMP
    assert ledger.committable(A) == 0
