"""The scoring processes: as many as wanted, each with the models loaded, answers in the order of the questions."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Final, Self

from detector.errors import DetectorError
from detector.replay.batches import Batch
from detector.replay.models import ReplayModel
from detector.replay.scoring import Scored, begin_process, score_batch
from detector.settings import Settings

_BATCHES_EACH: Final = 3
"""In hand for each process: one at work, one waiting, one on its way back; more would only take memory."""


class ScoringPool:
    """Owns the processes; leaving the context ends them, with what they have in hand if an error is the reason."""

    def __init__(self, settings: Settings, models: Sequence[ReplayModel]) -> None:
        self.processes = settings.replay.processes or _processors()
        # Spawned, not forked: the parent has Kafka's threads, and a fork would copy their locks.
        self._pool = ProcessPoolExecutor(
            self.processes,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=begin_process,
            # Names, not contents: a process that is given more than a pipe holds lets the next one wait until it reads.
            initargs=(models, settings.topics, settings.log),
        )
        # Ctrl-C reaches the whole process group: the processes inherit the mask and leave it to their parent.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._started = [self._pool.submit(os.getpid) for _ in range(self.processes)]
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=kind is not None)

    def scored(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, Scored]]:
        """Score batches and give each with its answer, in order; only a bounded number is in hand at any time.

        Raises `DetectorError` when a process dies.
        """
        in_hand: deque[tuple[Batch, Future[Scored]]] = deque()
        try:
            for batch in batches:
                in_hand.append((batch, self._pool.submit(score_batch, batch.first, batch.records)))
                while in_hand and (len(in_hand) >= self.processes * _BATCHES_EACH or in_hand[0][1].done()):
                    done, future = in_hand.popleft()
                    yield done, future.result()
            while in_hand:
                done, future = in_hand.popleft()
                yield done, future.result()
        except BrokenProcessPool as error:
            message = (
                "A scoring process ended by itself: out of memory (try fewer with DETECTOR_REPLAY__PROCESSES), "
                "or the reason stands above."
            )
            raise DetectorError(message) from error


def _processors() -> int:
    """How many processors this process may use, where the system tells, else how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
