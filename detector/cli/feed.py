"""`detector feed`: sends history to another topic again, to load-test a worker with real news."""

import re
import signal
import time
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, Final

import click

from detector.cli.console import messages, visible
from detector.cli.options import broker_option, settings_for
from detector.cli.range_options import Asked, range_options
from detector.cli.replay_progress import replay_progress
from detector.errors import INTERRUPTED_STATUS
from detector.replay.feeding import Feeder, require_target

_SPEED: Final = re.compile(r"(\d+(?:\.\d+)?)x?")


class SpeedType(click.ParamType):
    """`60x` or `max`."""

    name = "NUMBERx|max"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the option's value; `max` is infinity."""
        if isinstance(value, float):
            return value
        if value == "max":
            return float("inf")
        found = _SPEED.fullmatch(str(value))
        if found is None or not float(found[1]):
            self.fail(f"{value!r} is no speed like 1x, 60x or max", param, ctx)
        return float(found[1])


@click.command(epilog="Example: detector feed --from 2016-12-15 --until 2016-12-16 --speed 60x --to articles-load")
@broker_option
@range_options("--until")
@click.option("--to", "target", metavar="TOPIC", required=True, help="Topic to write to.")
@click.option(
    "--speed", type=SpeedType(), default="1x", show_default=True, help="Original pace, a multiple like 60x, or max."
)
@click.option("--keep-timestamps", is_flag=True, help="Send the original timestamps instead of the time of sending.")
def feed(
    broker_address: str | None,
    target: str,
    speed: float,
    keep_timestamps: bool,  # noqa: FBT001 click passes flags so
    **options: Any,  # noqa: ANN401 the range's options, as click passes them
) -> int:
    """Send a range of a topic, or an --archive, to another topic: same keys, values and headers, in the order of its times.

    Reads without a consumer group. Ctrl-C ends it; what was sent stays sent.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = settings_for(broker_address)
    asked = Asked(**options)
    began = datetime.now(UTC)
    asked.request(began)
    require_target(settings, target, source=None if asked.archive else asked.topic or settings.topics.articles)
    source = asked.source(settings, began, standard_input=click.get_binary_stream("stdin"))
    total = min(sum(one.size for one in source.ranges), asked.limit or 1 << 62) or None
    say = messages().print
    status, done = 0, 0
    feeder = Feeder(
        settings,
        target,
        speed=None if speed == float("inf") else speed,
        keep_timestamps=keep_timestamps,
        clock=time.monotonic,
        sleep=time.sleep,
    )
    with feeder, closing(feeder.feed(source, asked.limit)) as fed, replay_progress(f"Feeding {target}") as report:
        try:
            for _ in fed:
                done += 1
                report(feeder.sent, done, total)
        except KeyboardInterrupt:
            status = INTERRUPTED_STATUS
    for warning in source.warnings():
        say(visible(f"warning: {warning}"), markup=False)
    if feeder.unreadable:
        say(f"warning: {feeder.unreadable} offsets could not be read and were left out")
    if feeder.valueless_headers:
        say(f"warning: {feeder.valueless_headers} headers without a value were sent with an empty one")
    if feeder.overruled:
        say(f"warning: {target} has LogAppendTime: the broker put its own time over the original timestamps")
    ended = "interrupted after" if status else ""
    say(f"{ended} {feeder.sent} records of {visible(source.name)} sent to {target}".strip(), markup=False)
    return status
