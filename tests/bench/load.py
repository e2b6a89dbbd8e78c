"""How one worker bears a steady load: delay at shares of what it can do at most, and memory and lag over half an hour.

`python -m tests.bench.load` finds the saturation rate (articles a second when there is always one more), then publishes at
25, 50 and 80 % of it and prints how long an alert takes from the article's arrival at the broker, by the broker's own clock.
With `--soak-minutes 30` it then publishes at half of it for so long. Articles are those of the news pool under new ids; their
dates move on, 360 days over the run, so that events expire as they do in a year of news.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
from confluent_kafka import Producer

from detector.broker.embedded import EmbeddedBroker
from detector.cli.console import messages, print_table
from detector.core.wire import decode_alert, decode_detection
from detector.kafka.admin import create_topics, uncommitted_records
from detector.settings import EmbeddedBrokerSettings, Settings
from detector.worker_process import WorkerProcess
from tests.bench.articles import pool_articles
from tests.support.kafka_reading import read_topic
from tests.support.pipeline import tagged_settings

SHARES: Final = (0.25, 0.5, 0.8)
SOAK_SHARE: Final = 0.5
FIRST: Final = datetime(2020, 1, 1, tzinfo=UTC)
DAYS: Final = 360
WARM_UP: Final = 1 / 3
"""Share of the soak that may fill the state: 120 of the 360 days, more than the 90 that a truce is kept."""
_TICK_SECONDS: Final = 0.02
_LOOK_SECONDS: Final = 5.0
_SETTLE_SECONDS: Final = 8.0


@dataclass(frozen=True)
class Look:
    """One look at a worker under load."""

    seconds: float
    resident: float
    lag: int


class Feed:
    """Publishes articles of the pool under new ids at dates that move on."""

    def __init__(self, settings: Settings, pool: Sequence[dict[str, Any]], in_all: int) -> None:
        self._topic = settings.topics.articles
        self._pool = pool
        self._in_all = in_all
        self._producer = Producer({"bootstrap.servers": settings.broker, "linger.ms": 5})
        self.sent = 0

    def send(self, count: int) -> None:
        """Hand so many to the producer."""
        for number in range(self.sent, self.sent + count):
            date = FIRST + timedelta(days=DAYS * number / self._in_all)
            fields = self._pool[number % len(self._pool)] | {"id": f"a{number}", "published_at": date.isoformat()}
            self._producer.produce(self._topic, json.dumps(fields, ensure_ascii=False).encode(), key=f"a{number}")
        self.sent += count
        self._producer.poll(0)

    def steadily(self, rate: float, seconds: float, look: Callable[[float], None] | None = None) -> None:
        """Send at a rate for some seconds; `look` is called every few seconds with the time since the beginning."""
        began, before, looked = time.monotonic(), self.sent, 0.0
        while (passed := time.monotonic() - began) < seconds:
            self.send(max(0, int(passed * rate) - (self.sent - before)))
            if look and passed - looked >= _LOOK_SECONDS:
                look(passed)
                looked = passed
            time.sleep(_TICK_SECONDS)
        self._producer.flush()

    def flush(self) -> None:
        """Wait until the broker has everything."""
        self._producer.flush()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=15_000, help="articles for the saturation rate")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each share is published")
    parser.add_argument("--soak-minutes", type=float, default=0.0)
    options = parser.parse_args()
    pool = [json.loads(line) for line in pool_articles(6000)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with EmbeddedBroker(EmbeddedBrokerSettings(port=0, data_dir=folder / "kafka"), say=messages().print) as broker:
            rate = _saturation(broker.address, folder, pool, options.articles)
            messages().print(f"saturation: {rate:.0f} articles a second")
            rows = [_delays(broker.address, folder, pool, rate, share, options.seconds) for share in SHARES]
            header = (
                "share of it",
                "articles/s",
                "alerts",
                "p50 ms",
                "p95 ms",
                "p99 ms",
                "detections p50",
                "p95",
                "p99",
            )
            print_table(header, rows)
            if options.soak_minutes:
                _soak(broker.address, folder, pool, SOAK_SHARE * rate, options.soak_minutes * 60)


@contextmanager
def _worker(broker: str, folder: Path) -> Iterator[tuple[Settings, WorkerProcess]]:
    settings = tagged_settings(broker, folder)
    create_topics(settings)
    worker = WorkerProcess(settings, log_file=folder / f"{settings.worker.group}.log")
    worker.start()
    try:
        while not worker.families():
            time.sleep(0.1)
        time.sleep(_SETTLE_SECONDS)
        yield settings, worker
    finally:
        worker.stop()


def _settle(settings: Settings) -> None:
    while uncommitted_records(settings) != 0:
        time.sleep(0.05)


def _saturation(broker: str, folder: Path, pool: Sequence[dict[str, Any]], count: int) -> float:
    with _worker(broker, folder) as (settings, _):
        feed = Feed(settings, pool, count)
        began = time.monotonic()
        feed.send(count)
        feed.flush()
        _settle(settings)
        return count / (time.monotonic() - began)


def _delays(
    broker: str, folder: Path, pool: Sequence[dict[str, Any]], rate: float, share: float, seconds: float
) -> tuple[str, ...]:
    with _worker(broker, folder) as (settings, _):
        feed = Feed(settings, pool, int(rate * share * seconds))
        feed.steadily(rate * share, seconds)
        _settle(settings)
    arrived = {
        (record.key or b"").decode(): record.timestamp for record in read_topic(broker, settings.topics.articles)
    }
    found = [
        record.timestamp - arrived[decode_detection(record.value).article_id]
        for record in read_topic(broker, settings.topics.detections)
        if b'"record":"retraction"' not in record.value[:200]
    ]
    told = []
    for record in read_topic(broker, settings.topics.alerts):
        alert = decode_alert(record.value)
        if alert.message_type == "alert":  # of an update the article that caused it may not be among the evidence
            told.append(record.timestamp - arrived[alert.evidence[0].article_id])
    figures = [f"{np.percentile(times, q):.0f}" for times in (told, found) for q in (50, 95, 99)]
    return (f"{share:.0%}", f"{rate * share:.0f}", str(len(told)), *figures)


def _soak(broker: str, folder: Path, pool: Sequence[dict[str, Any]], rate: float, seconds: float) -> None:
    looks: list[Look] = []
    with _worker(broker, folder) as (settings, worker):

        def look(passed: float) -> None:
            samples = [sample for family in worker.families() for sample in family.samples]
            resident = next(one.value for one in samples if one.name == "process_resident_memory_bytes")
            looks.append(Look(passed, resident, uncommitted_records(settings) or 0))
            if len(looks) % 12 == 0:
                messages().print(f"{passed / 60:.0f} min: {resident / 1e6:.0f} MB, lag {looks[-1].lag}")

        feed = Feed(settings, pool, int(rate * seconds))
        feed.steadily(rate, seconds, look)
        _settle(settings)
        done = worker.figures()["articles"]
    assert done >= feed.sent, f"{feed.sent} sent, {done} done"
    after = [one for one in looks if one.seconds >= WARM_UP * seconds]
    thirds = [after[: len(after) // 3], after[len(after) // 3 : 2 * len(after) // 3], after[2 * len(after) // 3 :]]
    rows = [
        (
            f"{part[0].seconds / 60:.0f} to {part[-1].seconds / 60:.0f} min",
            f"{np.mean([one.resident for one in part]) / 1e6:.0f}",
            f"{np.median([one.lag for one in part]):.0f}",
            f"{max(one.lag for one in part)}",
        )
        for part in thirds
    ]
    print_table(("after the warm-up", "memory MB", "lag: median", "lag: max"), rows)
    first, last = (float(np.mean([one.resident for one in part])) for part in (thirds[0], thirds[-1]))
    messages().print(f"{feed.sent} articles at {rate:.0f} a second; memory {100 * (last / first - 1):+.1f} %")


if __name__ == "__main__":
    main()
