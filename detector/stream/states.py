"""The state of each partition that a worker has: restored from its changelog before the first record, dropped when in doubt.

Faust's own tables are not used. A changelog write of theirs is not awaited, so an offset could be committed whose state
was not yet on the broker; and their recovery is what makes a plain Faust app skip records (see guarded_consumer.py).
Here the changelog's records are delivered like everything else that a record causes, before it is finished. State lies in
memory: 108,000 live events came back from the broker in 10 s on a busy machine (`tests.bench.correlation`), most of it the
rebuilding of the index, which a store on disk would not spare.

After a rebalance a partition's state is used again if its changelog ends where this worker left it, as it does when
nobody else wrote there; otherwise it is read anew. Two workers that for a moment both have a partition write the same
records, because what a record does follows from the records before it alone.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final, Generic, Protocol, TypeVar

import structlog

from detector.errors import TransientError
from detector.kafka.changelog import Kept
from detector.metrics import Metrics
from detector.stream.health import Health

_log = structlog.get_logger(__name__)

_RETRY_SECONDS: Final = 1.0


class _Keeping(Protocol):
    """What is asked of a state: how much it holds, and the values that it can be made of again."""

    def __len__(self) -> int: ...

    @property
    def entries(self) -> Mapping[str, bytes]: ...


State = TypeVar("State", bound=_Keeping)


@dataclass(slots=True)
class _Position:
    """Where a changelog ended when it was read, and what this worker has written since."""

    end: int
    written: int = 0
    highest: int = -1

    def is_ours_up_to(self, end: int) -> bool:
        """Whether everything since is ours: nothing else lies between, nothing behind."""
        return end == self.end + self.written and (self.written == 0 or self.highest + 1 == end)


class ReadableChangelog(Protocol):
    """What restoring needs of a changelog; both block, and raise `TransientError` when the broker is away."""

    topic: str

    def ends(self, partitions: Collection[int]) -> dict[int, int]:
        """Return where partitions end."""

    def read(self, partitions: Collection[int]) -> dict[int, Kept]:
        """Return what partitions hold."""


class PartitionStates(Generic[State]):
    """The states of one agent, by partition of its topic.

    `of` and `rebuild` are called on the thread of the core while a batch is at work, everything else on the event loop; a
    batch is never at work while its states are restored.

    Args:
        name: label of the metrics.
        changelog: where the states are kept.
        make: builds a state from the changelog's latest values.
        executor: runs what blocks.
    """

    def __init__(
        self,
        name: str,
        changelog: ReadableChangelog,
        *,
        make: Callable[[Mapping[str, bytes]], State],
        executor: Executor,
        metrics: Metrics,
        health: Health,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.topic = changelog.topic
        self._changelog = changelog
        self._make = make
        self._executor = executor
        self._metrics = metrics
        self._health = health
        self._sleep = sleep
        self._clock = clock
        self._states: dict[int, State] = {}
        self._positions: dict[int, _Position] = {}
        self._trusted: set[int] = set()

    def of(self, partition: int) -> State:
        """Return the state of a partition that `restore` has made."""
        return self._states[partition]

    def rebuild(self, partition: int) -> None:
        """Make a state anew from its own values, and from the changelog before the next batch: an error may have hurt it."""
        self._states[partition] = self._make(dict(self._states[partition].entries))
        self._positions.pop(partition, None)
        self._trusted.discard(partition)

    def revoked(self) -> None:
        """Trust no state any more: another worker may have written since."""
        self._trusted.clear()

    def wrote(self, partition: int, offset: int) -> None:
        """Note that a record of ours stands at an offset of the changelog."""
        if position := self._positions.get(partition):
            position.written += 1
            position.highest = max(position.highest, offset)

    async def restore(self, partitions: Collection[int]) -> None:
        """Return when the states of these partitions are there and up to date; waits as long as the broker is away."""
        wanted = set(partitions) - self._trusted
        if not wanted:
            return
        began = self._clock()
        with self._health.restoring():
            while True:
                try:
                    await asyncio.get_running_loop().run_in_executor(self._executor, self._read, wanted)
                    break
                except TransientError as error:
                    _log.warning("state cannot be read, trying again", topic=self.topic, error=str(error))
                    await self._sleep(_RETRY_SECONDS)
        self._trusted |= wanted
        self._metrics.state_restore_seconds.labels(self.name).observe(self._clock() - began)
        self.measure()

    def measure(self) -> None:
        """Set the metric of the size."""
        self._metrics.state_entries.labels(self.name).set(sum(map(len, self._states.values())))

    def _read(self, partitions: Collection[int]) -> None:
        known = self._positions.keys() & partitions
        ends = self._changelog.ends(known) if known else {}
        changed = {n for n in partitions if n not in known or not self._positions[n].is_ours_up_to(ends[n])}
        for number, kept in (self._changelog.read(changed) if changed else {}).items():
            self._states[number] = self._make(kept.values)
            self._positions[number] = _Position(kept.end)
            _log.info(
                "state restored", topic=self.topic, partition=number, records=kept.records, entries=len(kept.values)
            )
