"""Fixtures shared by all tests: a real broker, the labelled news where it is present, settings for both."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from detector.broker.embedded import EmbeddedBroker
from detector.settings import EmbeddedBrokerSettings

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a real Kafka: the one that DETECTOR_BROKER names, else an embedded one for this session."""
    if address := os.environ.get("DETECTOR_BROKER"):
        yield address
        return
    settings = EmbeddedBrokerSettings(port=0, data_dir=tmp_path_factory.mktemp("kafka"))
    with EmbeddedBroker(settings, say=print) as embedded:
        yield embedded.address


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with the labelled and unlabelled real news, which the repository may not contain."""
    folder = Path(os.environ.get("DETECTOR_TEST_SHARED") or REPOSITORY.parent / "shared")
    if not (folder / "gold").is_dir():
        pytest.skip(f"no real news at {folder}: set DETECTOR_TEST_SHARED to the folder that holds gold/ and news/")
    return folder
