"""A minimal worker on the guarded consumer: copies numbered records, with or without a Faust table as its state.

Run as `python -m tests.support.numbers_worker SOURCE TARGET table|plain`; settings come from the environment.
"""

import asyncio
import collections
import sys
from typing import Any

from faust.worker import Worker

from detector.logs import configure_logging
from detector.metrics import Metrics
from detector.settings import load_settings
from detector.stream.faust_app import DetectorApp, new_app
from detector.stream.guarded_consumer import GuardedConsumer
from detector.stream.health import Health

PARTITIONS = 4
WORK_SECONDS = 0.003


def build(source_name: str, target_name: str, *, with_table: bool) -> DetectorApp:
    """Build the app: one agent that keeps every number it saw under the record's key."""
    settings = load_settings()
    settings.worker.data_dir.mkdir(parents=True, exist_ok=True)
    configure_logging(settings.log)
    app = new_app(settings, Metrics(), Health(settings.health))
    source = app.topic(source_name, key_serializer="raw", value_serializer="raw")
    target = app.topic(target_name, key_serializer="raw", value_serializer="raw")
    state: Any = (
        app.Table("numbers", partitions=PARTITIONS, key_type=str, value_type=str, default=str)
        if with_table
        else collections.defaultdict(str)
    )

    @app.agent(source, concurrency=1)
    async def copy(stream: Any) -> None:
        async for event in stream.events():
            await asyncio.sleep(WORK_SECONDS)
            key = event.key.decode("ascii")
            state[key] = f"{state[key]},{event.value.decode('ascii')}"
            await (await target.send(key=event.key, value=event.value))
            assert isinstance(app.consumer, GuardedConsumer)
            app.consumer.finish(event.message)

    return app


def main() -> None:
    """Run until killed."""
    source, target, mode = sys.argv[1:]
    app = build(source, target, with_table=mode == "table")
    # The table's changelog topic has to be declared; the product itself never declares topics.
    app.conf.topic_allow_declare = mode == "table"
    worker = Worker(app, loop=asyncio.new_event_loop(), quiet=True, override_logging=False, redirect_stdouts=False)
    worker.spinner = None
    worker.execute_from_commandline()


if __name__ == "__main__":
    main()
