"""The limit trips when a high share of the most recent records was rejected, and only once enough were seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.errors import DeadLetterLimitError
from detector.settings import DeadLetterSettings
from detector.stream.dead_letter_limit import DeadLetterLimit

GOOD, BAD = False, True
SETTINGS = DeadLetterSettings(max_share=0.5, window_records=20, min_records=10)


def test_a_share_at_the_limit_is_allowed_and_one_more_is_not() -> None:
    limit = DeadLetterLimit(SETTINGS)
    limit.check([GOOD] * 10 + [BAD] * 10)
    with pytest.raises(DeadLetterLimitError, match="11 of the last 20 records"):
        limit.check([BAD])


def test_few_records_are_not_judged() -> None:
    limit = DeadLetterLimit(SETTINGS)
    limit.check([BAD] * 9)
    with pytest.raises(DeadLetterLimitError, match="10 of the last 10 records"):
        limit.check([BAD])


def test_old_records_are_forgotten() -> None:
    """Bad input long ago does not stop a worker that is fine now, nor does good input excuse what is bad now."""
    limit = DeadLetterLimit(SETTINGS)
    limit.check([BAD] * 9 + [GOOD] * 11)
    limit.check([GOOD] * 20)
    limit.check([BAD] * 10)
    with pytest.raises(DeadLetterLimitError):
        limit.check([BAD])


def test_a_share_of_one_never_stops() -> None:
    DeadLetterLimit(DeadLetterSettings(max_share=1, window_records=20, min_records=1)).check([BAD] * 100)


def test_no_records_change_nothing() -> None:
    DeadLetterLimit(DeadLetterSettings(max_share=0.1, window_records=10, min_records=1)).check([])


def test_the_message_names_the_setting_and_where_to_look() -> None:
    with pytest.raises(DeadLetterLimitError) as caught:
        DeadLetterLimit(SETTINGS).check([BAD] * 20)
    assert "DETECTOR_DEAD_LETTERS__MAX_SHARE=0.5" in str(caught.value)
    assert "detector rejected list" in str(caught.value)


@given(st.lists(st.lists(st.booleans(), max_size=8), max_size=20))
def test_it_trips_exactly_when_the_window_says_so(batches: list[list[bool]]) -> None:
    limit = DeadLetterLimit(SETTINGS)
    seen: list[bool] = []
    for batch in batches:
        seen += batch
        window = seen[-20:]
        if len(window) >= 10 and sum(window) > 0.5 * len(window):
            with pytest.raises(DeadLetterLimitError):
                limit.check(batch)
            return
        limit.check(batch)


def test_a_window_that_could_never_be_judged_is_refused() -> None:
    """`min_records` above `window_records` would switch the limit off in silence."""
    with pytest.raises(ValueError, match="min_records"):
        DeadLetterSettings(window_records=100, min_records=200)
