"""`detector watch`: a live subscription to the alerts topic."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import click
from kafka.consumer.fetcher import ConsumerRecord

from detector.cli.alert_view import alert_block, alert_line
from detector.cli.console import messages, output
from detector.cli.options import CountryType, StartingPoint, StartingPointType, broker_option, settings_for
from detector.cli.range_options import request_from, say_unreadable
from detector.core.eventtypes import ALL_STATUSES, EVENT_TYPES
from detector.core.records import Alert
from detector.core.wire import decode_alert
from detector.kafka.range_reading import open_range
from detector.kafka.reading import TopicReader, open_topic
from detector.settings import Settings


@click.command(epilog="Example: detector watch --from beginning --type atrocity --country SY --min-confidence 0.8")
@broker_option
@click.option("--type", "types", multiple=True, type=click.Choice([t.value for t in EVENT_TYPES]), help="Repeatable.")
@click.option("--status", "statuses", multiple=True, type=click.Choice(ALL_STATUSES), help="Repeatable.")
@click.option(
    "--country",
    "countries",
    multiple=True,
    type=CountryType(),
    metavar="ISO2",
    help="Country code like SY. Repeatable.",
)
@click.option("--min-confidence", type=click.FloatRange(0, 1), default=0.0, show_default=True)
@click.option("--from", "start", type=StartingPointType(), default="latest", show_default=True, help="Where to begin.")
@click.option("--json", "as_json", is_flag=True, help="One JSON alert a line, for programs.")
@click.option("--until-end", is_flag=True, help="Stop at the end of what is there instead of following.")
def watch(  # noqa: PLR0917 click passes them by name
    broker_address: str | None,
    types: tuple[str, ...],
    statuses: tuple[str, ...],
    countries: tuple[str, ...],
    min_confidence: float,
    start: StartingPoint,
    as_json: bool,  # noqa: FBT001 click passes flags so
    until_end: bool,  # noqa: FBT001 as above
) -> None:
    """Show alerts as they come, until Ctrl-C. Reads without a group, so any number of people may watch."""
    wanted = set(countries)

    def passes(alert: Alert) -> bool:
        return (
            (not types or alert.type.value in types)
            and (not statuses or alert.status in statuses)
            and (not wanted or (alert.place is not None and alert.place.country in wanted))
            and alert.confidence >= min_confidence
        )

    settings = settings_for(broker_address)
    console = output()
    with _records(settings, start, until_end=until_end, quiet=as_json) as records:
        for record in records:
            alert = _decode(record.value, record.partition, record.offset)
            if alert is None or not passes(alert):
                continue
            if as_json:
                click.echo(record.value)
            elif console.is_terminal:
                console.print(alert_block(alert))
            else:
                click.echo(alert_line(alert))


@contextmanager
def _records(
    settings: Settings, start: StartingPoint, *, until_end: bool, quiet: bool
) -> Iterator[Iterable[ConsumerRecord]]:
    topic = settings.topics.alerts
    if until_end and start != "latest":
        with open_range(settings, topic, request_from(start), unreadable=say_unreadable) as present:
            yield present
        return
    with open_topic(settings, topic, start) as reader:
        if not (quiet or until_end):
            messages().print(f"Watching {topic} at {settings.broker}; Ctrl-C ends.")
        yield () if until_end else _endless(reader)


def _endless(reader: TopicReader) -> Iterator[ConsumerRecord]:
    while True:
        yield from reader.poll()


def _decode(value: bytes | None, partition: int, offset: int) -> Alert | None:
    try:
        return decode_alert(value or b"")
    except ValueError as error:
        messages().print(f"skipped partition {partition} offset {offset}: {error}", markup=False)
        return None
