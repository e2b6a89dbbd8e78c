"""What the worker knows of its own state: written by the event loop, read by the web thread."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from detector.settings import HealthSettings


class Health:
    """Liveness is the loop making progress; readiness is being able to do the job now.

    All attributes are single values replaced atomically, so the web thread reads them without a lock.
    """

    def __init__(self, settings: HealthSettings, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._beat = clock()
        self._progress = clock()
        self._held = 0
        self._restoring = 0
        self._behind = False
        self.assigned: int | None = None
        """Partitions assigned; `None` before the first assignment and while the group rebalances."""
        self.model_loaded = False
        self.broker_reachable = False
        self.missing_topics: tuple[str, ...] = ()

    def beat(self) -> None:
        """Note that the event loop turned."""
        self._beat = self._clock()

    def progressed(self) -> None:
        """Note that a batch was finished."""
        self._progress = self._clock()

    def lag_seen(self, records: int) -> None:
        """Note whether anything waits to be read; without lag, no progress is no fault."""
        self._behind = records > 0
        if not self._behind:
            self.progressed()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Count a batch as held back by a failing delivery while the context lasts."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

    @contextmanager
    def restoring(self) -> Iterator[None]:
        """Note that state is read from its changelog while the context lasts."""
        self._restoring += 1
        try:
            yield
        finally:
            self._restoring -= 1
            self.progressed()

    def live_problems(self) -> list[str]:
        """Say why this process should be restarted; empty when it should not. The broker's absence is no reason."""
        now, problems = self._clock(), []
        if now - self._beat > self._settings.loop_stall_seconds:
            problems.append(f"the event loop has not turned for {now - self._beat:.0f} s")
        stuck = now - self._progress
        waits = self._held or self._restoring
        if self._behind and not waits and self.broker_reachable and stuck > self._settings.no_progress_seconds:
            problems.append(f"records wait and none was finished for {stuck:.0f} s")
        return problems

    def ready_problems(self) -> list[str]:
        """Say why the worker cannot do its job now; empty when it can."""
        problems = self.live_problems()
        if not self.model_loaded:
            problems.append("the model is not loaded")
        if not self.broker_reachable:
            problems.append("the broker does not answer")
        if self.missing_topics:
            problems.append(f"the broker has no topic {', '.join(self.missing_topics)}")
        if self.assigned is None:
            problems.append("no partitions assigned yet, or the group is rebalancing")
        if self._restoring:
            problems.append("state is being restored from its changelog")
        if self._held:
            problems.append("a delivery fails and is tried again")
        return problems
