"""A running pipeline that the tests of this folder share; they tell their records apart by id."""

from collections.abc import Iterator

import pytest

from tests.support.pipeline import Pipeline, running_pipeline, tagged_settings


@pytest.fixture(scope="session")
def pipeline(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Topics of its own and one worker, for the whole session."""
    folder = tmp_path_factory.mktemp("pipeline")
    with running_pipeline(tagged_settings(broker, folder), folder) as running:
        yield running
