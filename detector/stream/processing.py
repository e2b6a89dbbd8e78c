"""What an agent does with a batch: outcomes off the event loop, delivery awaited, then counted and finished, in order."""

import asyncio
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import UTC, datetime
from typing import Any, Final, NoReturn

import structlog

from detector.errors import DeadLetterLimitError
from detector.metrics import Metrics
from detector.stream.dead_letter_limit import DeadLetterLimit
from detector.stream.delivery import Delivery
from detector.stream.health import Health
from detector.stream.messages import Outcome, incoming
from detector.stream.outcomes import Work, one_by_one_on_error

_log = structlog.get_logger(__name__)

EXIT_STOPPED_LOUDLY: Final = 70
"""`EX_SOFTWARE`: a supervisor restarts the worker and the records come again."""


def stop_loudly(error: Exception) -> NoReturn:
    """Leave at once, without the shutdown that would let Faust acknowledge what is in hand."""
    _log.critical("worker stops", error=str(error))
    sys.stderr.flush()
    os._exit(EXIT_STOPPED_LOUDLY)


class BatchProcessor:
    """Shared by both agents; never raises for anything a record holds."""

    def __init__(
        self,
        work: Work,
        *,
        rejected_topic: str,
        delivery: Delivery,
        limit: DeadLetterLimit,
        metrics: Metrics,
        health: Health,
        executor: Executor,
        finish: Callable[[Any], None],
        stop: Callable[[Exception], NoReturn] = stop_loudly,
        clock: Callable[[], float],
    ) -> None:
        self._work = work
        self._rejected_topic = rejected_topic
        self._delivery = delivery
        self._limit = limit
        self._metrics = metrics
        self._health = health
        self._executor = executor
        self._finish = finish
        self._stop = stop
        self._clock = clock

    async def process(self, messages: Sequence[Any]) -> None:
        """Handle a batch of Faust messages; returns once all it causes is delivered and all of it is finished."""
        try:
            outcomes, seconds = await asyncio.get_running_loop().run_in_executor(self._executor, self._run, messages)
            self._limit.check(outcome.rejected is not None for outcome in outcomes)
            await self._delivery.deliver([record for outcome in outcomes for record in outcome.outgoing])
        except asyncio.CancelledError:
            raise
        except DeadLetterLimitError as error:
            self._stop(error)
        except Exception as error:  # noqa: BLE001 a defect of ours: leave without finishing, so that the records come again
            _log.exception("batch cannot be finished")
            self._stop(error)
        self._count(messages[0].topic, outcomes, seconds)
        for message in messages:
            self._finish(message)
        self._health.progressed()

    def _run(self, messages: Sequence[Any]) -> tuple[list[Outcome], float]:
        began = self._clock()
        records = [incoming(message) for message in messages]
        outcomes = one_by_one_on_error(self._work, records, rejected_topic=self._rejected_topic)
        for record, outcome in zip(records, outcomes, strict=True):
            if outcome.rejected:
                _log.warning(
                    "record rejected",
                    topic=record.topic,
                    partition=record.partition,
                    offset=record.offset,
                    article_id=outcome.rejected.article_id,
                    field=outcome.rejected.field,
                    reason=outcome.rejected.reason.value,
                )
        return outcomes, self._clock() - began

    def _count(self, topic: str, outcomes: Sequence[Outcome], seconds: float) -> None:
        self._metrics.batch_articles.labels(topic).observe(len(outcomes))
        now = datetime.now(UTC)
        for outcome in outcomes:
            for (name, *labels), number in outcome.counts.items():
                counter = getattr(self._metrics, name)
                (counter.labels(*labels) if labels else counter).inc(number)
            if "articles" in {name for name, *_ in outcome.counts}:
                self._metrics.classify_seconds.observe(seconds / len(outcomes))
            for ingested in outcome.alerted:
                self._metrics.end_to_end_seconds.observe(max(0.0, (now - ingested).total_seconds()))
