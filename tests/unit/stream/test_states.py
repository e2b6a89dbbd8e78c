"""State is restored before it is used, used again only when nobody else wrote, and waited for while the broker is away."""

import asyncio
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor

from detector.errors import BrokerUnavailableError
from detector.kafka.changelog import Kept
from detector.metrics import Metrics
from detector.settings import HealthSettings
from detector.stream.health import Health
from detector.stream.states import PartitionStates


class Table:
    """A state: what it was made of."""

    def __init__(self, values: Mapping[str, bytes]) -> None:
        self.values = dict(values)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def entries(self) -> Mapping[str, bytes]:
        """Return the values."""
        return self.values


class Log:
    """A changelog in memory; counts the reads, and is away as often as it is told."""

    topic = "log"

    def __init__(self) -> None:
        self.records: dict[int, list[tuple[str, bytes]]] = {0: [("a", b"1")], 1: []}
        self.reads: list[set[int]] = []
        self.away = 0

    def ends(self, partitions: Collection[int]) -> dict[int, int]:
        """Return the ends."""
        return {number: len(self.records[number]) for number in partitions}

    def read(self, partitions: Collection[int]) -> dict[int, Kept]:
        """Return the values."""
        if self.away:
            self.away -= 1
            raise BrokerUnavailableError("away")
        self.reads.append(set(partitions))
        ends = self.ends(partitions)
        return {number: Kept(values=dict(self.records[number]), end=ends[number]) for number in partitions}

    def append(self, partition: int, key: str, value: bytes) -> int:
        """Write a record and return its offset."""
        self.records[partition].append((key, value))
        return len(self.records[partition]) - 1


class Bench:
    """States over a log."""

    def __init__(self) -> None:
        self.log, self.metrics, self.health = Log(), Metrics(), Health(HealthSettings())
        self.problems: list[list[str]] = []
        self.states = PartitionStates(
            "events",
            self.log,
            make=Table,
            executor=ThreadPoolExecutor(max_workers=1),
            metrics=self.metrics,
            health=self.health,
            sleep=self._sleep,
        )

    async def _sleep(self, _seconds: float) -> None:
        self.problems.append(self.health.ready_problems())

    def restore(self, *partitions: int) -> None:
        """Restore."""
        asyncio.run(self.states.restore(partitions))

    def write(self, key: str, value: bytes) -> None:
        """Write to partition 0 as this worker does."""
        self.states.wrote(0, self.log.append(0, key, value))


def test_a_state_is_read_once_while_the_partition_stays() -> None:
    bench = Bench()
    bench.restore(0, 1)
    bench.restore(0)
    assert bench.log.reads == [{0, 1}]
    assert bench.states.of(0).values == {"a": b"1"}
    assert bench.metrics.registry.get_sample_value("detector_state_entries", {"state": "events"}) == 1


def test_after_a_rebalance_it_is_used_again_when_nobody_else_wrote() -> None:
    bench = Bench()
    bench.restore(0)
    kept = bench.states.of(0)
    bench.write("b", b"2")
    bench.states.revoked()
    bench.restore(0)
    assert bench.states.of(0) is kept
    assert bench.log.reads == [{0}]


def test_after_a_rebalance_it_is_read_anew_when_another_worker_wrote() -> None:
    """Behind our own records, or between them: ours may even be the last."""
    for ours_last in (False, True):
        bench = Bench()
        bench.restore(0)
        bench.log.append(0, "b", b"theirs")
        if ours_last:
            bench.write("c", b"ours")
        bench.states.revoked()
        bench.restore(0)
        assert bench.log.reads == [{0}, {0}]
        assert bench.states.of(0).values["b"] == b"theirs"


def test_while_the_broker_is_away_it_waits_and_is_not_ready() -> None:
    bench = Bench()
    bench.log.away = 2
    bench.restore(0)
    assert len(bench.problems) == 2
    assert all("state is being restored from its changelog" in problems for problems in bench.problems)
    assert "state is being restored from its changelog" not in bench.health.ready_problems()
    assert bench.states.of(0).values == {"a": b"1"}


def test_an_error_makes_it_anew_at_once_and_from_the_changelog_before_the_next_batch() -> None:
    bench = Bench()
    bench.restore(0)
    bench.states.of(0).values["b"] = b"not written yet"
    hurt = bench.states.of(0)
    bench.states.rebuild(0)
    assert bench.states.of(0) is not hurt
    assert bench.states.of(0).values == hurt.values
    bench.restore(0)
    assert bench.states.of(0).values == {"a": b"1"}
