"""A batch is finished only after all it causes is delivered, in order; when it cannot be, the worker stops and nothing is."""

import asyncio
import threading
from collections.abc import Awaitable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from aiokafka.errors import MessageSizeTooLargeError
from structlog.testing import capture_logs

from detector.core.records import Rejected, RejectReason
from detector.errors import DeadLetterLimitError
from detector.metrics import Metrics
from detector.settings import DeadLetterSettings, HealthSettings, WorkerSettings
from detector.stream.dead_letter_limit import DeadLetterLimit
from detector.stream.delivery import Delivery
from detector.stream.health import Health
from detector.stream.messages import Incoming, Outcome, Outgoing
from detector.stream.outcomes import Work
from detector.stream.processing import BatchProcessor


class StoppedError(Exception):
    """Stands for the process having ended."""


class Bench:
    """A processor with everything around it recorded in `events`, in order."""

    def __init__(self, work: Work, *, send_error: Exception | None = None, max_share: float = 1.0) -> None:
        self.events: list[tuple[str, Any]] = []
        self.restored: list[set[int]] = []
        self.metrics = Metrics()
        self.health = Health(HealthSettings())
        self.send_error = send_error
        ticks = count()
        self.processor = BatchProcessor(
            work,
            rejected_topic="bad",
            delivery=Delivery(self._send, settings=WorkerSettings(), metrics=self.metrics, health=self.health),
            limit=DeadLetterLimit(DeadLetterSettings(max_share=max_share, window_records=10, min_records=2)),
            states=self,
            metrics=self.metrics,
            health=self.health,
            executor=ThreadPoolExecutor(max_workers=1),
            finish=lambda message: self.events.append(("finish", message.offset)),
            commit=self._commit,
            stop=self._stop,
            clock=lambda: float(next(ticks)),
        )

    async def restore(self, partitions: Collection[int]) -> None:
        """Note that the states are asked for."""
        self.restored.append(set(partitions))

    def measure(self) -> None:
        """Measure nothing."""

    async def _send(self, record: Outgoing) -> Awaitable[None]:
        return self._acknowledge(record)

    async def _acknowledge(self, record: Outgoing) -> None:
        await asyncio.sleep(0)
        if self.send_error:
            raise self.send_error
        self.events.append(("sent", record.value))

    async def _commit(self) -> None:
        self.events.append(("commit", None))

    def _stop(self, error: Exception) -> NoReturn:
        self.events.append(("stop", error))
        raise StoppedError

    def process(self, messages: Sequence[Any]) -> None:
        """Handle one batch."""
        asyncio.run(self.processor.process(messages))

    def names(self) -> list[str]:
        """What happened, in order."""
        return [name for name, _ in self.events]

    def value(self, name: str, **labels: str) -> float | None:
        """Read a metric."""
        return self.metrics.registry.get_sample_value(name, labels)


def messages(number: int, topic: str = "in") -> list[SimpleNamespace]:
    """Faust messages as the agents get them."""
    return [
        SimpleNamespace(
            topic=topic, partition=0, offset=offset, timestamp=1481796000.0, key=None, value=b"secret text", headers=[]
        )
        for offset in range(number)
    ]


def good(records: Sequence[Incoming]) -> list[Outcome]:
    """Every record causes one output."""
    return [
        Outcome(
            outgoing=(Outgoing(topic="out", key=None, value=str(record.offset).encode()),),
            counts={("articles",): 1, ("detections", "ceasefire", "agreed"): 2},
        )
        for record in records
    ]


def bad(records: Sequence[Incoming]) -> list[Outcome]:
    """Every record is rejected."""
    rejected = Rejected(field="text", reason=RejectReason.EMPTY, detail="the text is empty", article_id="a-1")
    return [
        Outcome(
            outgoing=(Outgoing(topic="bad", key=None, value=record.value),),
            rejected=rejected,
            counts={("rejected", "articles", "empty"): 1},
        )
        for record in records
    ]


def test_records_are_finished_in_order_after_everything_is_sent() -> None:
    bench = Bench(good)
    bench.process(messages(3))
    assert sorted(bench.events[:3]) == [("sent", b"0"), ("sent", b"1"), ("sent", b"2")]
    assert bench.events[3:] == [("finish", 0), ("finish", 1), ("finish", 2)]


def test_what_is_delivered_is_counted() -> None:
    bench = Bench(good)
    bench.process(messages(3))
    assert bench.value("detector_articles_total") == 3
    assert bench.value("detector_detections_total", type="ceasefire", status="agreed") == 6
    assert bench.value("detector_batch_articles_sum", topic="in") == 3
    assert bench.value("detector_batch_articles_count", topic="in") == 1
    assert bench.value("detector_classify_seconds_count") == 3
    assert bench.value("detector_classify_seconds_sum") == pytest.approx(1.0)


def test_end_to_end_seconds_run_from_the_broker_time_to_now() -> None:
    def alerted(records: Sequence[Incoming]) -> list[Outcome]:
        return [Outcome(alerted=(datetime.now(UTC) + timedelta(hours=1),)) for _ in records]

    bench = Bench(alerted)
    bench.process(messages(2))
    assert bench.value("detector_end_to_end_seconds_count") == 2
    assert bench.value("detector_end_to_end_seconds_sum") == 0  # a broker clock that is ahead gives no negative time


def test_progress_is_noted() -> None:
    class Noted(Health):
        progress = 0

        def progressed(self) -> None:
            self.progress += 1

    bench = Bench(good)
    noted = Noted(HealthSettings())
    bench.processor._health = noted
    bench.process(messages(1))
    assert noted.progress == 1


def test_dead_letters_within_the_limit_are_finished_like_all_others() -> None:
    bench = Bench(bad)
    bench.process(messages(2))
    assert bench.names() == ["sent", "sent", "finish", "finish"]
    assert bench.value("detector_rejected_total", topic="articles", reason="empty") == 2


def test_a_tripped_limit_stops_with_nothing_sent_counted_or_finished() -> None:
    bench = Bench(bad, max_share=0.5)
    with pytest.raises(StoppedError):
        bench.process(messages(5))
    (first, _), (name, error) = bench.events
    assert first == "commit", "what was diverted before must be committed, or the next start diverts it again"
    assert name == "stop" and isinstance(error, DeadLetterLimitError)
    assert bench.value("detector_rejected_total", topic="articles", reason="empty") == 0


@pytest.mark.parametrize("send_error", [ValueError("not sendable"), RuntimeError("the producer is gone")], ids=repr)
def test_an_output_that_can_never_be_sent_stops_with_nothing_finished(send_error: Exception) -> None:
    bench = Bench(good, send_error=send_error)
    with pytest.raises(StoppedError):
        bench.process(messages(2))
    assert bench.events == [("stop", send_error)]
    assert bench.value("detector_articles_total") == 0


def test_work_that_answers_for_too_few_records_stops_with_nothing_finished() -> None:
    bench = Bench(lambda records: good(records)[:-1])
    with pytest.raises(StoppedError):
        bench.process(messages(3))
    assert bench.names() == ["stop"]


def test_a_batch_that_raises_is_worked_record_by_record() -> None:
    def picky(records: Sequence[Incoming]) -> list[Outcome]:
        if any(record.offset == 1 for record in records):
            raise KeyError("odd")
        return good(records)

    bench = Bench(picky)
    bench.process(messages(3))
    assert bench.events[3:] == [("finish", 0), ("finish", 1), ("finish", 2)]
    assert sorted(value for name, value in bench.events if name == "sent") == [b"0", b"2", b"secret text"]
    assert bench.value("detector_rejected_total", topic="in", reason="internal_error") == 1


def test_cancelling_finishes_nothing_and_does_not_stop_the_process() -> None:
    """A rebalance or shutdown takes the agent away; the records are read again by whoever gets them."""

    async def scenario() -> Bench:
        started = asyncio.Event()

        async def never(_record: Outgoing) -> Awaitable[None]:
            return acknowledge()

        async def acknowledge() -> None:
            started.set()
            await asyncio.Event().wait()

        bench = Bench(good)
        bench.processor._delivery = Delivery(
            never, settings=WorkerSettings(), metrics=bench.metrics, health=bench.health
        )
        task = asyncio.create_task(bench.processor.process(messages(2)))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return bench

    assert asyncio.run(scenario()).events == []


def test_a_rejection_is_logged_with_its_position_and_without_its_text() -> None:
    bench = Bench(bad)
    with capture_logs() as logs:
        bench.process(messages(1))
    (entry,) = [entry for entry in logs if entry["event"] == "record rejected"]
    assert entry == {
        "event": "record rejected",
        "log_level": "warning",
        "topic": "in",
        "partition": 0,
        "offset": 0,
        "article_id": "a-1",
        "field": "text",
        "reason": "empty",
    }
    assert "secret" not in repr(logs)


def test_the_core_runs_off_the_event_loop() -> None:
    threads: list[str] = []

    def noting(records: Sequence[Incoming]) -> list[Outcome]:
        threads.append(threading.current_thread().name)
        return good(records)

    bench = Bench(noting)
    bench.process(messages(1))
    assert threads != [threading.main_thread().name]


def test_what_the_broker_never_takes_becomes_a_dead_letter_without_its_bytes_if_need_be() -> None:
    """Detection too large: its article is kept as a dead letter; that one too large as well: its size and digest are."""

    class Narrow(Bench):
        async def _acknowledge(self, record: Outgoing) -> None:
            if record.value:
                raise MessageSizeTooLargeError
            self.events.append(("sent", dict(record.headers)["detector.truncated"]))

    bench = Narrow(good)
    bench.process(messages(1))
    assert bench.names() == ["sent", "finish"]
    assert bench.value("detector_rejected_total", topic="in", reason="undeliverable") == 1
    assert bench.value("detector_articles_total") == 0


def test_the_states_of_a_batch_are_restored_before_it_is_worked() -> None:
    bench = Bench(good)
    bench.process(messages(3))
    assert bench.restored == [{message.partition for message in messages(3)}]
