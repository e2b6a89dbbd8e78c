"""The scoring processes: the models loaded once for all, answers in the order of the questions, a death noticed at once.

Not `concurrent.futures`: its executor waits for ever for the second half of an answer whose process was killed in the middle.
Here each process has a pipe of its own, which ends when the process does; and the process ends when its pipe does.
"""

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Final, Self

from detector.errors import DetectorError
from detector.replay.batches import Batch
from detector.replay.models import ReplayModel
from detector.replay.scoring import Scored, packed, serve
from detector.settings import Settings

_IN_HAND: Final = 2
"""Batches that a process has at a time: one at work, the next one there already."""

_AHEAD: Final = 4
"""Batches for each process that may be under way in all, those that wait for an earlier one to be done among them."""

_FORKS: Final = sys.platform == "linux"
"""Whether one process loads everything and the others are forked from it, which shares the memory; else each loads its own.
The one has no thread of ours when it forks, but macOS starts threads of its own, and there a fork is not safe."""


@dataclass(slots=True)
class _Task:
    batch: Batch
    answer: Scored | None = None


@dataclass(slots=True)
class _Scoring:
    """Our end of a process's pipe, and what it has in hand, oldest first."""

    pipe: "Connection[Any, Any]"
    tasks: deque[_Task] = field(default_factory=deque)


class ScoringPool:
    """Owns the processes; leaving the context ends them, and what they have in hand, at once.

    Where one is forked from another, it is no child of ours: it ends with its pipe.
    """

    def __init__(self, settings: Settings, models: Sequence[ReplayModel]) -> None:
        # Spawned, not forked: the parent has Kafka's threads, and a fork would copy their locks.
        context = multiprocessing.get_context("spawn")
        pairs = [context.Pipe() for _ in range(settings.replay.processes or _processors())]
        theirs = [end for _, end in pairs]
        self._processes = [
            context.Process(target=serve, args=(ends, models, settings.topics, settings.log), daemon=True)
            for ends in ([theirs] if _FORKS else [[end] for end in theirs])
        ]
        # Ctrl-C reaches the whole process group: the processes inherit the mask and leave it to their parent.
        resource_tracker.ensure_running()  # else the first start does it, and unblocks the signal
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            for process in self._processes:
                process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for end in theirs:
            end.close()
        self._all = [_Scoring(ours) for ours, _ in pairs]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.kill()
            process.join()
            process.close()
        for one in self._all:
            one.pipe.close()

    def scored(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, Scored]]:
        """Score batches and give each with its answer, in order; only a bounded number is under way at any time.

        Raises `DetectorError` when a process dies.
        """
        order: deque[_Task] = deque()
        for batch in batches:
            task = _Task(batch)
            order.append(task)
            while min(len(one.tasks) for one in self._all) >= _IN_HAND:
                self._collect()
            self._ask(min(self._all, key=lambda one: len(one.tasks)), task)
            while order and (order[0].answer or len(order) >= len(self._all) * _AHEAD):
                yield self._first(order)
        while order:
            yield self._first(order)

    def _first(self, order: deque[_Task]) -> tuple[Batch, Scored]:
        while order[0].answer is None:
            self._collect()
        task = order.popleft()
        assert task.answer  # noqa: S101 - waited for; this narrows the type
        return task.batch, task.answer

    def _ask(self, one: _Scoring, task: _Task) -> None:
        records = task.batch.records
        try:
            one.pipe.send((task.batch.first, records[0].topic if records else "", packed(records)))
        except OSError as error:
            raise DetectorError(_DEATH) from error
        one.tasks.append(task)

    def _collect(self) -> None:
        """Wait until some process has answered, and take all answers there are."""
        for pipe in wait([one.pipe for one in self._all if one.tasks]):
            (one,) = (one for one in self._all if one.pipe is pipe)
            try:
                answer: Scored = one.pipe.recv()
            except (EOFError, OSError) as error:
                raise DetectorError(_DEATH) from error
            one.tasks.popleft().answer = answer


_DEATH: Final = (
    "A scoring process ended by itself: out of memory (try fewer with DETECTOR_REPLAY__PROCESSES), "
    "or the reason stands above."
)


def _processors() -> int:
    """How many processors this process may use, where the system tells, else how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
