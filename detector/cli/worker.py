"""`detector worker`: reads articles, publishes detections and alerts, until stopped."""

import signal
import sys

import click

from detector.cli.options import broker_option, settings_for
from detector.logs import configure_logging


@click.command(epilog="Example: DETECTOR_BROKER=kafka-1:9092 detector worker")
@broker_option
def worker(broker_address: str | None) -> None:
    """Run one worker in the foreground.

    SIGTERM and Ctrl-C drain what is in hand and commit. Start as many as there are partitions; they share the work.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # until Faust has its own: nothing is in hand yet
    settings = settings_for(broker_address)
    configure_logging(settings.log)
    from detector.stream.worker import run_worker  # noqa: PLC0415 only now, so that usage errors come at once

    run_worker(settings)
