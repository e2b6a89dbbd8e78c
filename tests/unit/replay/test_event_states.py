"""The states of events in a replay: the latest of each, a minute late at most, and all of them in the end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from detector.core.correlation.correlator import Correlator
from detector.core.correlation.families import Families
from detector.core.correlation.rules import Rules
from detector.core.correlation.step import Step
from detector.core.eventtypes import EventType
from detector.replay import event_states
from detector.replay.event_states import EventStates
from detector.settings import Settings
from tests.support.records import DETECTION, NOON


class Run:
    """A correlator whose steps go to the states, and a clock."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.states = EventStates(Settings(), lambda: self.seconds)
        self._correlator = Correlator(Rules(), Families({}, frozenset()))

    def read(self, n: int, **changes: object) -> Step:
        """Correlate one more article."""
        changed = {"article_id": f"a{n}", "detection_id": f"{n:032d}", "outlet": f"Outlet {n}"} | changes
        step = self._correlator.process(replace(DETECTION, **changed))  # type: ignore[arg-type]  # fields by name
        self.states.take(step, n)
        return step

    def due(self, *, everything: bool = False) -> list[tuple[int, str, bytes | None]]:
        """What is to be written now."""
        due = [(n, (out.key or b"").decode(), out.value) for n, out in self.states.due(everything=everything)]
        assert len(self.states.due(everything=everything)) == len(due), "until it is written, it waits"
        self.states.written()
        return due


def test_of_an_event_the_latest_state_is_written_once_it_is_due() -> None:
    run = Run()
    run.read(1)
    latest = run.read(2).events[-1]
    assert run.due() == []
    run.seconds = 61
    assert run.due() == [(2, latest.key, latest.value)]
    assert run.due(everything=True) == []
    newer = run.read(3).events[-1]
    assert newer.value != latest.value
    assert run.due() == []
    assert run.due(everything=True) == [(3, newer.key, newer.value)]


def test_a_forgotten_event_is_written_before_it_is_taken_back() -> None:
    run = Run()
    last = run.read(1, type=EventType.ATROCITY, status="reported").events[-1]
    late = NOON + timedelta(days=60)
    step = run.read(2, published_at=late, ingested_at=late, detected_at=late)
    assert step.expired == (last.key,)
    assert run.due() == [(1, last.key, last.value), (2, last.key, None)]
    assert [key for _, key, _ in run.due(everything=True)] == [step.events[-1].key]


def test_so_many_supports_wait_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_states, "_SUPPORTS", 4)
    run = Run()
    for n in range(3):
        run.read(n)
        assert run.due() == []
    run.read(3)
    assert len(run.due()) == 1
    run.read(4)
    assert len(run.due()) == 1, "counted by what the event holds"
