"""`detector watch` and `events` on real topics: threads, the present and what follows, groups, a broker that restarts."""

import json
import signal
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from detector.broker.embedded import EmbeddedBroker, usable_port
from detector.cli.main import cli
from detector.core.records import Alert
from detector.core.wire import encode_alert, encode_event
from detector.kafka.admin import create_topics
from detector.loading import load_detector, load_families
from detector.settings import EmbeddedBrokerSettings, Settings
from tests.support.command import run_detector
from tests.support.pipeline import tagged_settings
from tests.support.records import EVENT
from tests.support.running import running
from tests.support.threads import Threads, environment, publish

SCENARIOS = ("01", "08", "09", "10", "13", "24", "27")


@pytest.fixture(scope="module")
def told(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Threads:
    """Topics that hold several scenarios: collapse and renewal, edits, withdrawals, merging and parting, expiry."""
    threads = fresh(broker, tmp_path_factory.mktemp("threads"))
    for scenario in SCENARIOS:
        threads.play(scenario)
    return threads


def fresh(broker: str, folder: Path) -> Threads:
    """New topics with nothing on them."""
    settings = tagged_settings(broker, folder)
    create_topics(settings)
    return Threads(settings, load_detector(), load_families())


def read(settings: Settings, *arguments: str) -> list[dict[str, Any]]:
    """The JSON lines of a command that ends; run in this process, which spares its start."""
    done = CliRunner().invoke(cli, [*arguments, "--json"], env=environment(settings), catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def watched(threads: Threads, *arguments: str) -> set[str]:
    """Ids of the alerts that a watch from the beginning shows."""
    return {
        item["alert_id"] for item in read(threads.settings, "watch", "--from", "beginning", "--until-end", *arguments)
    }


def ids(alerts: list[Alert]) -> list[str]:
    """The alerts' ids."""
    return [alert.alert_id for alert in alerts]


def test_json_is_the_alerts_own_bytes(told: Threads) -> None:
    done = run_detector("watch", "--from", "beginning", "--until-end", "--json", environment=environment(told.settings))
    assert sorted(done.stdout.splitlines()) == sorted(encode_alert(alert).decode() for alert in told.published)


def test_filters_keep_what_they_name_and_the_withdrawals_of_it(told: Threads) -> None:
    """Certainty, severity, outlets and the word for what has no place."""
    wanted: dict[tuple[str, ...], Callable[[Alert], bool]] = {
        ("--certainty", "likely"): lambda alert: alert.certainty == "likely",
        ("--severity", "severe", "--severity", "none"): lambda alert: alert.severity in {"severe", None},
        ("--min-outlets", "3"): lambda alert: alert.independent_outlets >= 3,
        ("--country", "none"): lambda alert: alert.place is None,
        ("--country", "ye", "--country", "none"): lambda alert: alert.place is None or alert.place.country == "YE",
    }
    for arguments, holds in wanted.items():
        expected, events = set(), set()
        for alert in told.published:
            if holds(alert) or (alert.message_type == "cancel" and alert.event_id in events):
                expected.add(alert.alert_id)
                events.add(alert.event_id)
        assert watched(told, *arguments) == expected, arguments
        assert 0 < len(expected) < len(told.published), arguments


def test_lines_tell_event_sequence_and_what_changed(told: Threads) -> None:
    """From what to what, why it was withdrawn, and which event it went into, came from or renews."""
    done = run_detector("watch", "--from", "beginning", "--until-end", environment=environment(told.settings))
    rows = {row[6]: row for line in done.stdout.splitlines() if (row := line.split("\t"))}
    assert len(rows) == len(told.published)
    truce, renewed = told.published[0].event_id[:8], told.published[3].event_id[:8]
    assert rows[f"{truce}#1"][7:9] == [
        "update",
        "status agreed → violated; certainty possible → likely; severity minor → moderate; independent outlets 1 → 2",
    ]
    assert rows[f"{renewed}#0"][7:9] == ["alert", f"a new truce after one that collapsed; see {truce}"]
    notes = {row[8] for row in rows.values()}
    assert any(note.startswith("part of another event; see ") for note in notes)
    assert any(note.startswith("parted from another event; see ") for note in notes)
    assert "its last article was edited and reports it no more" in notes


def test_current_is_what_lives_and_nothing_else(told: Threads) -> None:
    """The events' own bytes, cancelled and expired ones left out, latest news last; the filters hold."""
    live = {name: event for name, event in told.current().items() if event.state == "live"}
    arguments = ("watch", "--current", "--until-end", "--json")
    done = run_detector(*arguments, environment=environment(told.settings))
    shown = done.stdout.splitlines()
    assert sorted(shown) == sorted(encode_event(event).decode() for event in live.values())
    times = [json.loads(line)["last_seen"] for line in shown]
    assert times == sorted(times)
    assert len(live) < len({alert.event_id for alert in told.published})
    fewer = read(told.settings, "watch", "--current", "--until-end", "--type", "atrocity")
    assert {item["event_id"] for item in fewer} == {name for name, event in live.items() if event.type == "atrocity"}
    assert {item["event_id"] for item in read(told.settings, "events", "list")} == live.keys()
    everything = read(told.settings, "events", "list", "--withdrawn")
    assert {item["event_id"] for item in everything} == told.current().keys()


def test_current_goes_on_without_gap_or_repeat(broker: str, tmp_path: Path) -> None:
    """An alert whose event was not written yet is shown; those that the situation counts, and of expired events, are not."""
    threads = fresh(broker, tmp_path)
    threads.play("27")
    story = threads.play_slowly("01")
    before = [alert for _ in range(2) for alert in next(story)]
    ahead = fresh(broker, tmp_path).play("08")[0]  # its event is on another topic
    publish(threads.settings, threads.settings.topics.alerts, [(ahead.event_id, encode_alert(ahead))])
    with running("watch", "--current", "--json", environment=environment(threads.settings)) as watch:
        first = [json.loads(line) for line in watch.wait_for(3)]
        assert [item.get("alert_id") for item in first] == [None, None, ahead.alert_id]
        assert {item["event_id"] for item in first[:2]} == {
            name for name, event in threads.current().items() if event.state == "live"
        }
        assert before[0].event_id in {item["event_id"] for item in first[:2]}
        after = [alert for alerts in story for alert in alerts]
        publish(
            threads.settings, threads.settings.topics.alerts, [(a.event_id, encode_alert(a)) for a in before + after]
        )
        shown = [json.loads(line)["alert_id"] for line in watch.wait_for(3 + len(after))[3:]]
        time.sleep(1)
        assert sorted(shown) == sorted(ids(after))
        assert len(watch.lines) == 3 + len(after), "redelivered alerts are shown once"
        assert watch.end() == 130


def test_a_group_resumes_where_it_left_off(broker: str, tmp_path: Path) -> None:
    """After Ctrl-C nothing is lost or repeated but the last; after SIGKILL nothing is lost."""
    threads = fresh(broker, tmp_path)
    first = threads.play("01")
    arguments = ("watch", "--group", f"desk-{uuid.uuid4().hex[:8]}", "--from", "beginning", "--json")
    seen: list[list[str]] = []
    told = list(first)
    for scenario, how in (("09", signal.SIGINT), ("13", signal.SIGKILL), (None, signal.SIGINT)):
        with running(*arguments, environment=environment(threads.settings)) as watch:
            missing = set(ids(told)) - {name for names in seen for name in names}
            lines = watch.wait_for(len(missing))
            time.sleep(1.5)
            watch.end(how)
            lines = list(watch.lines)
        seen.append([json.loads(line)["alert_id"] for line in lines])
        assert missing <= set(seen[-1])
        told += threads.play(scenario) if scenario else []
    assert sorted(seen[0]) == sorted(ids(first))
    for event in {
        alert.event_id for alert in first
    }:  # order is kept within an event, whose alerts lie in one partition
        thread = ids([alert for alert in first if alert.event_id == event])
        assert [name for name in seen[0] if name in thread] == thread
    assert {name for names in seen for name in names} == set(ids(told))
    assert len(set(seen[0]) & set(seen[1])) <= 1


def test_a_group_that_began_at_the_end_hears_what_came_while_it_was_away(broker: str, tmp_path: Path) -> None:
    """Even when it saw nothing at all before it ended."""
    threads = fresh(broker, tmp_path)
    threads.play("09")
    arguments = ("watch", "--group", f"desk-{uuid.uuid4().hex[:8]}")
    with running(*arguments, environment=environment(threads.settings)) as watch:
        watch.wait_until_said("Watching")
        watch.end()
        assert watch.lines == []
    later = threads.play("08")
    with running(*arguments, environment=environment(threads.settings)) as watch:
        shown = [line.split("\t")[6] for line in watch.wait_for(len(later))]
    assert shown == [f"{alert.event_id[:8]}#{alert.sequence}" for alert in later]


@pytest.mark.timeout(240)
def test_watch_survives_a_restart_of_the_broker(tmp_path: Path) -> None:
    """With a group and without one, alerts from before and after the restart are shown, each once."""
    embedded = EmbeddedBrokerSettings(port=usable_port(0), data_dir=tmp_path / "kafka")
    broker = EmbeddedBroker(embedded)
    broker.start()
    try:
        threads = fresh(broker.address, tmp_path)
        with (
            running("watch", environment=environment(threads.settings)) as alone,
            running("watch", "--group", "desk", environment=environment(threads.settings)) as member,
        ):
            alone.wait_until_said("Watching")
            member.wait_until_said("Watching")
            told = threads.play("09")
            alone.wait_for(len(told))
            member.wait_for(len(told))
            broker.stop()
            time.sleep(3)
            broker = EmbeddedBroker(embedded)
            broker.start()
            told += threads.play("01")
            for watch in (alone, member):
                shown = [line.split("\t")[6] for line in watch.wait_for(len(told))]
                assert shown == [f"{alert.event_id[:8]}#{alert.sequence}" for alert in told]
    finally:
        broker.stop()


def test_show_tells_the_whole_thread(told: Threads, broker: str, tmp_path: Path) -> None:
    """By the beginning of its id: articles, evidence, transitions, alerts; as lines and as JSON."""
    own = Threads(tagged_settings(broker, tmp_path), told.detector, told.families)
    create_topics(own.settings)
    own.play("16")
    ((event_id, event),) = own.current().items()
    done = run_detector("events", "show", event_id[:8], environment=environment(own.settings))
    assert done.returncode == 0, done.stderr
    rows = [line.split("\t") for line in done.stdout.splitlines()]
    assert len(event.transitions) > 1
    assert rows[0] == ["event", event_id]
    assert [row[2] for row in rows if row[0] == "article"] == [item.article_id for item in event.supports]
    sentences = [row[3] for row in rows if row[0] == "evidence"]
    assert sentences == [found.sentence for item in event.supports for found in item.evidence]
    assert [row[2] for row in rows if row[0] == "transition"] == [step.status for step in event.transitions]
    assert [row[7] for row in rows if row[0] == "alert"] == [f"{event_id[:8]}#{n}" for n in range(len(event.alerts))]
    done = run_detector("events", "show", event_id, "--json", environment=environment(own.settings))
    content = json.loads(done.stdout)
    assert content["event"]["event_id"] == event_id
    assert [alert["alert_id"] for alert in content["alerts"]] == list(event.alerts)


def test_show_tells_of_what_is_over(told: Threads) -> None:
    """Why an event was cancelled; of an expired one the alerts that are left."""
    cancelled = next(alert for alert in told.published if alert.message_type == "cancel")
    done = run_detector("events", "show", cancelled.event_id, environment=environment(told.settings))
    assert f"reason\t{cancelled.reason}" in done.stdout and "state\tcancelled" in done.stdout
    current = told.current()
    expired = next(alert for alert in told.published if alert.event_id not in current)
    done = run_detector("events", "show", expired.event_id[:10], environment=environment(told.settings))
    assert done.stdout.splitlines()[:2] == [f"event\t{expired.event_id}", "state\texpired"]
    assert len(done.stdout.splitlines()) == 2 + [alert.event_id for alert in told.published].count(expired.event_id)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("events", "show", "zzz"), 1, "no event's id begins with 'zzz'"),
        (("events", "show", ""), 2, "ID is empty"),
        (("watch", "--group", "a b"), 2, "is no group name"),
        (("watch", "--group", "a", "--until-end"), 2, "leave out --group"),
        (("watch", "--current", "--from", "beginning"), 2, "leave out --from"),
        (("watch", "--country", "Syria"), 2, "no two-letter country code"),
    ],
)
def test_misuse_is_one_sentence(told: Threads, arguments: tuple[str, ...], status: int, said: str) -> None:
    done = run_detector(*arguments, environment=environment(told.settings))
    assert (done.returncode, said in done.stderr) == (status, True), done.stderr
    assert "Traceback" not in done.stderr


def test_an_ambiguous_id_names_the_events(broker: str, tmp_path: Path) -> None:
    settings = fresh(broker, tmp_path).settings
    names = ("ab" * 16, "ac" * 16)
    publish(settings, settings.topics.events, [(name, encode_event(replace(EVENT, event_id=name))) for name in names])
    done = run_detector("events", "show", "a", environment=environment(settings))
    assert done.returncode == 2
    assert "give more of it" in done.stderr and all(name in done.stderr for name in names)
