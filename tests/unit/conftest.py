"""The shipped detector and the sample articles, loaded once."""

from pathlib import Path

import pytest

from detector.core.detect import Detector
from detector.loading import load_detector

SEED_ARTICLES = Path(__file__).resolve().parents[2] / "seeds" / "articles"


@pytest.fixture(scope="session")
def detector() -> Detector:
    """The detector as it ships: packaged model and gazetteer."""
    return load_detector()


@pytest.fixture(scope="session")
def seed_articles() -> list[bytes]:
    """The sample articles as a producer would send them, in order of their names."""
    return [file.read_bytes() for file in sorted(SEED_ARTICLES.glob("*.json"))]
