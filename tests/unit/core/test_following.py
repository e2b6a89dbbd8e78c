"""A subscriber's view of a thread: told once, with what changed, withdrawals of what was shown, in bounded memory."""

from dataclasses import replace
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from detector.core import ids
from detector.core.following import Change, Followed, Following, Recent
from detector.core.records import Alert
from detector.core.selection import Selection
from tests.support.records import DETECTION, EVENT, alert_for

FIRST = replace(alert_for(DETECTION), event_id="e1", alert_id=ids.alert_id("e1", 0))


def thread(
    number: int, kind: Literal["alert", "update", "cancel"] = "update", *, event: str = "e1", **values: object
) -> Alert:
    """One alert of an event's thread."""
    fields = {"event_id": event, "alert_id": ids.alert_id(event, number), "sequence": number, "message_type": kind}
    return replace(FIRST, **fields | values)  # type: ignore[arg-type]  # fields of an alert by name


def shown(following: Following, *alerts: Alert) -> list[int]:
    """The sequences that are shown."""
    return [found.alert.sequence for alert in alerts if (found := following.take(alert))]


def test_a_redelivered_alert_is_shown_once() -> None:
    following = Following(Selection())
    story = [FIRST, thread(1), thread(2)]
    assert shown(following, *story, *story, thread(3), *story) == [0, 1, 2, 3]


def test_an_update_says_from_what_to_what() -> None:
    following = Following(Selection())
    following.take(FIRST)
    found = following.take(thread(1, status="violated", severity="severe", changed=("status", "severity")))
    assert found
    assert found.changes == (
        Change(name="status", old="in_force", new="violated"),
        Change(name="severity", old="minor", new="severe"),
    )


def test_an_update_whose_predecessor_is_not_known_says_what_is_new() -> None:
    """Nothing is made up: neither without any memory nor from one that is older or newer than the alert before."""
    for known in ([], [FIRST], [thread(3, status="collapsed")]):
        following = Following(Selection())
        for alert in known:
            following.take(alert)
        found = following.take(thread(2, status="violated", changed=("status",)))
        assert found and found.changes == (Change(name="status", old=None, new="violated"),)


def test_the_present_state_of_an_event_serves_as_predecessor() -> None:
    following = Following(Selection())
    following.begin_with(replace(EVENT, event_id="e1", alerts=(ids.alert_id("e1", 0),)), shown=False, taken=False)
    found = following.take(thread(1, status="violated", changed=("status",)))
    assert found and found.changes == (Change(name="status", old="in_force", new="violated"),)


def test_the_alerts_of_a_situation_that_was_shown_are_not_shown_again() -> None:
    following = Following(Selection())
    names = tuple(ids.alert_id("e1", number) for number in range(3))
    following.begin_with(replace(EVENT, event_id="e1", alerts=names), shown=True, taken=True)
    assert shown(following, FIRST, thread(1), thread(2), thread(3)) == [3]


def test_the_cancel_of_what_was_shown_passes_the_filters() -> None:
    """An update that the filters do not want is left out; that the event is withdrawn is told."""
    story = [FIRST, thread(1, status="violated"), thread(2, "cancel", status="violated")]
    assert shown(Following(Selection.of(statuses=["in_force"])), *story) == [0, 2]
    assert shown(Following(Selection.of(statuses=["in_force"]), whole_threads=True), *story) == [0, 1, 2]
    assert shown(Following(Selection.of(statuses=["agreed"])), *story) == []


def test_a_merged_event_names_the_one_it_went_into() -> None:
    following = Following(Selection())
    following.take(FIRST)
    following.take(thread(0, "alert", event="e2"))
    found = following.take(thread(1, "cancel", references=(FIRST.alert_id, ids.alert_id("e2", 0))))
    assert isinstance(found, Followed) and found.related == ("e2",)


@given(st.lists(st.integers(0, 30), max_size=200), st.integers(1, 10))
def test_memory_is_bounded_and_keeps_what_was_used_last(keys: list[int], capacity: int) -> None:
    recent: Recent[int, int] = Recent(capacity)
    for key in keys:
        recent.put(key, key)
    latest = list(dict.fromkeys(reversed(keys)))[:capacity]
    assert len(recent) == len(latest)
    assert all(key in recent for key in latest)
