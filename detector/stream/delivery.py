"""Delivers a batch's output before its input may count as finished.

`topic.send()` of Faust returns before the broker has the record, so each send's future is awaited. What fails is held
and tried again with backoff for as long as it takes: the held batch is the backpressure.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

import structlog
from aiokafka.errors import InvalidTimestampError, KafkaError, MessageSizeTooLargeError, RecordListTooLargeError
from faust.exceptions import ProducerSendError

from detector.metrics import Metrics
from detector.settings import WorkerSettings
from detector.stream.health import Health
from detector.stream.messages import Outgoing

_log = structlog.get_logger(__name__)


_FINAL: Final = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidTimestampError)
"""What trying again cannot mend, because it lies in the record itself."""


class Sender(Protocol):
    """Puts one record in line behind those before it, and gives what returns once the broker has acknowledged it.

    Either raises `KafkaError` when that fails.
    """

    def __call__(self, record: Outgoing, /) -> Awaitable[Awaitable[None]]:
        """Send."""


class Delivery:
    """Delivers every record of a batch at least once, however long that takes.

    What is last on its topic under a key is the last one of that key that was asked for: when a record fails, those of the
    same topic and key behind it are sent again too.
    """

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

    async def deliver(self, records: Sequence[Outgoing]) -> list[Outgoing]:
        """Return when the broker has every record, but for those that it will never take: they are given back.

        Blocks while a record fails for a reason that can pass, and says so in metrics and readiness.
        """
        refused: list[Outgoing] = []
        pending = await self._attempt(records, refused)
        if not pending:
            return refused
        delay = self._settings.retry_initial_seconds
        with self._health.holding(), self._metrics.retries_held.track_inprogress():
            while pending:
                await self._sleep(delay * (0.5 + self._jitter() / 2))
                delay = min(delay * 2, self._settings.retry_max_seconds)
                self._metrics.retries.inc(len(pending))
                pending = await self._attempt(pending, refused)
        _log.info("delivery recovered")
        return refused

    async def _attempt(self, records: Sequence[Outgoing], refused: list[Outgoing]) -> list[Outgoing]:
        sent = [await self._in_line(record) for record in records]
        results = await asyncio.gather(*sent, return_exceptions=True)
        again: list[Outgoing] = []
        failed: dict[tuple[str, bytes | None], BaseException] = {}
        for record, result in zip(records, results, strict=True):
            line = (record.topic, record.key)
            if result is None:
                if line in failed:
                    again.append(record)
            elif isinstance(result, _FINAL) or isinstance(result.__cause__, _FINAL):
                refused.append(record)
                _log.error("the broker will not take a record", topic=record.topic, error=repr(result))
            elif isinstance(result, KafkaError | ProducerSendError | OSError):
                failed.setdefault(line, result)
                again.append(record)
            else:
                raise result
        for (topic, _), error in list(failed.items())[:1]:
            _log.error("delivery failed, held and tried again", records=len(again), topic=topic, error=repr(error))
        return again

    async def _in_line(self, record: Outgoing) -> Awaitable[None]:
        """Send a record; an error of sending becomes one of waiting, so that the others are not held up."""
        try:
            return await self._send(record)
        except Exception as error:  # noqa: BLE001 raised again where it is waited for
            return _failed(error)


async def _failed(error: Exception) -> None:
    raise error
