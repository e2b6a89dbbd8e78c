"""Measures what CAPACITY.md says: processor time and memory of a worker and of the broker for each article.

`python -m tests.bench.capacity` publishes articles on the embedded broker, runs one worker, then two, and prints processor
time per article, which a busy machine distorts much less than wall time. The news pool is used where it is present.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Final
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from detector.broker.embedded import EmbeddedBroker
from detector.cli.console import messages, print_table
from detector.kafka.admin import create_topics, uncommitted_records
from detector.settings import EmbeddedBrokerSettings
from detector.worker_process import WorkerProcess
from tests.bench.articles import pool_articles
from tests.support.pipeline import Message, Pipeline, tagged_settings

_TICKS: Final = 100
"""Clock ticks a second in /proc, on every Linux that matters."""


def main() -> None:
    """Run the measurement and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=20_000)
    options = parser.parse_args()
    articles = pool_articles(options.articles)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with EmbeddedBroker(EmbeddedBrokerSettings(port=0, data_dir=folder / "kafka"), say=messages().print) as broker:
            rows = [_measure(broker, articles, folder, workers) for workers in (1, 2)]
    titles = (
        "workers",
        "worker ms per article",
        "articles per core-second",
        "broker ms per article",
        "memory of a worker",
    )
    print_table(titles, rows)


def _measure(broker: EmbeddedBroker, articles: list[bytes], folder: Path, number: int) -> tuple[str, ...]:
    settings = tagged_settings(broker.address, folder)
    create_topics(settings)
    workers = [WorkerProcess(settings, log_file=folder / f"{number}-{n}.log") for n in range(number)]
    for worker in workers:
        worker.start()
    for worker in workers:
        while not worker.url:
            time.sleep(0.1)
    time.sleep(8)  # the group settles
    began = sum(_figure(worker, "process_cpu_seconds_total") for worker in workers)
    broker_began = _broker_seconds(broker)
    Pipeline(settings, workers[0]).send([Message(article) for article in articles])
    while uncommitted_records(settings) != 0:
        time.sleep(0.2)
    used = sum(_figure(worker, "process_cpu_seconds_total") for worker in workers) - began
    memory = max(_figure(worker, "process_resident_memory_bytes") for worker in workers)
    broker_used = _broker_seconds(broker) - broker_began
    for worker in workers:
        worker.stop()
    each = 1000 / len(articles)
    return (
        str(number),
        f"{used * each:.2f}",
        f"{len(articles) / used:.0f}",
        f"{broker_used * each:.2f}",
        f"{memory / 1e6:.0f} MB",
    )


def _figure(worker: WorkerProcess, name: str) -> float:
    with urlopen(f"{worker.url}/metrics", timeout=10) as answer:  # noqa: S310 an address that our own child wrote
        families = text_string_to_metric_families(answer.read().decode())
    return next(sample.value for family in families for sample in family.samples if sample.name == name)


def _broker_seconds(broker: EmbeddedBroker) -> float:
    assert broker._process
    fields = Path(f"/proc/{broker._process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


if __name__ == "__main__":
    main()
