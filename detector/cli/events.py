"""`detector events`: what is going on now, and the thread of one event."""

import json
from typing import Final

import click

from detector.cli.console import messages
from detector.cli.event_view import print_events, print_thread
from detector.cli.options import broker_option, settings_for
from detector.cli.range_options import say_unreadable
from detector.cli.selection_options import selection_options
from detector.core.following import Following
from detector.core.records import Alert
from detector.core.selection import Selection
from detector.core.situation import Standing
from detector.core.wire import RecordError, decode_alert
from detector.errors import DetectorError, UsageError
from detector.kafka.range_reading import open_range
from detector.kafka.ranges import RangeRequest
from detector.settings import Settings
from detector.subscribing.present import load_situation

_NAMED: Final = 5


@click.group(epilog="Example: detector events list --type ceasefire --min-outlets 2")
def events() -> None:
    """Look at the events that are known, and at the thread of one."""


@events.command(name="list", epilog="Example: detector events list --country SY --certainty observed --json")
@broker_option
@selection_options
@click.option("--withdrawn", is_flag=True, help="Those too that were cancelled and have not expired.")
@click.option("--json", "as_json", is_flag=True, help="One JSON event a line, for programs.")
def list_events(
    broker_address: str | None,
    selection: Selection,
    withdrawn: bool,  # noqa: FBT001 - click passes flags so
    as_json: bool,  # noqa: FBT001 - as above
) -> None:
    """List the live events, the one with the latest news last."""
    situation = load_situation(settings_for(broker_address), unreadable=say_unreadable)
    found = situation.chosen(selection) if withdrawn else list(situation.live(selection))
    if as_json:
        for item in found:
            click.echo(item.value)
        return
    print_events([item.event for item in found])
    messages().print(f"{len(found)} events")


@events.command(epilog="Example: detector events show 3f2a9c1e")
@broker_option
@click.argument("event_id", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with the event and its alerts.")
def show(
    broker_address: str | None,
    event_id: str,
    as_json: bool,  # noqa: FBT001 - click passes flags so
) -> None:
    """Show the thread of the event whose id is ID or begins so: every article, its evidence, each transition and alert.

    Of an event that has expired, the alerts that the topic still holds are shown.
    """
    if not event_id:
        raise UsageError("ID is empty; `detector events list` names the events")
    settings = settings_for(broker_address)
    standing = _only(load_situation(settings, unreadable=say_unreadable).named(event_id), event_id)
    whole_id = standing.event.event_id if standing else event_id
    told = _alerts(settings, whole_id)
    ids = sorted({alert.event_id for alert, _ in told})
    if not standing and len(ids) > 1:
        raise UsageError(_several(event_id, ids))
    if not standing and not told:
        message = f"no event's id begins with {event_id!r}; `detector events list` names the events"
        raise DetectorError(message)
    whole_id = standing.event.event_id if standing else ids[0]
    if as_json:
        thread = [json.loads(value) for _, value in told]
        content = {"event": json.loads(standing.value) if standing else None, "alerts": thread}
        click.echo(json.dumps(content, ensure_ascii=False))
        return
    memory = Following(Selection())
    shown = [followed for alert, _ in told if (followed := memory.take(alert))]
    print_thread(standing.event if standing else None, whole_id, shown)


def _only(found: list[Standing], event_id: str) -> Standing | None:
    exact = [item for item in found if item.event.event_id == event_id]
    if len(found) > 1 and not exact:
        raise UsageError(_several(event_id, [item.event.event_id for item in found]))
    return next(iter(exact or found), None)


def _several(prefix: str, ids: list[str]) -> str:
    more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
    return f"{prefix!r} begins the ids of {len(ids)} events; give more of it: {', '.join(ids[:_NAMED])}{more}"


def _alerts(settings: Settings, prefix: str) -> list[tuple[Alert, bytes]]:
    """Read the alerts of the events whose id begins so, by event and sequence, each once."""
    found: dict[str, tuple[Alert, bytes]] = {}
    with open_range(settings, settings.topics.alerts, RangeRequest(), unreadable=say_unreadable) as records:
        for record in records:
            if not (record.key or b"").startswith(prefix.encode("utf-8", "replace")):
                continue
            try:
                alert = decode_alert(record.value or b"")
            except RecordError as error:
                messages().print(f"skipped partition {record.partition} offset {record.offset}: {error}", markup=False)
                continue
            found[alert.alert_id] = (alert, record.value)
    return sorted(found.values(), key=lambda item: (item[0].event_id, item[0].sequence))
