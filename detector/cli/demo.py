"""`detector demo`: the whole way from articles to alerts on this machine, with nothing but this package."""

import signal
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import click
from rich.console import Console

from detector.article_files import read_articles
from detector.broker.embedded import EmbeddedBroker
from detector.cli.alert_view import alert_block, alert_line
from detector.cli.console import messages, output, print_table
from detector.cli.options import settings_for
from detector.cli.publish import publish_articles
from detector.cli.start_broker import start_broker
from detector.core.eventtypes import EVENT_TYPES
from detector.core.wire import decode_alert
from detector.errors import DetectorError, UsageError
from detector.kafka.admin import create_topics, uncommitted_records
from detector.kafka.reading import TopicReader, open_topic
from detector.settings import Settings
from detector.worker_process import WorkerProcess

_GIVE_UP_SECONDS = 120.0


@click.command(epilog="Example: detector demo --once")
@click.option("--once", is_flag=True, help="End by itself when every article is accounted for, with a summary.")
@click.option(
    "--articles",
    type=click.Path(path_type=Path),
    default=Path("seeds/articles"),
    show_default=True,
    help="File or folder of articles to publish.",
)
def demo(once: bool, articles: Path) -> None:  # noqa: FBT001 click passes flags so
    """Start Kafka and a worker, publish the sample articles and show the alerts live, until Ctrl-C.

    Everything runs on the loopback interface and is stopped again; ports that are taken are avoided.
    """
    if not articles.exists():
        message = f"{articles} does not exist; run this in a clone of the project, or name your own with --articles"
        raise UsageError(message)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = messages()
    try:
        with ExitStack() as stack:
            _run(stack, console, articles, once=once)
    except KeyboardInterrupt:
        console.print("\nStopped: worker and Kafka are down.")


def _run(stack: ExitStack, console: Console, articles: Path, *, once: bool) -> None:
    base = settings_for(None)
    folder = base.embedded.data_dir.with_name("demo")
    embedded = base.embedded.model_copy(update={"port": 0, "data_dir": folder / "kafka"})
    broker = EmbeddedBroker(embedded, say=console.print)
    stack.callback(broker.stop)
    start_broker(broker, embedded, fresh=True)
    settings = base.model_copy(update={"broker": broker.address})
    create_topics(settings)
    worker = WorkerProcess(settings, log_file=folder / "worker.log")
    stack.callback(worker.stop)
    console.print("Starting a worker")
    worker.start()
    sent, _ = publish_articles(settings, read_articles([articles], standard_input=click.get_binary_stream("stdin")))
    reader = stack.enter_context(open_topic(settings, settings.topics.alerts, "beginning"))
    console.print(f"{sent} articles published; alerts as they come:\n")
    shown: Counter[str] = Counter()
    _follow_until_settled(reader, settings, worker, shown)
    figures = worker.figures()
    _summarise(figures, sent)
    if once:
        if figures["articles"] + figures["rejected"] != sent:
            message = f"{sent} articles went in, {figures['articles'] + figures['rejected']:g} are accounted for"
            raise DetectorError(message)
        return
    _say_what_next(console, settings, worker)
    while worker.is_running:
        _show(reader, shown)
    raise DetectorError(worker.explain("the worker ended by itself"))


def _follow_until_settled(reader: TopicReader, settings: Settings, worker: WorkerProcess, shown: Counter[str]) -> None:
    """Show alerts until nothing is uncommitted and every alert the worker counts has been shown."""
    deadline = time.monotonic() + _GIVE_UP_SECONDS
    while time.monotonic() < deadline:
        if not worker.is_running:
            raise DetectorError(worker.explain("the worker ended by itself"))
        _show(reader, shown)
        if uncommitted_records(settings) == 0 and shown.total() >= worker.figures()["alerts"]:
            return
    raise DetectorError(worker.explain(f"the articles were not finished within {_GIVE_UP_SECONDS:g} s"))


def _show(reader: TopicReader, shown: Counter[str]) -> None:
    console = output()
    for record in reader.poll():
        alert = decode_alert(record.value)
        shown[alert.type.value] += 1
        if console.is_terminal:
            console.print(alert_block(alert))
        else:
            click.echo(alert_line(alert))


def _summarise(figures: dict[str, float], sent: int) -> None:
    rows = [
        ("articles published", sent),
        ("without an event", figures["no_event"]),
        ("with detections", figures["articles_with_detections"]),
        ("dead letters", figures["rejected"]),
        *((f"alerts: {kind.value}", figures[f"alerts.{kind.value}"]) for kind in EVENT_TYPES),
    ]
    print_table(("what", "number"), [(name, f"{number:g}") for name, number in rows])


def _say_what_next(console: Console, settings: Settings, worker: WorkerProcess) -> None:
    at = f"--broker {settings.broker}"
    console.print(
        f"\nMetrics: {worker.url}/metrics   health: {worker.url}/healthz and /readyz\n"
        "Try in another terminal:\n"
        f"  .venv/bin/detector watch {at} --from beginning --type atrocity\n"
        f"  .venv/bin/detector publish {at} YOUR-ARTICLE.txt      (first line is the title)\n"
        f"  .venv/bin/detector rejected list {at}\n"
        f"The worker's log is {worker.log_file}. Ctrl-C stops everything.",
        markup=False,
    )
