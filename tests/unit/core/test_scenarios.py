"""Every scenario gives exactly its thread: once, with everything redelivered, and with a restart before each record."""

from pathlib import Path
from typing import Any

import pytest

from detector.core import wire
from detector.core.correlation.families import Families
from detector.core.correlation.rules import DEFAULTS
from detector.core.detect import Detector
from detector.core.records import Alert, Event
from detector.loading import load_families
from tests.support.scenarios import Pipeline, letters, play, read, received, scenarios, shown

SHORTEST_QUIET = min(rules.quiet for rules in DEFAULTS.values() if rules.quiet)


@pytest.fixture(scope="module")
def families() -> Families:
    """The table that ships."""
    return load_families()


def test_there_are_enough_scenarios() -> None:
    assert len(scenarios()) >= 25


@pytest.mark.parametrize("path", scenarios(), ids=lambda path: path.stem)
def test_the_thread_is_the_one_expected(path: Path, detector: Detector, families: Families) -> None:
    scenario = read(path)
    pipeline = Pipeline(detector, families)
    told = list(play(pipeline, scenario["records"]))
    names = letters([alert for _, alert in told])
    numbers = {alert.alert_id: f"{names[alert.event_id]}{alert.sequence}" for _, alert in told}
    actual = [shown(alert, after, names, numbers) for after, alert in told]
    defaults: dict[str, Any] = {"changed": [], "references": [], "reason": None}
    expected = [defaults | item for item in scenario["thread"]]
    compared = [{key: item[key] for key in wanted} for item, wanted in zip(actual, expected, strict=False)]
    assert compared + actual[len(expected) :] == expected
    ids = {letter: event_id for event_id, letter in names.items()}
    current = pipeline.current()
    assert {names[event_id] for event_id in current} == set(scenario["events"])
    for letter, wanted in scenario["events"].items():
        assert _end(current[ids[letter]], names, wanted) == wanted


@pytest.mark.parametrize("path", scenarios(), ids=lambda path: path.stem)
def test_redelivery_and_restarts_tell_nothing_new(path: Path, detector: Detector, families: Families) -> None:
    """Each record comes twice, after each of them all of the last three again, and every correlator is restored each time."""
    records = read(path)["records"]
    once = Pipeline(detector, families)
    alone = [once.receive(record, number) for number, record in enumerate(records)]
    shaken = Pipeline(detector, families, restart=True)
    for number, record in enumerate(records):
        assert shaken.receive(record, number) == alone[number]
        for again in range(max(0, number - 2), number + 1):
            if received(record) - received(records[again]) > SHORTEST_QUIET:
                continue  # a record that comes again after its event is forgotten opens it anew, under the same ids
            repeated = shaken.receive(records[again], again)
            assert [value for value in repeated if value not in alone[again]] == []
        assert shaken.receive(record, number) == alone[number], "what it caused is told again, byte for byte"
    assert list(dict.fromkeys(shaken.alerts)) == once.alerts
    assert shaken.events == once.events
    assert shaken.changelogs == once.changelogs


@pytest.mark.parametrize("path", scenarios(), ids=lambda path: path.stem)
def test_no_thread_tells_the_same_twice(path: Path, detector: Detector, families: Families) -> None:
    """Sequences count up, each update names a change that is one, and refers to the alert before."""
    last: dict[str, Alert] = {}
    for value in [
        value
        for pipeline in [Pipeline(detector, families)]
        for number, record in enumerate(read(path)["records"])
        for value in pipeline.receive(record, number)
    ]:
        alert = wire.decode_alert(value)
        before = last.get(alert.event_id)
        assert alert.sequence == (before.sequence + 1 if before else 0)
        if before:
            assert before.alert_id in alert.references
        if alert.message_type == "update":
            assert before is not None and alert.changed
            for name in {"status", "certainty", "severity"} & set(alert.changed):
                assert getattr(alert, name) != getattr(before, name)
        last[alert.event_id] = alert


def _end(event: Event, names: dict[str, str], wanted: dict[str, Any]) -> dict[str, Any]:
    seen = {
        "state": event.state,
        "articles": [item.article_id for item in event.supports],
        "status": event.status,
        "follows": names[event.follows] if event.follows else None,
        "outlets": event.independent_outlets,
    }
    return {key: seen[key] for key in wanted}
