"""A running pipeline that the tests of this folder share; they tell their records apart by id."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from detector.broker.embedded import EmbeddedBroker
from detector.settings import EmbeddedBrokerSettings
from tests.support.pipeline import Pipeline, running_pipeline, tagged_settings


@pytest.fixture(scope="session")
def pipeline(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Topics of its own and one worker, for the whole session."""
    folder = tmp_path_factory.mktemp("pipeline")
    with running_pipeline(tagged_settings(broker, folder), folder) as running:
        yield running


@pytest.fixture(scope="session")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A broker whose files a test may damage, and their folder; it compacts topics at once."""
    folder = tmp_path_factory.mktemp("damaged")
    properties = ("log.cleaner.backoff.ms=100",)
    with EmbeddedBroker(EmbeddedBrokerSettings(port=0, data_dir=folder), extra_properties=properties) as embedded:
        yield embedded.address, folder
