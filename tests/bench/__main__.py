"""Measures articles a second of the bare core, of a plain confluent-kafka poll loop around it, and of one worker.

`python -m tests.bench` (or `make bench`) fills one topic on the embedded broker and runs the contenders in turn, several
times; it prints medians and ratios. The news pool is used where it is present, else the sample articles repeated.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from detector.article_files import open_maybe_gzip
from detector.broker.embedded import EmbeddedBroker
from detector.cli.console import messages, print_table
from detector.kafka.admin import create_topics, uncommitted_records
from detector.settings import EmbeddedBrokerSettings, Settings
from detector.worker_process import WorkerProcess
from tests.bench import contenders
from tests.conftest import REPOSITORY
from tests.support.pipeline import Message, Pipeline, tagged_settings


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=6000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        broker = EmbeddedBroker(EmbeddedBrokerSettings(port=0, data_dir=Path(folder) / "kafka"), say=messages().print)
        with broker:
            _compare(broker.address, articles_of(options.articles), options.rounds, Path(folder))


def articles_of(count: int) -> list[bytes]:
    shared = Path(os.environ.get("DETECTOR_TEST_SHARED") or REPOSITORY.parent / "shared")
    pool = shared / "news" / "pool.jsonl.gz"
    if pool.exists():
        with open_maybe_gzip(pool) as stream:
            lines = stream.read().splitlines()
    else:
        messages().print(f"no news pool at {pool}: measuring on the sample articles, many more of which fire")
        lines = [path.read_bytes() for path in sorted((REPOSITORY / "seeds" / "articles").glob("*.json"))]
    return [lines[number % len(lines)] for number in range(count)]


def _compare(broker: str, articles: list[bytes], rounds: int, folder: Path) -> None:
    speeds: dict[str, list[float]] = {"bare core": [], "plain poll loop": [], "one worker": []}
    for number in range(rounds):
        settings = tagged_settings(broker, folder)
        create_topics(settings)
        Pipeline(settings, WorkerProcess(settings, log_file=folder / "unused")).send([Message(a) for a in articles])
        runs: dict[str, Callable[[], float]] = {
            "bare core": lambda: _child("core", settings, articles, folder),  # noqa: B023 run in this very round
            "plain poll loop": lambda: _child("loop", settings, articles, folder),  # noqa: B023 as above
            "one worker": lambda: _worker(settings, folder / f"worker-{number}.log"),  # noqa: B023 as above
        }
        for name, run in runs.items():
            speeds[name].append(len(articles) / run())
            messages().print(f"round {number + 1}: {name}: {speeds[name][-1]:.0f} articles/s")
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    loop = medians["plain poll loop"]
    print_table(
        ("what", "articles/s (median)", "min", "max", "against the plain loop"),
        [
            (name, f"{medians[name]:.0f}", f"{min(v):.0f}", f"{max(v):.0f}", f"{medians[name] / loop:.2f}")
            for name, v in speeds.items()
        ],
    )


def _child(what: str, settings: Settings, articles: list[bytes], folder: Path) -> float:
    lines = folder / "articles.jsonl"
    lines.write_bytes(b"\n".join(articles))
    command = [sys.executable, "-m", contenders.__name__, what, settings.broker, str(lines)]
    command += [settings.topics.articles, settings.topics.detections, settings.topics.alerts]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def _worker(settings: Settings, log: Path) -> float:
    """Seconds from the first finished article to all committed, extended to the articles finished before the first look."""
    worker = WorkerProcess(settings, log_file=log)
    worker.start()
    try:
        total = worker.figures()["articles"]
        while total == 0:
            time.sleep(0.02)
            total = worker.figures()["articles"]
        began = time.monotonic()
        while uncommitted_records(settings) != 0:
            time.sleep(0.05)
        seconds = time.monotonic() - began
        done = worker.figures()["articles"]
        return seconds * done / (done - total)
    finally:
        worker.stop()


if __name__ == "__main__":
    main()
