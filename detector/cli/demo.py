"""`detector demo`: the whole way from articles to alerts on this machine, with nothing but this package."""

import signal
import time
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
from detector.core.following import Following
from detector.core.selection import Selection
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
@click.option(
    "--story",
    type=click.Path(path_type=Path),
    default=Path("seeds/story"),
    show_default=True,
    help="Folder of articles to publish after those, one by one: how one event goes on.",
)
def demo(once: bool, articles: Path, story: Path) -> None:  # noqa: FBT001 click passes flags so
    """Start Kafka and a worker, publish the sample articles and a story, and show the alerts live, until Ctrl-C.

    Everything runs on the loopback interface and is stopped again; ports that are taken are avoided.
    """
    for option, path in (("articles", articles), ("story", story)):
        if not path.exists():
            message = f"{path} does not exist; run this in a clone of the project, or name your own with --{option}"
            raise UsageError(message)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = messages()
    try:
        with ExitStack() as stack:
            _run(stack, console, articles, story, once=once)
    except KeyboardInterrupt:
        console.print("\nStopped: worker and Kafka are down.")


def _run(stack: ExitStack, console: Console, articles: Path, story: Path, *, once: bool) -> None:
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
    sent = _publish(settings, articles)
    reader = stack.enter_context(open_topic(settings, settings.topics.alerts, "beginning"))
    console.print(f"{sent} articles published; alerts as they come:\n")
    show = _Show(reader)
    _follow_until_settled(show, settings, worker)
    console.print("One story, as its articles come in: a truce agreed, violated, collapsed, and another one agreed.\n")
    for part in sorted(story.iterdir()) if story.is_dir() else [story]:
        sent += _publish(settings, part)
        _follow_until_settled(show, settings, worker)
    figures = worker.figures()
    _summarise(figures, sent)
    if once:
        if figures["articles"] + figures["rejected"] != sent:
            message = f"{sent} articles went in, {figures['articles'] + figures['rejected']:g} are accounted for"
            raise DetectorError(message)
        return
    _say_what_next(console, settings, worker)
    while worker.is_running:
        show()
    raise DetectorError(worker.explain("the worker ended by itself"))


def _publish(settings: Settings, path: Path) -> int:
    sent, _ = publish_articles(settings, read_articles([path], standard_input=click.get_binary_stream("stdin")))
    return sent


def _follow_until_settled(show: "_Show", settings: Settings, worker: WorkerProcess) -> None:
    """Show alerts until nothing is uncommitted and every alert the worker counts has been shown."""
    deadline = time.monotonic() + _GIVE_UP_SECONDS
    while time.monotonic() < deadline:
        if not worker.is_running:
            raise DetectorError(worker.explain("the worker ended by itself"))
        show()
        if uncommitted_records(settings) == 0 and show.shown >= worker.figures()["alerts"]:
            return
    raise DetectorError(worker.explain(f"the articles were not finished within {_GIVE_UP_SECONDS:g} s"))


class _Show:
    """Shows what has come, each alert once, and counts it."""

    def __init__(self, reader: TopicReader) -> None:
        self._reader = reader
        self._following = Following(Selection())
        self.shown = 0

    def __call__(self) -> None:
        console = output()
        for record in self._reader.poll():
            self.shown += 1
            if told := self._following.take(decode_alert(record.value)):
                if console.is_terminal:
                    console.print(alert_block(told))
                else:
                    click.echo(alert_line(told))


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
