"""The options by which a command says what part of history it means, and what they come to."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any, Final, Literal

import click

from detector.cli.console import messages
from detector.core.moments import format_time
from detector.core.parsing import parse_time
from detector.errors import UsageError
from detector.kafka.ranges import Offsets, RangeRequest
from detector.kafka.unreadable import Unreadable
from detector.replay.sources import FileSource, Source, TopicSource
from detector.settings import Settings

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)([smhdw])")
_OFFSETS: Final = re.compile(r"(?:(\d+):)?(\d*)-(\d*)")
_NAIVE: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?")


class MomentType(click.ParamType):
    """An RFC 3339 time with its offset from UTC, or a date, which is its midnight in UTC."""

    name = "TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Read the option's value; a time without an offset is refused rather than guessed."""
        if isinstance(value, datetime):
            return value
        moment = parse_time(value)
        if moment is None:
            if _NAIVE.fullmatch(str(value).strip()):
                self.fail(f"{value!r} does not say its time zone: add Z for UTC, or an offset like +02:00", param, ctx)
            self.fail(f"{value!r} is no time like 2016-12-15T10:00:00Z, and no date like 2016-12-15", param, ctx)
        return moment


class DurationType(click.ParamType):
    """A number and a unit: `90m`, `24h`, `7d`."""

    name = "DURATION"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Read the option's value."""
        if isinstance(value, timedelta):
            return value
        found = _DURATION.fullmatch(str(value).strip())
        if found is None or not float(found[1]):
            self.fail(f"{value!r} is no duration like 90m, 24h or 7d", param, ctx)
        try:
            return timedelta(**{_UNITS[found[2]]: float(found[1])})
        except OverflowError:
            self.fail(f"{value!r} is longer than any history", param, ctx)


class OffsetsType(click.ParamType):
    """`PARTITION:FROM-TO`, or `FROM-TO` for every partition that is not named; either end may be left out."""

    name = "[PARTITION:]FROM-TO"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int | None, Offsets]:
        """Read the option's value; TO is the first offset that is not meant."""
        if isinstance(value, tuple):
            return value
        found = _OFFSETS.fullmatch(str(value).strip())
        if found is None:
            self.fail(f"{value!r} is no range of offsets like 0:100-250, 0:100- or 100-250", param, ctx)
        partition, first, last = (int(part) if part else None for part in found.groups())
        if first is not None and last is not None and first >= last:
            self.fail(f"{value!r} is empty: TO is the first offset that is not read", param, ctx)
        return partition, (first, last)


class PartitionsType(click.ParamType):
    """Numbers with commas between."""

    name = "N[,N...]"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> frozenset[int]:
        """Read the option's value."""
        if isinstance(value, frozenset):
            return value
        if not re.fullmatch(r"\d+(\s*,\s*\d+)*", str(value).strip()):
            self.fail(f"{value!r} is no list of partitions like 0,2", param, ctx)
        return frozenset(int(part) for part in str(value).split(","))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the range options say."""

    start: datetime | None
    end: datetime | None
    last: timedelta | None
    offsets: tuple[tuple[int | None, Offsets], ...]
    partitions: frozenset[int] | None
    topic: str | None
    archive: Path | None
    limit: int | None

    def request(self, now: datetime) -> RangeRequest:
        """Return what is asked for; raises `UsageError` for options that contradict each other."""
        timed = self.start or self.end or self.last
        if self.last and (self.start or self.end):
            raise UsageError(
                "--last says where the range begins and that it ends now; give it without --from and its end"
            )
        if self.start and self.end and self.start >= self.end:
            message = f"the range ends at {format_time(self.end)}, which is not after its beginning, {format_time(self.start)}"
            raise UsageError(message)
        if self.offsets and timed:
            raise UsageError("a range is given by times or by --offsets, not by both")
        if self.archive and (self.offsets or self.partitions or self.topic):
            raise UsageError("an --archive has neither topic, partitions nor offsets; give times or --limit")
        named = [partition for partition, _ in self.offsets]
        if len(set(named)) < len(named):
            raise UsageError("--offsets names the same partition twice")
        return RangeRequest(
            start=now - self.last if self.last else self.start,
            end=self.end,
            offsets=dict(self.offsets) if self.offsets else None,
            partitions=self.partitions,
        )

    def source(self, settings: Settings, now: datetime, *, standard_input: IO[bytes]) -> Source:
        """Open what is asked for; raises like `request` and the sources."""
        request = self.request(now)
        if self.archive:
            return FileSource(self.archive, request, standard_input=standard_input)
        return TopicSource(settings, self.topic or settings.topics.articles, request)

    def as_json(self) -> dict[str, Any]:
        """Return what was asked, for the record."""
        return {
            "from": format_time(self.start) if self.start else None,
            "to": format_time(self.end) if self.end else None,
            "last_seconds": self.last.total_seconds() if self.last else None,
            "offsets": [[partition, *offsets] for partition, offsets in self.offsets],
            "partitions": sorted(self.partitions) if self.partitions else None,
            "limit": self.limit,
        }


def request_from(start: Literal["beginning"] | datetime) -> RangeRequest:
    """Return the request for everything from a starting point on."""
    return RangeRequest(start=None if start == "beginning" else start)


def say_unreadable(found: Unreadable) -> None:
    """Name on standard error what a command leaves out because it cannot be read."""
    where = f"partition {found.partition}, offsets {found.begin} to {found.end - 1}"
    messages().print(f"skipped {where}: {found.why}", markup=False)


def range_options(end: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that adds the range options; `end` names the one for the range's end.

    They arrive as `start`, `end`, `last`, `offsets`, `partitions`, `topic`, `archive` and `limit`, as `Asked` takes them.
    """
    options = [
        click.option(
            "--from", "start", type=MomentType(), help="First time, by the broker's clock; 2016-12-15 or with time."
        ),
        click.option(end, "end", type=MomentType(), help="First time that is not meant. Default: what there is now."),
        click.option("--last", type=DurationType(), help="The time up to now, like 90m, 24h or 7d."),
        click.option(
            "--offsets",
            type=OffsetsType(),
            multiple=True,
            help="Instead of times, like 0:100-250; without partition for all. Repeatable.",
        ),
        click.option("--partitions", type=PartitionsType(), help="Only these, like 0,2."),
        click.option("--topic", metavar="TOPIC", help="Default: DETECTOR_TOPICS__ARTICLES."),
        click.option(
            "--archive",
            type=click.Path(path_type=Path, allow_dash=True),
            help="JSON Lines of articles instead of a topic; .gz is unpacked, - is standard input.",
        ),
        click.option("--limit", type=click.IntRange(min=1), help="At most this many records, the oldest first."),
    ]

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return add
