"""Where a replay's records come from: the range of a topic, or a JSON Lines archive, as one ordered stream of records."""

import json
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import IO, Final, Protocol, TypeAlias

from kafka.consumer.fetcher import ConsumerRecord

from detector.article_files import ArticleSource, read_articles
from detector.core.parsing import parse_time
from detector.errors import DetectorError
from detector.kafka.admin import broker_errors
from detector.kafka.range_reading import RangeReader
from detector.kafka.ranges import PartitionRange, RangeRequest, milliseconds, oldest_record, resolve_ranges
from detector.kafka.reading import connect
from detector.kafka.unreadable import Unreadable
from detector.settings import Settings
from detector.stream.messages import Incoming, broker_time

Item: TypeAlias = Incoming | Unreadable

_INGESTED: Final = b'"ingested_at"'


class Source(Protocol):
    """What a replay reads."""

    @property
    def name(self) -> str:
        """Topic or file."""

    @property
    def ranges(self) -> Sequence[PartitionRange]:
        """What will be read, fixed before reading; empty for a pipe, whose end is unknown until it is there."""

    def items(self) -> Generator[Item, None, None]:
        """Give the records in an order that depends on them alone, and what cannot be read where it is met.

        To be closed before the program ends: kafka-python's consumers hang when the interpreter's exit closes them.
        """

    def warnings(self) -> list[str]:
        """Say what a reader of the result must know of the range; complete once all was read."""

    def about(self) -> dict[str, str]:
        """Return the source's name under its kind."""


class TopicSource:
    """The range of a topic that a request means now.

    Raises `DetectorError` for an absent broker or topic and for a range without a record, `UsageError` for an unknown
    partition.
    """

    def __init__(self, settings: Settings, topic: str, request: RangeRequest) -> None:
        self.name = topic
        self._settings = settings
        self._request = request
        self._outside: dict[int, int] = {}
        with broker_errors(settings), closing(connect(settings)) as consumer:
            self.ranges: Sequence[PartitionRange] = resolve_ranges(consumer, topic, request)
            if not any(one.size for one in self.ranges):
                raise DetectorError(_nothing(topic, self.ranges, oldest_record(consumer, topic)))

    def items(self) -> Generator[Item, None, None]:
        """Read the range, partitions merged by timestamp."""
        met: list[Unreadable] = []
        with (
            broker_errors(self._settings),
            RangeReader(self._settings, self.name, self.ranges, unreadable=met.append) as reader,
        ):
            for record in reader:
                while met:
                    yield met.pop(0)
                if self._covers(record):
                    yield record_of(record)
                else:
                    self._outside[record.partition] = self._outside.get(record.partition, 0) + 1
        yield from met

    def warnings(self) -> list[str]:
        """Say what is deleted, and which records lie among the others with a time that was not asked for."""
        notes = [f"partition {one.partition} {one.note}" for one in self.ranges if one.note]
        outside = [
            f"partition {partition}: {count} records between those of the range carry a producer's time outside of it and were "
            "left out; records that came late, after the end of the range, are not in it either"
            for partition, count in sorted(self._outside.items())
        ]
        return notes + outside

    def about(self) -> dict[str, str]:
        """Return the topic's name under its kind."""
        return {"topic": self.name}

    def _covers(self, record: ConsumerRecord) -> bool:
        start, end = self._request.start, self._request.end
        return (start is None or record.timestamp >= milliseconds(start)) and (
            end is None or record.timestamp < milliseconds(end)
        )


def record_of(record: ConsumerRecord) -> Incoming:
    """Read a kafka-python record as the live worker reads Faust's."""
    return Incoming(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp=broker_time(record.timestamp / 1000),
        key=record.key,
        value=record.value,
        headers=tuple(record.headers),
    )


def _nothing(topic: str, ranges: Sequence[PartitionRange], oldest: datetime | None) -> str:
    notes = "; ".join(f"partition {one.partition} {one.note}" for one in ranges if one.note)
    if oldest is None:
        return f"{topic} holds no record." + (f" ({notes})" if notes else "")
    has = f"its oldest record is of {oldest.isoformat(timespec='milliseconds')}"
    return f"{topic} has no record in the range asked; {has}." + (f" ({notes})" if notes else "")


class FileSource:
    """Articles in JSON Lines, as `detector publish` takes them, in the order of the file; `.gz` is unpacked, `-` is a pipe.

    An article's offset is its place in the file, from 0, and its partition 0; so the `revision` of its detections is that
    place, and of two lines with one id the later one is the newer version. Its time is its `ingested_at`, which the article
    format does not have and an export of a topic may add; else its `published_at`. Only `ingested_at` counts as the broker's
    time. Raises `UsageError` for a file that cannot be read, `DetectorError` for one without an article.
    """

    def __init__(self, file: Path, request: RangeRequest, *, standard_input: IO[bytes]) -> None:
        self.name = str(file)
        self._file = file
        self._request = request
        self._input = standard_input
        self._undated = 0
        count = 0 if self.name == "-" else sum(1 for _ in self._articles())
        if self.name != "-" and not count:
            message = f"{file} holds no article."
            raise DetectorError(message)
        self.ranges: Sequence[PartitionRange] = [PartitionRange(partition=0, begin=0, end=count)]

    def items(self) -> Generator[Item, None, None]:
        """Read the articles, those outside of the range left out."""
        bounded = self._request.start is not None or self._request.end is not None
        for offset, article in enumerate(self._articles()):
            ingested, own = article_times(article.value) if bounded or _INGESTED in article.value else (None, None)
            if bounded and not self._covers(own):
                continue
            yield Incoming(
                topic=self.name, partition=0, offset=offset, timestamp=ingested, key=None, value=article.value
            )

    def warnings(self) -> list[str]:
        """Say how many articles the range left out for want of a time."""
        return [f"{self._undated} articles without a time are not in the range"] if self._undated else []

    def about(self) -> dict[str, str]:
        """Return the file's name under its kind."""
        return {"archive": self.name}

    def _articles(self) -> Iterator[ArticleSource]:
        return read_articles([self._file], standard_input=self._input)

    def _covers(self, moment: datetime | None) -> bool:
        if moment is None:
            self._undated += 1
            return False
        start, end = self._request.start, self._request.end
        return (start is None or moment >= start) and (end is None or moment < end)


def article_times(value: bytes) -> tuple[datetime | None, datetime | None]:
    """Return an article's time of ingestion, and the time that places it in a range."""
    try:
        fields = json.loads(value)
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(fields, dict):
        return None, None
    ingested = parse_time(fields.get("ingested_at"))
    return ingested, ingested or parse_time(fields.get("published_at"))
