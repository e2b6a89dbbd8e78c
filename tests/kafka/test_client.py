"""The Python client on a real broker: typed, once each, resumed, closed cleanly."""

import asyncio
import gc
import json
import uuid
from contextlib import suppress
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient

from detector import client
from detector.core.records import Alert
from detector.core.wire import encode_alert
from detector.errors import BrokerUnavailableError, DetectorError, UsageError
from detector.kafka.admin import create_topics
from detector.loading import load_detector, load_families
from detector.settings import Settings
from detector.subscribing import background
from tests.support.kafka_reading import committed_offsets
from tests.support.pipeline import tagged_settings
from tests.support.threads import Threads, publish


@pytest.fixture(scope="module")
def threads(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Threads:
    """Topics with a truce and a vigil; all alerts are there twice, as after a crash, and a record that is none."""
    settings = tagged_settings(broker, tmp_path_factory.mktemp("client"))
    create_topics(settings)
    found = Threads(settings, load_detector(), load_families())
    told = [*found.play("01"), *found.play("09")]
    publish(settings, settings.topics.alerts, [("odd", b"{}"), *((a.event_id, encode_alert(a)) for a in told)])
    return found


def a_group() -> str:
    """A group that no other test uses."""
    return f"client-{uuid.uuid4().hex[:8]}"


def members(broker: str, group: str) -> list[object]:
    """Who is in a group."""
    admin = KafkaAdminClient(bootstrap_servers=broker)
    (described,) = admin.describe_groups([group]).values()
    admin.close()
    return list(described["members"])


async def first(number: int, settings: Settings, *, group: str | None = None, **wanted: object) -> list[Alert]:
    """Take so many alerts and leave the loop."""
    found = []
    async for alert in client.alerts(settings=settings, group=group, start="beginning", **wanted):  # type: ignore[arg-type]  # a test's words
        found.append(alert)
        if len(found) == number:
            break
    return found


async def all_there(settings: Settings, seconds: float = 3, **wanted: object) -> list[Alert]:
    """Take what comes until nothing has for a while; the loop is cancelled while it waits."""
    found: list[Alert] = []

    async def read() -> None:
        async for alert in client.alerts(settings=settings, start="beginning", **wanted):  # type: ignore[arg-type]  # a test's words
            found.append(alert)  # noqa: PERF401 - what was found stays when this is cancelled

    task = asyncio.create_task(read())
    before = -1
    while before < len(found) or not found:
        before = len(found)
        await asyncio.sleep(seconds)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    return found


def test_each_alert_comes_once_and_typed(threads: Threads, caplog: pytest.LogCaptureFixture) -> None:
    """Redelivered ones are dropped, what is no alert is logged, and those of one event are in order."""
    found = asyncio.run(all_there(threads.settings))
    assert all(isinstance(alert, Alert) for alert in found)
    assert sorted(map(encode_alert, found)) == sorted(map(encode_alert, threads.published))
    for event_id in {alert.event_id for alert in found}:
        sequences = [alert.sequence for alert in found if alert.event_id == event_id]
        assert sequences == sorted(sequences)
    assert "passed over" in caplog.text and "schema_version" in caplog.text


def test_filters_are_those_of_the_command_line(threads: Threads) -> None:
    found = asyncio.run(all_there(threads.settings, types=["ceasefire"], min_outlets=2, countries=["ye"]))
    assert {(alert.type, alert.status) for alert in found} == {("ceasefire", "violated"), ("ceasefire", "collapsed")}


def test_a_group_resumes_with_what_was_not_finished(threads: Threads, broker: str, tmp_path: Path) -> None:
    """The alert at which the loop was left comes again, what was before it does not."""
    threads = Threads(tagged_settings(broker, tmp_path), threads.detector, threads.families)
    create_topics(threads.settings)
    threads.play("01")
    threads.play("09")
    group = a_group()
    left = asyncio.run(first(3, threads.settings, group=group))
    again = asyncio.run(first(len(threads.published) - 2, threads.settings, group=group))
    names = [alert.alert_id for alert in left[:2] + again]
    assert left[2] in again
    assert sorted(names) == sorted(alert.alert_id for alert in threads.published)
    admin = KafkaAdminClient(bootstrap_servers=broker)
    committed = committed_offsets(admin, group, threads.settings.topics.alerts)
    admin.close()
    assert sum(committed.values()) >= len(threads.published) - 1
    background._wait_for_all()
    assert members(broker, group) == []


def test_leaving_the_loop_leaves_nothing_open(threads: Threads, broker: str, recwarn: pytest.WarningsRecorder) -> None:
    """By break, by aclosing, by an exception in the body."""
    group = a_group()

    async def leave() -> None:
        async for _ in client.alerts(settings=threads.settings, start="beginning"):
            break
        async with client.alerts(settings=threads.settings, start="beginning") as found:
            async for _ in found:
                break
        with suppress(ZeroDivisionError):
            async for _ in client.alerts(settings=threads.settings, start="beginning"):
                raise ZeroDivisionError
        async for _ in client.alerts(settings=threads.settings, group=group, start="beginning"):
            break  # and the event loop ends at once

    asyncio.run(leave())
    background._wait_for_all()
    gc.collect()
    assert members(broker, group) == []
    assert [str(warning.message) for warning in recwarn if "nclosed" in str(warning.message)] == []


@pytest.mark.parametrize(
    ("wanted", "error", "said"),
    [
        ({"types": ["war"]}, UsageError, "types has 'war'"),
        ({"broker": "127.0.0.1:1"}, BrokerUnavailableError, "No Kafka broker answers at 127.0.0.1:1"),
        ({"settings": "absent topic"}, DetectorError, "detector topics create"),
    ],
)
def test_what_cannot_work_is_said(
    broker: str, tmp_path: Path, wanted: dict[str, object], error: type[DetectorError], said: str
) -> None:
    options = wanted | ({"settings": tagged_settings(broker, tmp_path)} if "settings" in wanted else {})

    async def ask() -> None:
        async for _ in client.alerts(**options):  # type: ignore[arg-type]  # what a user may write
            break

    with pytest.raises(error, match=said):
        asyncio.run(ask())


def test_the_yielded_alert_is_what_the_topic_holds(threads: Threads) -> None:
    (alert,) = asyncio.run(first(1, threads.settings, types=["ceasefire"]))
    assert json.loads(encode_alert(alert))["headline"] == alert.headline == "Ceasefire agreed in Taiz"
