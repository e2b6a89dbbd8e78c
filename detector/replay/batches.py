"""Cuts a source into batches to be scored, numbered in order, and keeps account of how far each partition was read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from detector.kafka.unreadable import Unreadable
from detector.replay.archive import seconds
from detector.replay.sources import Item
from detector.stream.messages import Incoming


@dataclass(slots=True)
class Batch:
    """Records in order, of which the first has the number `first`, and what could not be read among them."""

    first: int
    records: list[Incoming] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)


def batches(items: Iterable[Item], *, size: int, limit: int | None) -> Iterator[Batch]:
    """Cut items into batches of at most `size` records, `limit` records in all."""
    batch, number = Batch(1), 0
    for item in items:
        if isinstance(item, Unreadable):
            batch.unreadable.append(item)
            continue
        number += 1
        batch.records.append(item)
        if number == limit:
            break
        if len(batch.records) == size:
            yield batch
            batch = Batch(number + 1)
    if batch.records or batch.unreadable:
        yield batch


@dataclass(slots=True)
class PartitionAccount:
    """How far a partition was read, and the times of what was read."""

    read_to: int
    records: int = 0
    first_timestamp: float | None = None
    last_timestamp: float | None = None

    def add(self, record: Incoming) -> None:
        """Count a record that is done."""
        self.read_to = max(self.read_to, record.offset + 1)
        self.records += 1
        moment = seconds(record.timestamp)
        if moment is not None:
            self.first_timestamp = moment if self.first_timestamp is None else min(moment, self.first_timestamp)
            self.last_timestamp = moment if self.last_timestamp is None else max(moment, self.last_timestamp)
