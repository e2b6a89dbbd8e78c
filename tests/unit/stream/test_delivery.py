"""Delivery returns only once the broker has everything; what fails is held and tried again, what is our defect is raised."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from itertools import pairwise

import pytest
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError, RequestTimedOutError
from faust.exceptions import ProducerSendError

from detector.metrics import Metrics
from detector.settings import HealthSettings, WorkerSettings
from detector.stream.delivery import Delivery
from detector.stream.health import Health
from detector.stream.messages import Outgoing

SETTINGS = WorkerSettings(retry_initial_seconds=0.2, retry_max_seconds=3.0)
RECORDS = tuple(Outgoing(topic="detections", key=value, value=value) for value in (b"one", b"two", b"three"))


class Broker:
    """Takes records, after having failed for each as often as it is told to."""

    def __init__(self, failures: dict[bytes, list[Exception]] | None = None) -> None:
        self.failures = failures or {}
        self.attempts: Counter[bytes] = Counter()
        self.taken: list[bytes] = []

    async def __call__(self, record: Outgoing, /) -> Awaitable[None]:
        """Put one in line."""
        return self._acknowledge(record)

    async def _acknowledge(self, record: Outgoing) -> None:
        value = record.value or b""
        self.attempts[value] += 1
        await asyncio.sleep(0)
        if left := self.failures.get(value):
            raise left.pop(0)
        self.taken.append(value)


class Bench:
    """A delivery with everything around it in view; `slept` is how long it waited each time."""

    def __init__(
        self,
        send: Callable[[Outgoing], Awaitable[Awaitable[None]]],
        *,
        jitter: float = 1.0,
        on_sleep: Callable[[], None] = lambda: None,
    ) -> None:
        self.metrics = Metrics()
        self.health = Health(HealthSettings())
        self.slept: list[float] = []
        self.on_sleep = on_sleep
        self.delivery = Delivery(
            send,
            settings=SETTINGS,
            metrics=self.metrics,
            health=self.health,
            sleep=self._sleep,
            jitter=lambda: jitter,
        )

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.on_sleep()
        await asyncio.sleep(0)

    def value(self, name: str) -> float | None:
        """Read a metric."""
        return self.metrics.registry.get_sample_value(name)


def test_what_the_broker_takes_is_sent_once() -> None:
    broker = Broker()
    bench = Bench(broker)
    asyncio.run(bench.delivery.deliver(RECORDS))
    assert broker.attempts == {b"one": 1, b"two": 1, b"three": 1}
    assert bench.slept == []
    assert bench.value("detector_retries_total") == 0


def test_nothing_to_deliver_is_delivered_at_once() -> None:
    broker = Broker()
    asyncio.run(Bench(broker).delivery.deliver([]))
    assert not broker.attempts


@pytest.mark.parametrize(
    "error",
    [
        KafkaConnectionError(),
        RequestTimedOutError(),
        KafkaTimeoutError(),
        ProducerSendError(),
        OSError(),
        TimeoutError(),
    ],
    ids=repr,
)
def test_what_fails_is_sent_again_until_it_works(error: Exception) -> None:
    broker = Broker({b"two": [error] * 5})
    bench = Bench(broker)
    asyncio.run(bench.delivery.deliver(RECORDS))
    assert sorted(broker.taken) == [b"one", b"three", b"two"]
    assert broker.attempts[b"two"] == 6


def test_what_the_broker_has_is_not_sent_again() -> None:
    broker = Broker({b"two": [KafkaConnectionError()] * 3, b"three": [KafkaConnectionError()]})
    bench = Bench(broker)
    asyncio.run(bench.delivery.deliver(RECORDS))
    assert broker.attempts == {b"one": 1, b"two": 4, b"three": 2}
    assert bench.value("detector_retries_total") == 4


def test_it_waits_twice_as_long_each_time_up_to_a_limit() -> None:
    bench = Bench(Broker({b"one": [KafkaConnectionError()] * 8}))
    asyncio.run(bench.delivery.deliver(RECORDS))
    assert bench.slept == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.0, 3.0, 3.0, 3.0])


def test_jitter_shortens_a_wait_by_at_most_half() -> None:
    waits = []
    for jitter in (0.0, 0.5, 1.0):
        bench = Bench(Broker({b"one": [KafkaConnectionError()]}), jitter=jitter)
        asyncio.run(bench.delivery.deliver(RECORDS))
        waits += bench.slept
    assert waits == pytest.approx([0.1, 0.15, 0.2])
    assert all(a < b for a, b in pairwise(waits))


def test_a_held_batch_shows_in_readiness_and_metrics_while_it_is_held() -> None:
    seen: list[tuple[bool, float | None]] = []
    bench = Bench(
        Broker({b"one": [KafkaConnectionError()] * 2}),
        on_sleep=lambda: seen.append((_holds(bench.health), bench.value("detector_retries_held"))),
    )
    asyncio.run(bench.delivery.deliver(RECORDS))
    assert seen == [(True, 1), (True, 1)]
    assert not _holds(bench.health)
    assert bench.value("detector_retries_held") == 0


@pytest.mark.parametrize("error", [ValueError("not sendable"), RuntimeError("no producer"), TypeError()], ids=repr)
def test_an_error_that_retrying_cannot_mend_is_raised(error: Exception) -> None:
    broker = Broker({b"two": [error]})
    bench = Bench(broker)
    with pytest.raises(type(error)):
        asyncio.run(bench.delivery.deliver(RECORDS))
    assert broker.attempts[b"two"] == 1
    assert bench.slept == []


def test_an_error_raised_while_holding_leaves_nothing_held() -> None:
    bench = Bench(Broker({b"one": [KafkaConnectionError(), ValueError("a defect")]}))
    with pytest.raises(ValueError, match="a defect"):
        asyncio.run(bench.delivery.deliver(RECORDS))
    assert not _holds(bench.health)
    assert bench.value("detector_retries_held") == 0


def test_a_worker_that_is_told_to_stop_while_holding_stops() -> None:
    """And does not call the batch delivered."""

    async def scenario() -> tuple[Bench, bool]:
        third_sleep = asyncio.Event()

        async def fails(_record: Outgoing) -> Awaitable[None]:
            raise KafkaConnectionError

        def count() -> None:
            if len(bench.slept) == 3:
                third_sleep.set()

        bench = Bench(fails, on_sleep=count)
        task = asyncio.create_task(bench.delivery.deliver(RECORDS))
        await third_sleep.wait()
        task.cancel()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        return bench, isinstance(outcome, asyncio.CancelledError)

    bench, cancelled = asyncio.run(scenario())
    assert cancelled
    assert not _holds(bench.health)
    assert bench.value("detector_retries_held") == 0


def test_records_of_one_key_come_out_in_their_order_whatever_failed() -> None:
    """What failed is sent again, and so is everything of its key behind it; the last one asked for is the last one there."""
    records = [
        Outgoing(topic="events", key=key, value=value) for key, value in ((b"k", b"1"), (b"o", b"2"), (b"k", b"3"))
    ]
    broker = Broker({b"1": [RequestTimedOutError()]})
    asyncio.run(Bench(broker).delivery.deliver(records))
    assert broker.attempts == {b"1": 2, b"2": 1, b"3": 2}
    assert [value for value in broker.taken if value != b"2"] == [b"3", b"1", b"3"]


def test_records_are_put_in_line_one_after_another() -> None:
    """Even when the producer has no room: the second does not pass the first while that waits."""
    line: list[bytes | None] = []

    async def slow_at_first(record: Outgoing) -> Awaitable[None]:
        await asyncio.sleep(0.01 if record.value == b"one" else 0)
        line.append(record.value)
        return asyncio.sleep(0)

    asyncio.run(Bench(slow_at_first).delivery.deliver(RECORDS))
    assert line == [b"one", b"two", b"three"]


def _holds(health: Health) -> bool:
    return "a delivery fails and is tried again" in health.ready_problems()
