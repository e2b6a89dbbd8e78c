"""A real Prometheus with the committed configuration, and load to look at."""

import json
import random
import shutil
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from kafka import KafkaProducer

from tests.conftest import REPOSITORY
from tests.support.pipeline import Pipeline
from tests.support.programs import program

COMMITTED = REPOSITORY / "deploy/prometheus"


class Prometheus:
    """A running server; asks its HTTP interface."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, path: str, **arguments: str) -> Any:
        """Give the data of an answer; raises when Prometheus refuses."""
        with urlopen(f"{self.url}/api/v1/{path}?{urlencode(arguments)}", timeout=20) as answer:  # noqa: S310 our own server's address
            return json.loads(answer.read())["data"]

    def values(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Evaluate now: labels and value of each series."""
        result = self.get("query", query=expression)["result"]
        return [(series["metric"], float(series["value"][1])) for series in result]

    def over_time(self, expression: str, seconds: float, step: float = 1) -> list[tuple[dict[str, str], Any]]:
        """Evaluate over the last seconds: labels and (time, value) pairs of each series."""
        now = time.time()
        data = self.get("query_range", query=expression, start=str(now - seconds), end=str(now), step=str(step))
        return [(series["metric"], [(at, float(value)) for at, value in series["values"]]) for series in data["result"]]


@contextmanager
def running_prometheus(folder: Path, targets: list[str]) -> Iterator[Prometheus]:
    """Run it on the committed files; only the targets and the interval are others, so that a test need not wait for long."""
    shutil.copytree(COMMITTED, folder / "prometheus")
    config = folder / "prometheus/prometheus.yml"
    text = config.read_text(encoding="utf-8")
    assert text.count("15s\n") == 3, "the two intervals, and that of looking up names"
    config.write_text(text.replace("_interval: 15s\n", "_interval: 1s\n"), encoding="utf-8")
    (folder / "prometheus/targets/workers.yml").write_text(json.dumps([{"targets": targets}]), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}"]
    command += [f"--web.listen-address={address}", "--log.level=warn"]
    log = folder / "prometheus.log"
    with log.open("wb") as stream, subprocess.Popen(command, stdout=stream, stderr=stream) as process:
        try:
            wait_ready(f"http://{address}/-/ready", process, log)
            yield Prometheus(f"http://{address}")
        finally:
            process.terminate()


def wait_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Wait until it answers."""
    deadline = time.monotonic() + 30
    while True:
        try:
            with urlopen(url, timeout=5):  # noqa: S310 our own server's address
                return
        except (URLError, ConnectionError):
            assert process.poll() is None and time.monotonic() < deadline, log.read_text(encoding="utf-8")
            time.sleep(0.1)


TOWNS = (
    *((town, "Sudan") for town in ("Khartoum", "El Fasher", "Nyala", "Kassala", "Port Sudan", "Kadugli")),
    *((town, "Syria") for town in ("Aleppo", "Homs", "Idlib", "Raqqa")),
    *((town, "Ukraine") for town in ("Mariupol", "Kharkiv", "Kherson")),
    *((town, "Nigeria") for town in ("Maiduguri", "Jos", "Kaduna")),
    ("Goma", "Congo"),
    ("Kabul", "Afghanistan"),
)


class Load:
    """Sends news without end: the seed articles under new ids, and reports made up of events in many towns and months.

    Bad records are among them once `bad_share` is set.
    """

    def __init__(self, pipeline: Pipeline, *, rate: float) -> None:
        self.rate = rate
        self.bad_share = 0.0
        self._pipeline = pipeline
        self._articles = [
            json.loads(path.read_text()) for path in sorted((REPOSITORY / "seeds/articles").glob("*.json"))
        ]
        self._random = random.Random(7)  # noqa: S311 chooses test records
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        producer = KafkaProducer(bootstrap_servers=self._pipeline.settings.broker, linger_ms=5)
        due = time.monotonic()
        while not self._stop.wait(max(0.0, due - time.monotonic())):
            producer.send(self._pipeline.settings.topics.articles, self._record(), key=None)
            due = max(due + 1 / self.rate, time.monotonic() - 1)
        producer.close()

    def _record(self) -> bytes:
        if self._random.random() < self.bad_share:
            return self._random.choice((b"not json", b"[]", b'{"id": "x"}', b"\xff\xfe", b'{"text": 7}'))
        article = self._random.choice(self._articles) if self._random.random() < 0.5 else self._report()
        return json.dumps(article | {"id": uuid.UUID(int=self._random.getrandbits(128)).hex}).encode()

    def _report(self) -> dict[str, str]:
        town, country = self._random.choice(TOWNS)
        year, month, dead = self._random.randint(2012, 2025), self._random.randint(1, 12), self._random.randint(5, 90)
        text = (
            f"{town}, {country}. Gunmen massacred at least {dead} villagers in {town} on Monday, survivors said. The bodies "
            f"of women and children were found in a mass grave near {town}, and the United Nations spoke of a war crime."
        )
        outlet = f"wire-{self._random.randint(1, 9)}.example"
        published = f"{year}-{month:02}-15T12:00:00Z"
        return {"title": f"Massacre in {town}", "text": text, "outlet": outlet, "published_at": published}
