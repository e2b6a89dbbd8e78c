"""Delivers a batch's output before its input may count as finished.

`topic.send()` of Faust returns before the broker has the record, so each send's future is awaited. What fails is held
and tried again with backoff for as long as it takes: the held batch is the backpressure.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

import structlog
from aiokafka.errors import KafkaError
from faust.exceptions import ProducerSendError

from detector.metrics import Metrics
from detector.settings import WorkerSettings
from detector.stream.health import Health
from detector.stream.messages import Outgoing

_log = structlog.get_logger(__name__)


class Sender(Protocol):
    """Sends one record and returns once the broker has acknowledged it; raises `KafkaError` when it has not."""

    def __call__(self, record: Outgoing, /) -> Awaitable[None]:
        """Send and wait."""


class Delivery:
    """Delivers every record of a batch at least once, however long that takes."""

    def __init__(
        self,
        send: Sender,
        *,
        settings: WorkerSettings,
        metrics: Metrics,
        health: Health,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._send = send
        self._settings = settings
        self._metrics = metrics
        self._health = health
        self._sleep = sleep
        self._jitter = jitter

    async def deliver(self, records: Sequence[Outgoing]) -> None:
        """Return when the broker has every record; blocks while it has not, and says so in metrics and readiness."""
        pending = await self._attempt(records)
        if not pending:
            return
        delay = self._settings.retry_initial_seconds
        with self._health.holding(), self._metrics.retries_held.track_inprogress():
            while pending:
                await self._sleep(delay * (0.5 + self._jitter() / 2))
                delay = min(delay * 2, self._settings.retry_max_seconds)
                self._metrics.retries.inc(len(pending))
                pending = await self._attempt(pending)
        _log.info("delivery recovered")

    async def _attempt(self, records: Sequence[Outgoing]) -> list[Outgoing]:
        results = await asyncio.gather(*(self._send(record) for record in records), return_exceptions=True)
        failed = []
        for record, result in zip(records, results, strict=True):
            if isinstance(result, KafkaError | ProducerSendError | OSError):
                failed.append(record)
            elif result is not None:
                raise result
        if failed:
            first = next(result for result in results if result is not None)
            _log.error(
                "delivery failed, held and tried again", records=len(failed), topic=failed[0].topic, error=repr(first)
            )
        return failed
