"""Events on the real broker: edits, withdrawals, restarts and a second worker; one thread of alerts, told once."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from detector.core.records import Alert, Event
from detector.core.wire import decode_alert, decode_event
from detector.errors import DetectorError
from detector.kafka.admin import admin_client, create_topics, require_worker_topics
from detector.worker_process import WorkerProcess
from tests.support.kafka_reading import read_topic
from tests.support.pipeline import Message, Pipeline, running_pipeline, tagged_settings
from tests.support.stories import records

AGREED = "The government and the rebels agreed a ceasefire in Aleppo on Thursday."
COLLAPSED = "The ceasefire in Aleppo collapsed on Friday as fighting resumed between the army and the rebels."
NOTHING = "The town market sold bread and apples on Thursday."


@pytest.fixture
def threads(broker: str, tmp_path: Path) -> Iterator[Pipeline]:
    """A worker of this test alone."""
    with running_pipeline(tagged_settings(broker, tmp_path), tmp_path) as pipeline:
        yield pipeline


def article(name: str, text: str, day: int = 15, outlet: str = "Northern Wire") -> Message:
    """One article."""
    content = {"id": name, "text": text, "outlet": outlet, "published_at": f"2016-12-{day}T12:00:00Z"}
    return Message(json.dumps(content).encode(), key=name.encode())


def alerts(pipeline: Pipeline) -> list[Alert]:
    """Everything told so far."""
    return [
        decode_alert(record.value) for record in read_topic(pipeline.settings.broker, pipeline.settings.topics.alerts)
    ]


def events(pipeline: Pipeline) -> dict[str, Event]:
    """The present state."""
    found = read_topic(pipeline.settings.broker, pipeline.settings.topics.events)
    current = {record.key: record.value for record in found}
    return {key.decode(): decode_event(value) for key, value in current.items() if value}


def told(pipeline: Pipeline) -> list[tuple[str, str]]:
    """The thread as message and status."""
    return [(alert.message_type, alert.status) for alert in alerts(pipeline)]


def restart(pipeline: Pipeline) -> None:
    """Kill the worker where it stands and start it again."""
    pipeline.worker.kill()
    pipeline.worker.start()


def test_a_thread_goes_on_after_a_kill(threads: Pipeline) -> None:
    """State is read from the changelog: the second article updates the event that the first one opened."""
    threads.send([article("one", AGREED)])
    threads.settle()
    restart(threads)
    threads.send([article("two", COLLAPSED, 16, "Evening Post")])
    threads.settle()
    first, second = alerts(threads)
    assert (first.message_type, first.status, first.sequence) == ("alert", "agreed", 0)
    assert (second.message_type, second.status, second.sequence) == ("update", "collapsed", 1)
    assert second.event_id == first.event_id
    assert second.references == (first.alert_id,)
    assert "status" in second.changed
    (event,) = events(threads).values()
    assert [item.article_id for item in event.supports] == ["one", "two"]


def test_an_edit_that_removes_the_event_cancels_it_even_after_a_restart(threads: Pipeline) -> None:
    threads.send([article("one", AGREED)])
    threads.settle()
    restart(threads)
    threads.send([article("one", NOTHING)])
    threads.settle()
    assert told(threads) == [("alert", "agreed"), ("cancel", "agreed")]
    assert "edited" in (alerts(threads)[-1].reason or "")
    (event,) = events(threads).values()
    assert event.state == "cancelled"


def test_a_withdrawn_article_takes_its_support_with_it(threads: Pipeline) -> None:
    threads.send([article("one", AGREED), article("two", AGREED + " Talks go on.", outlet="Evening Post")])
    threads.settle()
    threads.send([Message(None, key=b"one")])
    threads.settle()
    (event,) = events(threads).values()
    assert (event.state, [item.article_id for item in event.supports]) == ("live", ["two"])
    threads.send([Message(None, key=b"two")])
    threads.settle()
    assert told(threads)[-1][0] == "cancel"
    assert "withdrawn" in (alerts(threads)[-1].reason or "")


def test_the_same_articles_again_tell_nothing_new(threads: Pipeline) -> None:
    """A producer that sends everything twice is no second source."""
    batch = [Message(value, key=key) for key, value in records(range(176))]
    threads.send(batch)
    threads.settle()
    before, current = alerts(threads), events(threads)
    threads.send(batch)
    threads.settle()
    assert {alert.alert_id for alert in alerts(threads)} == {alert.alert_id for alert in before}
    after = events(threads)
    assert {key: (e.status, e.articles, e.independent_outlets, e.alerts) for key, e in after.items()} == {
        key: (e.status, e.articles, e.independent_outlets, e.alerts) for key, e in current.items()
    }


def test_a_second_worker_takes_over_the_state_of_its_partitions(threads: Pipeline, tmp_path: Path) -> None:
    """It joins, each has a part; it leaves, the first has all again; every event goes on where it was."""
    first = [Message(value, key=key) for key, value in records(range(88))]
    threads.send(first)
    threads.settle()
    opened = {alert.event_id for alert in alerts(threads)}
    second = WorkerProcess(threads.settings, log_file=tmp_path / "second.log")
    second.start()
    try:
        _wait_for_partitions(second)
        threads.send([Message(value, key=key) for key, value in records(range(88, 176))])
        threads.settle()
        assert second.figures()["articles"] > 0
    finally:
        assert second.stop() == 0
    threads.send([Message(value, key=key) for key, value in records(range(176, 264))])
    threads.settle()
    assert {alert.event_id for alert in alerts(threads)} == opened
    assert {event.articles for event in events(threads).values()} == {3}


def test_a_changelog_with_other_partitions_is_refused(broker: str, tmp_path: Path) -> None:
    settings = tagged_settings(broker, tmp_path)
    wider = settings.model_copy(update={"topics": settings.topics.model_copy(update={"partitions": 6})})
    create_topics(settings)
    with admin_client(settings) as admin:
        admin.delete_topics([settings.event_changelog])
    deadline = time.monotonic() + 30
    while settings.event_changelog not in create_topics(wider):  # until the deletion is through
        assert time.monotonic() < deadline
        time.sleep(0.2)
    time.sleep(1)  # and until every listing has the new one
    with pytest.raises(DetectorError, match=r"events-changelog has 6 partitions and detections-.* has 4"):
        require_worker_topics(settings)


def _wait_for_partitions(worker: WorkerProcess) -> None:
    deadline = time.monotonic() + 60
    while not _assigned(worker):
        assert worker.is_running, worker.explain("the second worker ended")
        assert time.monotonic() < deadline, worker.explain("the second worker got no partitions")
        time.sleep(0.2)


def _assigned(worker: WorkerProcess) -> float:
    samples = [sample for family in worker.families() for sample in family.samples]
    return sum(sample.value for sample in samples if sample.name == "detector_partitions_assigned")
