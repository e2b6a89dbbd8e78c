"""`detector forward`: hands alerts to a webhook or to Alertmanager."""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Final

import click

from detector.cli.console import messages
from detector.cli.options import StartingPoint, StartingPointType, broker_option, group_option, settings_for
from detector.cli.range_options import say_unreadable
from detector.cli.selection_options import selection_options
from detector.core.following import Following
from detector.core.selection import Selection
from detector.errors import UsageError
from detector.forwarding.alertmanager import AlertmanagerForwarder
from detector.forwarding.endpoint import authorization, checked_url, fingerprint_of, shown_url
from detector.forwarding.resending import resend_undelivered
from detector.forwarding.webhook import forward_to_webhook
from detector.kafka.admin import require_topics
from detector.settings import Settings
from detector.subscribing.positions import prepare_group, starting_offsets
from detector.subscribing.present import load_situation

WEBHOOK: Final = "webhook"
ALERTMANAGER: Final = "alertmanager"


@click.command(
    epilog="Example: detector forward --to webhook https://desk.example/alerts --min-outlets 2    "
    "or: detector forward --to alertmanager http://127.0.0.1:9093 --type atrocity"
)
@broker_option
@click.option(
    "--to",
    "target",
    type=(click.Choice([WEBHOOK, ALERTMANAGER]), str),
    required=True,
    metavar="KIND URL",
    help="webhook URL, or alertmanager URL (its base address).",
)
@selection_options
@click.option(
    "--from",
    "start",
    type=StartingPointType(),
    default="latest",
    show_default=True,
    help="Where the group begins the first time.",
)
@group_option
@click.option(
    "--whole-threads", is_flag=True, help="Webhook: once an event has passed the filters, send all that follows of it."
)
@click.option(
    "--undelivered", is_flag=True, help="Webhook: send again what it did not take, from alerts.undelivered; then end."
)
def forward(  # noqa: PLR0917 - click passes them by name
    broker_address: str | None,
    target: tuple[str, str],
    selection: Selection,
    start: StartingPoint,
    group: str | None,
    whole_threads: bool,  # noqa: FBT001 - click passes flags so
    undelivered: bool,  # noqa: FBT001 - as above
) -> None:
    """Hand over alerts over HTTP until stopped: each at least once, those of one event in order.

    What is not taken is tried again with growing pauses (Retry-After is kept to); what is refused, or not taken within
    DETECTOR_FORWARD__GIVE_UP_SECONDS, goes to the topic alerts.undelivered with the reason. How far it came is
    remembered under --group; without it under a name made of the kind and the URL.

    A webhook gets each alert's own JSON with its id as Idempotency-Key. Alertmanager gets one alert a live event, grouped
    by its labels (event_id, type, status, certainty, severity, country), resolved when it is cancelled, expires, or
    no longer passes the filters.
    """
    kind, url = target[0], checked_url(target[1])
    if undelivered and (kind == ALERTMANAGER or whole_threads or selection != Selection()):
        raise UsageError("--undelivered is for webhooks, and takes no filter: what lies there had passed them")
    if whole_threads and kind == ALERTMANAGER:
        raise UsageError("--whole-threads is for webhooks: Alertmanager is told when an event leaves the filters")
    settings = settings_for(broker_address)
    authorization(settings.forward)
    topics = settings.topics
    require_topics(settings, [topics.alerts, topics.undelivered, *([topics.events] if kind == ALERTMANAGER else [])])
    group = group or default_group(kind, url)
    console = messages()

    def say(line: str) -> None:
        console.print(line, markup=False)

    if undelivered:
        _run(_resend(settings, url, f"{group}-undelivered", say))
        return
    positions = starting_offsets(settings, topics.alerts, start)
    resumed = prepare_group(settings, topics.alerts, group, positions)
    say(
        f"Forwarding {topics.alerts} at {settings.broker} to {shown_url(url)}; the group {group} "
        f"{'resumes where it left off' if resumed else 'begins'}. Ctrl-C ends."
    )
    if kind == WEBHOOK:
        memory = Following(selection, whole_threads=whole_threads)
        _run(forward_to_webhook(settings, memory, url, group=group, positions=positions, say=say))
    else:
        _run(
            _to_alertmanager(settings, AlertmanagerForwarder(settings, selection, url, group=group, say=say), positions)
        )


def default_group(kind: str, url: str) -> str:
    """Return a group's name that no other address has."""
    return f"detector-forward-{kind}-{fingerprint_of(url)[:8]}"


async def _resend(settings: Settings, url: str, group: str, say: Callable[[str], None]) -> None:
    resent = await resend_undelivered(settings, url, group=group, say=say, unreadable=say_unreadable)
    say(
        f"{resent.taken} undelivered alerts taken by {shown_url(url)}, {resent.again} put back; "
        f"{resent.passed_over} passed over that are for other addresses or no alerts"
    )


async def _to_alertmanager(settings: Settings, forwarder: AlertmanagerForwarder, positions: dict[int, int]) -> None:
    events = await asyncio.to_thread(starting_offsets, settings, settings.topics.events, "latest")
    situation = await asyncio.to_thread(load_situation, settings, unreadable=say_unreadable)
    await forwarder.run(situation, alerts=positions, events=events)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run until Ctrl-C, or until a service manager asks for the end with SIGTERM: then what is finished is committed."""

    async def until_stopped() -> None:
        task = asyncio.ensure_future(work)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        try:
            await task
        except asyncio.CancelledError:
            if (current := asyncio.current_task()) and current.cancelling():
                raise
            messages().print("Stopped.")

    asyncio.run(until_stopped())
