"""`detector watch`: a live subscription to the alerts topic."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime

import click
from aiokafka import ConsumerRecord

from detector.cli.alert_view import alert_block, alert_line
from detector.cli.console import messages, output
from detector.cli.event_view import print_events
from detector.cli.options import StartingPoint, StartingPointType, broker_option, group_option, settings_for
from detector.cli.range_options import request_from, say_unreadable
from detector.cli.selection_options import selection_options
from detector.core.following import Following
from detector.core.selection import Selection
from detector.core.situation import Situation
from detector.core.wire import RecordError, decode_alert
from detector.errors import TopicMissingError, UsageError
from detector.kafka.range_reading import open_range
from detector.settings import Settings
from detector.subscribing.following import following
from detector.subscribing.positions import prepare_group, starting_offsets
from detector.subscribing.present import load_situation, overlapping


@click.command(
    epilog="Example: detector watch --current --type atrocity --country SY --min-outlets 2    "
    "or: detector watch --group desk --json"
)
@broker_option
@selection_options
@click.option(
    "--from",
    "start",
    type=StartingPointType(),
    default="latest",
    show_default=True,
    help="Where to begin; of a group, where it begins the first time.",
)
@group_option
@click.option("--current", is_flag=True, help="First show the live events as they stand, then follow.")
@click.option(
    "--whole-threads", is_flag=True, help="Once an event has passed the filters, show all that follows of it."
)
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON alert a line (with --current events first), for programs."
)
@click.option("--until-end", is_flag=True, help="Stop at the end of what is there instead of following.")
def watch(  # noqa: PLR0917 - click passes them by name
    broker_address: str | None,
    selection: Selection,
    start: StartingPoint,
    group: str | None,
    current: bool,  # noqa: FBT001 - click passes flags so
    whole_threads: bool,  # noqa: FBT001 - as above
    as_json: bool,  # noqa: FBT001 - as above
    until_end: bool,  # noqa: FBT001 - as above
) -> None:
    """Show the threads of events as they come: new ones, what updates change, and what is withdrawn; until Ctrl-C.

    The cancel of an event that was shown is shown whatever the filters say. Without --group any number of people may watch;
    with it the next watch resumes where this one ended, and what was shown last may be shown again.
    """
    if until_end and group:
        raise UsageError("--until-end reads without a group; leave out --group")
    if current and start != "latest":
        raise UsageError("--current begins with the present; leave out --from")
    settings = settings_for(broker_address)
    feed = Feed(settings, selection, whole_threads=whole_threads, as_json=as_json)
    if until_end:
        if current:
            feed.present(load_situation(settings, unreadable=say_unreadable))
        elif start != "latest":
            with open_range(
                settings, settings.topics.alerts, request_from(start), unreadable=say_unreadable
            ) as records:
                for record in records:
                    feed.show(record)
        return
    positions = _begin(settings, feed, start=start, group=group, current=current)
    if not as_json:
        messages().print(f"Watching {settings.topics.alerts} at {settings.broker}; Ctrl-C ends.")
    asyncio.run(_follow(settings, feed, group, positions))


class Feed:
    """Shows events and alerts on standard output, each alert once."""

    def __init__(self, settings: Settings, selection: Selection, *, whole_threads: bool, as_json: bool) -> None:
        self._settings = settings
        self._selection = selection
        self._memory = Following(selection, whole_threads=whole_threads)
        self._as_json = as_json
        self._console = output()
        self._expired: frozenset[str] = frozenset()
        self._loaded_at: Mapping[int, int] = {}

    def present(self, situation: Situation, *, ends: Mapping[int, int] | None = None, resumed: bool = False) -> None:
        """Show the live events, and know all events, so that what is part of them is not shown again.

        Alerts before `ends` of events that have expired are part of it too. A group that is `resumed` is still told
        what it missed of other events than those shown.
        """
        live = list(situation.live(self._selection))
        if self._as_json:
            for item in live:
                click.echo(item.value)
        else:
            print_events([item.event for item in live])
        shown = {item.event.event_id for item in live}
        for event_id, item in situation.events.items():
            self._memory.begin_with(item.event, shown=event_id in shown, taken=event_id in shown or not resumed)
        if not resumed:
            self._expired, self._loaded_at = frozenset(situation.expired), ends or {}

    def know(self, situation: Situation) -> None:
        """Know the events, so that an update can say what it replaces."""
        for item in situation.events.values():
            self._memory.begin_with(item.event, shown=False, taken=False)

    def show(self, record: ConsumerRecord) -> None:
        """Show an alert if it is wanted and new; what is none is named on standard error."""
        try:
            alert = decode_alert(record.value or b"")
        except RecordError as error:
            where = f"partition {record.partition} offset {record.offset}"
            messages().print(f"skipped {where}: {error}", markup=False)
            return
        if alert.event_id in self._expired and record.offset < self._loaded_at.get(record.partition, 0):
            return
        followed = self._memory.take(alert)
        if followed is None:
            return
        if self._as_json:
            click.echo(record.value)
        elif self._console.is_terminal:
            self._console.print(alert_block(followed))
        else:
            click.echo(alert_line(followed))


def _begin(
    settings: Settings, feed: Feed, *, start: StartingPoint, group: str | None, current: bool
) -> Mapping[int, int]:
    """Show or learn the present situation, and return where to begin following."""
    topic = settings.topics.alerts
    ends = starting_offsets(settings, topic, "latest" if current else start)
    positions = overlapping(settings, ends, datetime.now(UTC)) if current else ends
    resumed = bool(group and prepare_group(settings, topic, group, positions))
    if current:
        feed.present(load_situation(settings, unreadable=say_unreadable), ends=ends, resumed=resumed)
    elif start != "beginning":
        with suppress(TopicMissingError):  # an update then says what is new, and not what it replaces
            feed.know(load_situation(settings, unreadable=say_unreadable))
    return positions


async def _follow(settings: Settings, feed: Feed, group: str | None, positions: Mapping[int, int]) -> None:
    async with following(settings, settings.topics.alerts, group=group, positions=positions) as records:
        async for record in records:
            feed.show(record)
