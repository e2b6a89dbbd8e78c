"""What Alertmanager is told: one alert an event, resolved on cancel, expiry and when it leaves the filters."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from detector.core import ids
from detector.core.records import Event
from detector.core.selection import Selection
from detector.forwarding.firing import Board
from tests.support.records import DETECTION, EVENT, NOON, alert_for

NOW = NOON + timedelta(days=30)
LASTING = timedelta(minutes=4)
ALERT = replace(alert_for(DETECTION), event_id="e1", alert_id=ids.alert_id("e1", 0), severity="minor")


def event(alerts: int = 1, **values: Any) -> Event:
    """The event of the thread after so many alerts."""
    names = tuple(ids.alert_id("e1", number) for number in range(alerts))
    return replace(EVENT, event_id="e1", alerts=names, **values)


def ends(posts: list[dict[str, Any]]) -> list[tuple[str, bool]]:
    """Status of each post, and whether it fires."""
    return [(post["labels"]["status"], post["endsAt"] > "2017-01-14T12:00:00.000Z") for post in posts]


@pytest.fixture
def board() -> Board:
    """Everything is wanted."""
    return Board(Selection(), LASTING)


def test_an_alert_fires_with_labels_that_group_by_event(board: Board) -> None:
    (post,) = board.alert(ALERT, NOW)
    assert post["labels"] == {
        "alertname": "NewsEvent",
        "event_id": "e1",
        "type": "ceasefire",
        "status": "in_force",
        "certainty": "possible",
        "severity": "minor",
        "country": "SY",
    }
    assert (post["startsAt"], post["endsAt"]) == ("2016-12-15T12:00:00.000Z", "2017-01-14T12:04:00.000Z")
    assert post["annotations"]["evidence"] == "The truce holds."
    assert post["annotations"]["url"] == "https://news.example/1"


def test_an_alert_and_its_event_have_the_same_labels(board: Board) -> None:
    """Else the one would not be the other's continuation."""
    board.alert(ALERT, NOW)
    assert board.event("e1", event(), NOW) == []
    assert len(board.live(NOW)) == 1


def test_an_update_resolves_the_old_labels_and_fires_the_new(board: Board) -> None:
    board.alert(ALERT, NOW)
    update = replace(ALERT, sequence=1, message_type="update", status="violated")
    assert ends(board.alert(update, NOW)) == [("in_force", False), ("violated", True)]
    assert board.alert(ALERT, NOW) == [], "an older alert that is redelivered changes nothing"


@pytest.mark.parametrize("how", ["cancel", "expiry", "cancelled event", "leaves the filters", "event leaves them"])
def test_what_is_over_is_resolved_once(how: str) -> None:
    board = Board(Selection.of(statuses=["in_force"]), LASTING)
    board.event("e1", event(), NOW)
    steps = {
        "cancel": lambda: board.alert(replace(ALERT, sequence=1, message_type="cancel", reason="withdrawn"), NOW),
        "expiry": lambda: board.event("e1", None, NOW),
        "cancelled event": lambda: board.event("e1", event(2, state="cancelled", reason="withdrawn"), NOW),
        "leaves the filters": lambda: board.alert(replace(ALERT, sequence=1, status="violated"), NOW),
        "event leaves them": lambda: board.event("e1", event(2, status="violated"), NOW),
    }
    assert ends(steps[how]()) == [("in_force", False)]
    assert (board.live(NOW), len(board)) == ([], 0)
    if how != "cancel":
        assert steps[how]() == []


def test_the_cancel_of_an_event_that_is_not_known_any_more_is_told(board: Board) -> None:
    """After a restart the labels of the cancel are those that were told last."""
    (post,) = board.alert(replace(ALERT, sequence=1, message_type="cancel", reason="withdrawn"), NOW)
    assert post["endsAt"] == "2017-01-14T12:00:00.000Z"
    assert post["annotations"]["reason"] == "withdrawn"


def test_only_what_the_topic_of_events_has_is_sent_again(board: Board) -> None:
    """An old alert of an event that has expired meanwhile resolves by itself."""
    board.alert(ALERT, NOW)
    assert board.live(NOW) == []
    board.event("e1", event(), NOW)
    (post,) = board.live(NOW + timedelta(minutes=1))
    assert post["endsAt"] == "2017-01-14T12:05:00.000Z"


def test_an_older_record_of_the_event_does_not_undo_an_alert(board: Board) -> None:
    board.alert(replace(ALERT, sequence=1, message_type="update", status="violated"), NOW)
    assert board.event("e1", event(1), NOW) == []
    assert [post["labels"]["status"] for post in board.live(NOW)] == ["violated"]


def test_news_dated_in_the_future_begins_now(board: Board) -> None:
    """Alertmanager refuses an alert that ends before it starts."""
    (post,) = board.alert(replace(ALERT, first_seen=NOW + timedelta(days=400)), NOW)
    assert post["startsAt"] == "2017-01-14T12:00:00.000Z"


def test_unknown_place_and_severity_have_a_label_too(board: Board) -> None:
    (post,) = board.alert(replace(ALERT, place=None, place_reason="none named", severity=None), NOW)
    assert (post["labels"]["country"], post["labels"]["severity"]) == ("none", "none")


def test_what_was_never_confirmed_is_forgotten(board: Board) -> None:
    board.alert(ALERT, NOW)
    board.forget_unconfirmed(NOW - timedelta(days=1))
    assert len(board) == 1
    board.forget_unconfirmed(NOW + timedelta(seconds=1))
    assert len(board) == 0
