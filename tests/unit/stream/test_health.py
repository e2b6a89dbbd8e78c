"""Liveness says when a restart helps, readiness when the job can be done; the broker's absence is no reason to restart."""

import pytest

from detector.settings import HealthSettings
from detector.stream.health import Health


class Clock:
    """Stands still until told otherwise."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Give the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock of `health`."""
    return Clock()


@pytest.fixture
def health(clock: Clock) -> Health:
    """A worker that can do its job."""
    state = Health(HealthSettings(loop_stall_seconds=30, no_progress_seconds=300), clock=clock)
    state.model_loaded = state.broker_reachable = True
    state.assigned = 4
    return state


def test_a_worker_that_has_all_it_needs_is_live_and_ready(health: Health) -> None:
    assert health.live_problems() == health.ready_problems() == []


def test_a_new_worker_is_live_and_not_ready() -> None:
    state = Health(HealthSettings())
    assert state.live_problems() == []
    assert state.ready_problems() == [
        "the model is not loaded",
        "the broker does not answer",
        "no partitions assigned yet, or the group is rebalancing",
    ]


def test_no_partitions_is_ready_as_long_as_the_group_said_so(health: Health) -> None:
    """More workers than partitions: the spare one is fine."""
    health.assigned = 0
    assert health.ready_problems() == []
    health.assigned = None
    assert health.ready_problems() == ["no partitions assigned yet, or the group is rebalancing"]


def test_a_loop_that_does_not_turn_is_neither_live_nor_ready(health: Health, clock: Clock) -> None:
    clock.now += 30
    assert health.live_problems() == []
    clock.now += 1
    assert health.live_problems() == health.ready_problems() == ["the event loop has not turned for 31 s"]
    health.beat()
    assert health.live_problems() == []


def test_records_that_wait_without_progress_ask_for_a_restart(health: Health, clock: Clock) -> None:
    health.lag_seen(5)
    clock.now += 301
    health.beat()
    assert health.live_problems() == ["records wait and none was finished for 301 s"]
    health.progressed()
    assert health.live_problems() == []


def test_an_idle_topic_is_no_fault(health: Health, clock: Clock) -> None:
    for _ in range(10):
        clock.now += 100
        health.beat()
        health.lag_seen(0)
    assert health.live_problems() == []


def test_progress_is_counted_from_when_records_began_to_wait(health: Health, clock: Clock) -> None:
    clock.now += 1000
    health.beat()
    health.lag_seen(0)
    health.lag_seen(3)
    assert health.live_problems() == []


def test_an_absent_broker_makes_unready_and_never_unlive(health: Health, clock: Clock) -> None:
    health.lag_seen(5)
    health.broker_reachable = False
    clock.now += 10_000
    health.beat()
    assert health.live_problems() == []
    assert health.ready_problems() == ["the broker does not answer"]


def test_holding_a_batch_makes_unready_and_never_unlive(health: Health, clock: Clock) -> None:
    health.lag_seen(5)
    with health.holding(), health.holding():
        clock.now += 10_000
        health.beat()
        assert health.live_problems() == []
        assert health.ready_problems() == ["a delivery fails and is tried again"]
    health.progressed()
    assert health.ready_problems() == []


def test_holding_ends_with_its_error(health: Health) -> None:
    with pytest.raises(ValueError, match="x"), health.holding():
        raise ValueError("x")
    assert health.ready_problems() == []
