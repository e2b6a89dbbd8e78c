"""What an agent does with a batch: outcomes off the event loop, delivery awaited, then counted and finished, in order."""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import Executor
from datetime import UTC, datetime
from typing import Any, Final, NoReturn, Protocol

import structlog

from detector.core.records import Rejected, RejectReason
from detector.errors import DeadLetterLimitError, PermanentError
from detector.metrics import Metrics
from detector.stream.counting import count_outcomes
from detector.stream.dead_letter_limit import DeadLetterLimit
from detector.stream.delivery import Delivery
from detector.stream.health import Health
from detector.stream.messages import Incoming, Outcome, incoming, without_value
from detector.stream.outcomes import Work, one_by_one_on_error, reject

_log = structlog.get_logger(__name__)

_COMMIT_SECONDS: Final = 5.0
EXIT_STOPPED_LOUDLY: Final = 70
"""`EX_SOFTWARE`: a supervisor restarts the worker and the records come again."""


def stop_loudly(error: Exception) -> NoReturn:
    """Leave at once, without the shutdown that would let Faust acknowledge what is in hand."""
    _log.critical("worker stops", error=str(error))
    sys.stderr.flush()
    os._exit(EXIT_STOPPED_LOUDLY)


class RestorableStates(Protocol):
    """What a processor needs of the states of its agent."""

    async def restore(self, partitions: Collection[int]) -> None:
        """Return when the states of these partitions are up to date."""

    def measure(self) -> None:
        """Set the metric of their size."""


class BatchProcessor:
    """Shared by both agents; never raises for anything a record holds."""

    def __init__(
        self,
        work: Work,
        *,
        rejected_topic: str,
        delivery: Delivery,
        limit: DeadLetterLimit,
        states: RestorableStates,
        metrics: Metrics,
        health: Health,
        executor: Executor,
        finish: Callable[[Any], None],
        commit: Callable[[], Awaitable[Any]],
        stop: Callable[[Exception], NoReturn] = stop_loudly,
        clock: Callable[[], float],
    ) -> None:
        self._work = work
        self._rejected_topic = rejected_topic
        self._delivery = delivery
        self._limit = limit
        self._states = states
        self._metrics = metrics
        self._health = health
        self._executor = executor
        self._finish = finish
        self._commit = commit
        self._stop = stop
        self._clock = clock

    async def process(self, messages: Sequence[Any]) -> None:
        """Handle a batch of Faust messages; returns once all it causes is delivered and all of it is finished."""
        try:
            await self._states.restore({message.partition for message in messages})
            outcomes, seconds = await asyncio.get_running_loop().run_in_executor(self._executor, self._run, messages)
            self._limit.check(outcome.rejected is not None for outcome in outcomes)
            outcomes = await self._deliver(messages, outcomes)
        except asyncio.CancelledError:
            raise
        except DeadLetterLimitError as error:
            # What was diverted before must not be diverted again by the next start.
            await asyncio.wait({asyncio.ensure_future(self._commit())}, timeout=_COMMIT_SECONDS)
            self._stop(error)
        except Exception as error:  # noqa: BLE001 a defect of ours: leave without finishing, so that the records come again
            _log.exception("batch cannot be finished")
            self._stop(error)
        count_outcomes(self._metrics, messages[0].topic, outcomes, seconds=seconds, now=datetime.now(UTC))
        for message in messages:
            self._finish(message)
        self._states.measure()
        self._health.progressed()

    async def _deliver(self, messages: Sequence[Any], outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Deliver what each outcome sends; one whose output no topic takes becomes a dead letter instead."""
        refused = {id(r) for r in await self._delivery.deliver([r for outcome in outcomes for r in outcome.outgoing])}
        return [
            await self._divert(incoming(message), outcome)
            if refused and any(id(record) in refused for record in outcome.outgoing)
            else outcome
            for message, outcome in zip(messages, outcomes, strict=True)
        ]

    async def _divert(self, record: Incoming, outcome: Outcome) -> Outcome:
        rejected = outcome.rejected or Rejected(
            field="message",
            reason=RejectReason.UNDELIVERABLE,
            detail="the broker does not take what this record causes",
        )
        replacement = reject(record, rejected, self._rejected_topic)
        (letter,) = replacement.outgoing
        if await self._delivery.deliver([letter]) and await self._delivery.deliver([without_value(letter)]):
            message = f"the broker takes no dead letter for {record.topic}/{record.partition}/{record.offset}"
            raise PermanentError(message)
        return replacement

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
