"""Starts the embedded broker for a person: with a progress bar while Kafka is downloaded the first time."""

from detector.broker.embedded import EmbeddedBroker
from detector.broker.jars import DOWNLOAD_MEGABYTES, KAFKA_VERSION, are_present, resolve_jars
from detector.cli.console import download_progress, messages
from detector.settings import EmbeddedBrokerSettings


def start_broker(broker: EmbeddedBroker, settings: EmbeddedBrokerSettings, *, fresh: bool) -> None:
    """Download what is missing, start Kafka and block until it is healthy; errors as in `EmbeddedBroker.start`."""
    if not are_present(settings.cache_dir):
        messages().print(f"Downloading Apache Kafka {KAFKA_VERSION} once, about {DOWNLOAD_MEGABYTES} MB")
        with download_progress("Resolving and downloading, MB", settings.cache_dir, DOWNLOAD_MEGABYTES):
            resolve_jars(settings.cache_dir)
    broker.start(fresh=fresh)
