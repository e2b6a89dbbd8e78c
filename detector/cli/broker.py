"""`detector broker`: Apache Kafka on this machine, in the foreground."""

import signal
from pathlib import Path

import click

from detector.broker.embedded import EmbeddedBroker
from detector.cli.console import messages
from detector.cli.options import settings_for
from detector.cli.start_broker import start_broker
from detector.errors import DetectorError
from detector.settings import EmbeddedBrokerSettings


@click.command(epilog="Example: detector broker --port 0 --fresh")
@click.option("--port", type=click.IntRange(0, 65535), help="Port on 127.0.0.1; 0 takes any free one. Default: 9092.")
@click.option("--data-dir", type=click.Path(path_type=Path, file_okay=False), help="Where Kafka stores its topics.")
@click.option("--fresh", is_flag=True, help="Delete what earlier runs stored before starting.")
def broker(port: int | None, data_dir: Path | None, fresh: bool) -> None:  # noqa: FBT001 click passes flags so
    """Run a single-node Apache Kafka (KRaft) on the loopback interface, without Docker or a system Java.

    Topics and offsets are kept between runs unless --fresh is given. Ctrl-C stops it.
    """
    console = messages()
    given = {"port": port, "data_dir": data_dir}
    embedded = settings_for(None).embedded
    settings = EmbeddedBrokerSettings.model_validate(
        embedded.model_dump() | {name: value for name, value in given.items() if value is not None}
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    instance = EmbeddedBroker(settings, say=console.print)
    try:
        start_broker(instance, settings, fresh=fresh)
        console.print(f"Apache Kafka answers at {instance.address}; data in {settings.data_dir}. Ctrl-C stops it.")
        status = instance.wait()
    except KeyboardInterrupt:
        console.print("Stopping Apache Kafka")
        return
    finally:
        instance.stop()
    message = f"Apache Kafka ended by itself with status {status}; see {instance.log_file}"
    raise DetectorError(message)
