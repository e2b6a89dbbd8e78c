"""`detector forward` to a real HTTP server that fails, and to the real Alertmanager."""

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from detector.broker.embedded import usable_port
from detector.core.records import Alert
from detector.core.wire import encode_alert
from detector.forwarding.firing import ALERT_NAME
from detector.kafka.admin import create_topics
from detector.loading import load_detector, load_families
from tests.support.command import run_detector
from tests.support.kafka_reading import read_topic
from tests.support.pipeline import tagged_settings
from tests.support.receiving import Answer, Receiver, receiving_beside
from tests.support.running import running
from tests.support.threads import Threads, environment, publish


@pytest.fixture
def threads(broker: str, tmp_path: Path) -> Threads:
    """New topics with nothing on them."""
    settings = tagged_settings(broker, tmp_path)
    create_topics(settings)
    return Threads(settings, load_detector(), load_families())


def wait_until(holds: Callable[[], object], what: str, seconds: float = 60) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


def test_alerts_reach_a_webhook_that_fails_in_every_way(threads: Threads) -> None:
    """Each at least once, of each event in order, as their own bytes; what is refused lies on the topic of the undelivered."""
    told = [*threads.play("01"), *threads.play("09"), *threads.play("08")]
    refused, filtered = told[1], {alert.alert_id for alert in told if alert.type == "solidarity"}
    topic = threads.settings.topics.alerts
    publish(threads.settings, topic, [("odd", b"no alert"), (told[0].event_id, encode_alert(told[0]))])
    receiver = Receiver(
        plan=[Answer(500), Answer(429, {"Retry-After": "1"}), Answer(delay=3), Answer(hang_up=True), Answer(503)],
        refused_keys={refused.alert_id},
    )
    patience = {"DETECTOR_FORWARD__TIMEOUT_SECONDS": "1", "DETECTOR_FORWARD__RETRY_INITIAL_SECONDS": "0.1"}
    arguments = ("forward", "--type", "ceasefire", "--from", "beginning")
    with receiving_beside(receiver):
        target = ("--to", "webhook", receiver.url)
        with running(*arguments, *target, environment=environment(threads.settings, **patience)) as forward:
            wait_until(lambda: len(receiver.accepted) >= len(told) - len(filtered) - 1, "not everything arrived")
            wait_until(lambda: len(letters(threads)) == 2, "the undelivered are missing")
            time.sleep(1.5)
            assert forward.end(signal.SIGTERM) == 0
            assert not any("secret" in line for line in forward.said)
        first = list(receiver.accepted)
        later = threads.play("16")
        with running(*arguments, *target, environment=environment(threads.settings, **patience)) as forward:
            wait_until(lambda: len(receiver.accepted) == len(first) + len(later), "the later ones are missing")
            assert any("resumes where it left off" in line for line in forward.said)
    expected = [alert for alert in told if alert.alert_id not in filtered | {refused.alert_id}]
    assert sorted(item.body for item in first) == sorted(map(encode_alert, expected)), "none lost, none twice"
    assert [item.body for item in receiver.accepted[len(first) :]] == list(map(encode_alert, later))
    for event_id in {alert.event_id for alert in expected}:
        arrived = [alert for alert in map(json.loads, (item.body for item in first)) if alert["event_id"] == event_id]
        assert [alert["sequence"] for alert in arrived] == sorted(alert["sequence"] for alert in arrived)
    keys = [item.headers["Idempotency-Key"] for item in first]
    assert sorted(keys) == sorted(alert.alert_id for alert in expected)
    kept = {key: (value, about) for key, value, about in letters(threads)}
    assert kept[refused.event_id][0] == encode_alert(refused)
    assert kept[refused.event_id][1]["reason"] == "refused" and "422" in kept[refused.event_id][1]["detail"]
    assert (kept["odd"][0], kept["odd"][1]["reason"]) == (b"no alert", "not_an_alert")


def letters(threads: Threads) -> list[tuple[str, bytes, dict[str, str]]]:
    """The undelivered alerts: key, bytes, and what the headers say."""
    return [
        (
            record.key.decode(),
            record.value,
            {name.removeprefix("detector."): value.decode() for name, value in record.headers},
        )
        for record in read_topic(threads.settings.broker, threads.settings.topics.undelivered)
    ]


def test_an_alert_that_nobody_takes_is_given_up_and_the_next_one_tried(threads: Threads) -> None:
    told = threads.play("08")
    receiver = Receiver(failing_keys={told[0].alert_id})
    patience = {"DETECTOR_FORWARD__GIVE_UP_SECONDS": "1", "DETECTOR_FORWARD__RETRY_INITIAL_SECONDS": "0.2"}
    with receiving_beside(receiver):
        arguments = ("forward", "--to", "webhook", receiver.url, "--group", "g", "--from", "beginning")
        with running(*arguments, environment=environment(threads.settings, **patience)):
            wait_until(lambda: receiver.accepted, "nothing arrived")
            wait_until(lambda: letters(threads), "nothing was kept")
    ((key, value, about),) = letters(threads)
    assert (key, value) == (told[0].event_id, encode_alert(told[0]))
    assert about["reason"] == "gave_up" and "tries in 1 s: answer 500" in about["detail"]
    assert len(receiver.requests) > 2
    assert [json.loads(item.body)["sequence"] for item in receiver.accepted] == [1]


def test_what_was_not_taken_is_sent_again_when_asked_for(threads: Threads) -> None:
    """Once: what is taken now is not sent by the next call, what is refused again lies there again, others' letters stay."""
    told = [*threads.play("08"), *threads.play("16")]
    publish(threads.settings, threads.settings.topics.undelivered, [("odd", b"of nobody")])
    patience = environment(threads.settings, DETECTOR_FORWARD__GIVE_UP_SECONDS="0.5")
    receiver = Receiver(refused_keys={alert.alert_id for alert in told})
    stubborn = told[-1].alert_id
    with receiving_beside(receiver):
        arguments = ("forward", "--to", "webhook", receiver.url)
        nothing = run_detector(*arguments, "--undelivered", environment=patience)
        assert "0 undelivered alerts taken" in nothing.stderr
        with running(*arguments, "--from", "beginning", environment=patience):
            wait_until(lambda: len(letters(threads)) == len(told) + 1, "nothing was kept")
        elsewhere = run_detector(*arguments[:-1], f"{receiver.url}/other", "--undelivered", environment=patience)
        assert f"0 put back; {len(told) + 1} passed over" in elsewhere.stderr and not receiver.accepted
        receiver.refused_keys = {stubborn}
        first = run_detector(*arguments, "--undelivered", environment=patience)
        assert f"{len(told) - 1} undelivered alerts taken" in first.stderr and "1 put back" in first.stderr
        assert sorted(item.body for item in receiver.accepted) == sorted(map(encode_alert, told[:-1]))
        receiver.refused_keys = set()
        second = run_detector(*arguments, "--undelivered", environment=patience)
        assert "1 undelivered alerts taken" in second.stderr and "0 put back" in second.stderr
        assert [item.headers["Idempotency-Key"] for item in receiver.accepted][len(told) - 1 :] == [stubborn]
        assert letters(threads)[-1][2]["topic"] == threads.settings.topics.alerts, "where it first stood"
    assert [done.returncode for done in (nothing, elsewhere, first, second)] == [0, 0, 0, 0]


def test_nothing_is_lost_when_it_is_killed(threads: Threads) -> None:
    """Three times SIGKILL in the middle: every alert arrives, some perhaps twice under the same key."""
    told = [*threads.play("01"), *threads.play("09"), *threads.play("13"), *threads.play("16")]
    receiver = Receiver()
    with receiving_beside(receiver):
        arguments = ("forward", "--to", "webhook", receiver.url, "--group", "g", "--from", "beginning")
        for part in (1, 2, 3):
            with running(*arguments, environment=environment(threads.settings)):
                enough = len(told) * part // 4
                wait_until(lambda enough=enough: len(receiver.accepted) > enough, "nothing arrives")  # type: ignore[misc]  # a default of its own
        with running(*arguments, environment=environment(threads.settings)):
            names = {alert.alert_id for alert in told}
            wait_until(
                lambda: names == {item.headers["Idempotency-Key"] for item in receiver.accepted}, "an alert was lost"
            )


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--to", "webhook", "desk.example"), 2, "is no address like https://host/path"),
        (("--to", "pager", "http://desk.example"), 2, "pager"),
        ((), 2, "--to"),
        (("--to", "alertmanager", "http://x", "--whole-threads"), 2, "--whole-threads is for webhooks"),
        (("--to", "webhook", "http://x", "--undelivered", "--type", "atrocity"), 2, "takes no filter"),
    ],
)
def test_misuse_is_one_sentence(threads: Threads, arguments: tuple[str, ...], status: int, said: str) -> None:
    done = run_detector("forward", *arguments, environment=environment(threads.settings))
    assert (done.returncode, said in done.stderr) == (status, True), done.stderr
    assert "Traceback" not in done.stderr


@contextmanager
def running_alertmanager(folder: Path, port: int) -> Iterator[str]:
    """A real Alertmanager that groups by event; its address."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if program is None:
        pytest.skip("no Alertmanager: install Debian's package prometheus-alertmanager, as .ci/run does")
    config = folder / "alertmanager.yml"
    config.write_text("route: {receiver: none, group_by: [event_id]}\nreceivers: [{name: none}]\n")
    address = f"127.0.0.1:{port}"
    options = (
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={address}",
        "--cluster.listen-address=",
    )
    with (folder / "alertmanager.log").open("wb") as log:
        process = subprocess.Popen([program, f"--config.file={config}", *options], stdout=log, stderr=log)
        try:
            wait_until(lambda: _answers(f"http://{address}/-/ready"), "Alertmanager does not start", 30)
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(20)


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[str]:
    """Address of a real Alertmanager."""
    with running_alertmanager(tmp_path, usable_port(0)) as address:
        yield address


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310 - our own Alertmanager
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def active(alertmanager: str) -> dict[str, list[dict[str, Any]]]:
    """The alerts that Alertmanager shows, by the event that it groups them by."""
    with urlopen(f"{alertmanager}/api/v2/alerts/groups", timeout=5) as answer:  # noqa: S310 - our own Alertmanager
        groups = json.loads(answer.read())
    return {
        group["labels"]["event_id"]: [alert for alert in group["alerts"] if alert["status"]["state"] == "active"]
        for group in groups
    }


def statuses(alertmanager: str) -> dict[str, list[str]]:
    """The statuses that Alertmanager shows of each event."""
    return {
        name: [alert["labels"]["status"] for alert in found] for name, found in active(alertmanager).items() if found
    }


@pytest.mark.timeout(240)
def test_alertmanager_shows_the_live_events(threads: Threads, alertmanager: str) -> None:
    """An alert arrives grouped by event, changes with it, resolves on cancel and expiry, and lives as long as the event."""
    fast = environment(threads.settings, DETECTOR_FORWARD__RESEND_SECONDS="1")
    story = threads.play_slowly("01")
    first: list[Alert] = next(story)
    with running("forward", "--to", "alertmanager", alertmanager, environment=fast) as forward:
        truce = first[0].event_id
        wait_until(lambda: statuses(alertmanager) == {truce: ["agreed"]}, "what lived before is not shown")
        (shown,) = active(alertmanager)[truce]
        assert shown["labels"]["alertname"] == ALERT_NAME
        assert shown["annotations"]["headline"] == first[0].headline
        assert shown["annotations"]["evidence"] == first[0].evidence[0].sentence
        next(story)
        wait_until(lambda: statuses(alertmanager) == {truce: ["violated"]}, "the update is not shown")
        vigil = threads.play_slowly("09")
        held = next(vigil)[0].event_id
        wait_until(lambda: statuses(alertmanager).get(held) == ["held"], "the second event is not shown")
        for _ in vigil:
            pass
        wait_until(lambda: held not in statuses(alertmanager), "the cancel does not resolve it")
        settings = threads.settings
        live = next(iter(statuses(alertmanager)), None) or another(threads, alertmanager)
        time.sleep(6)  # longer than the four intervals after which an event resolves that is not sent again
        assert live in statuses(alertmanager), "a live event does not stay"
        publish(settings, settings.topics.events, [(live, None)])
        wait_until(lambda: live not in statuses(alertmanager), "the tombstone does not resolve it")
        other = another(threads, alertmanager)
        assert forward.end(signal.SIGTERM) == 0
    wait_until(lambda: other not in statuses(alertmanager), "what nobody speaks for any more stays")
    assert letters(threads) == []


def another(threads: Threads, alertmanager: str) -> str:
    """Open one more event that lives, and wait until it is shown."""
    event_id = threads.play("16")[-1].event_id
    wait_until(lambda: event_id in statuses(alertmanager), "another event is not shown")
    return event_id


@pytest.mark.timeout(240)
def test_alertmanager_that_was_away_gets_everything(threads: Threads, tmp_path: Path) -> None:
    """Alerts wait for an address that does not answer; a filter keeps what it names and lets go what leaves it."""
    port = usable_port(0)
    fast = environment(
        threads.settings, DETECTOR_FORWARD__RESEND_SECONDS="1", DETECTOR_FORWARD__RETRY_MAX_SECONDS="0.5"
    )
    story = threads.play_slowly("01")
    arguments = ("forward", "--to", "alertmanager", f"http://127.0.0.1:{port}", "--status", "agreed")
    with running(*arguments, "--from", "beginning", environment=fast) as forward:
        truce = next(story)[0].event_id
        forward.wait_until_said("trying again")
        with running_alertmanager(tmp_path, port) as address:
            wait_until(lambda: statuses(address) == {truce: ["agreed"]}, "what waited does not arrive")
            next(story)
            wait_until(lambda: not statuses(address), "an event that leaves the filter stays")
    assert letters(threads) == []
