"""Measures articles a second of one worker and two, of our core without a framework, and of the job of a tutorial.

`python -m tests.bench` (or `make bench`) fills one topic on the embedded broker and runs the contenders in turn, several
times; it prints medians, ratios and where the time goes, and writes them to a page with a plot. The news pool is used
where it is present, else the sample articles repeated.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import joblib
from confluent_kafka import Producer

from detector.broker.embedded import EmbeddedBroker
from detector.cli.console import messages, print_table
from detector.core.baselines import DocumentBaseline
from detector.corpus import default_corpus, read_sources
from detector.kafka.admin import create_topics, uncommitted_records
from detector.settings import EmbeddedBrokerSettings, Settings
from detector.worker_process import WorkerProcess
from tests.bench import contenders, tutorial
from tests.bench.articles import pool_articles, shared_folder
from tests.bench.speed_page import Speed, write_page
from tests.bench.stages import stage_times
from tests.conftest import REPOSITORY
from tests.support.pipeline import tagged_settings

CORE, LOOP, ONE, TWO = "our core in memory", "our core in a plain loop", "one worker", "two workers"
TUTORIAL, QUIX = "tutorial job in a plain loop", "tutorial job in Quix Streams"
RATIOS: Final = ((ONE, TUTORIAL), (ONE, QUIX), (ONE, LOOP), (TWO, ONE))
QUIX_VERSION: Final = "3.28.1"
_SETTLE_SECONDS: Final = 8.0


@dataclass
class Bench:
    """What all contenders share, and what came of them."""

    broker: str
    folder: Path
    articles: list[bytes]
    slow_articles: int
    """How many of them the slowest contender gets: its rate does not depend on their number."""
    speeds: dict[str, list[float]] = field(default_factory=dict)
    parts: dict[str, float] = field(default_factory=dict)
    """Microseconds of processor time per article of each part of the plain loop."""
    worker_seconds: list[float] = field(default_factory=list)
    """Processor seconds per article of one worker."""
    memory: float = 0.0
    """Most resident bytes of a worker."""


def main() -> None:
    """Run the benchmark, print its tables, write its page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=12_000)
    parser.add_argument("--slow-articles", type=int, default=3_000, help="articles for Quix Streams")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--page", type=Path, help="Markdown page to write, with a plot beside it.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        articles = pool_articles(options.articles)
        (folder / "articles.jsonl").write_bytes(b"\n".join(articles))
        _train_tutorial_job(folder / "tutorial.joblib")
        with EmbeddedBroker(EmbeddedBrokerSettings(port=0, data_dir=folder / "kafka"), say=messages().print) as broker:
            bench = Bench(broker.address, folder, articles, min(options.slow_articles, options.articles))
            for number in range(options.rounds):
                _round(bench, number)
        speed = Speed(
            articles=len(articles),
            rounds=options.rounds,
            speeds=bench.speeds,
            ratios={
                pair: statistics.median(bench.speeds[pair[0]]) / statistics.median(bench.speeds[pair[1]])
                for pair in RATIOS
                if pair[1] in bench.speeds
            },
            stages=stage_times(articles[:3000]),
            loop=bench.parts,
            worker=statistics.median(bench.worker_seconds) * 1e6,
            memory=bench.memory,
        )
    for title, header, rows in speed.tables():
        messages().print(title)
        print_table(header, rows)
    if options.page:
        write_page(options.page, speed)


def _round(bench: Bench, number: int) -> None:
    settings = tagged_settings(bench.broker, bench.folder)
    create_topics(settings)
    _fill(settings, bench.articles)
    runs: dict[str, Callable[[], float]] = {
        CORE: lambda: _ours("core", settings, bench),
        LOOP: lambda: _ours("loop", settings, bench),
        ONE: lambda: _workers(bench, f"{number}-one", 1),
        TUTORIAL: lambda: _tutorial([sys.executable], "loop", settings, bench, len(bench.articles)),
        TWO: lambda: _workers(bench, f"{number}-two", 2),
    }
    for name, run in runs.items():
        _note(bench, number, name, len(bench.articles) / run())
    if python := _quix_python():
        count = bench.slow_articles
        _note(bench, number, QUIX, count / _tutorial(python, "quix", settings, bench, count))


def _note(bench: Bench, number: int, name: str, rate: float) -> None:
    bench.speeds.setdefault(name, []).append(rate)
    messages().print(f"round {number + 1}: {name}: {rate:.0f} articles/s")


def _fill(settings: Settings, articles: Sequence[bytes]) -> None:
    producer = Producer(
        {"bootstrap.servers": settings.broker, "linger.ms": 20, "queue.buffering.max.messages": 1_000_000}
    )
    for article in articles:
        producer.produce(settings.topics.articles, article)
    producer.flush()


def _train_tutorial_job(file: Path) -> None:
    """Train on what the shipped model's positives come from where that is present, else on the passages."""
    gold = shared_folder() / "gold" / "train.jsonl"
    sources = read_sources([default_corpus(), *([gold] if gold.is_file() else [])], [])
    baseline = DocumentBaseline([item for source in sources.values() for item in source])
    joblib.dump((baseline._vectorizer, baseline._models), file)


def _ours(what: str, settings: Settings, bench: Bench) -> float:
    command = [sys.executable, "-m", contenders.__name__, what, settings.broker, str(bench.folder / "articles.jsonl")]
    command += [settings.topics.articles, settings.topics.detections, settings.topics.alerts]
    answer: dict[str, Any] = json.loads(_run(command).splitlines()[-1])
    bench.parts |= {part: used / len(bench.articles) * 1e6 for part, used in answer["parts"].items()}
    return float(answer["seconds"])


def _tutorial(python: Sequence[str], what: str, settings: Settings, bench: Bench, count: int) -> float:
    command = [*python, str(Path(tutorial.__file__)), what, settings.broker, str(count), str(contenders.BATCH)]
    command += [str(bench.folder / "tutorial.joblib"), settings.topics.articles, settings.topics.alerts]
    return float(_run(command).split()[-1])


def _quix_python() -> list[str]:
    """Return the command for a Python that has Quix Streams; none, and say so, where uv is absent."""
    local = REPOSITORY / ".uv" / "bin" / "uv"
    uv = shutil.which("uv") or (str(local) if local.is_file() else None)
    if uv is None:
        messages().print(f"{QUIX} is left out: it needs uv, for an environment with older libraries")
        return []
    scikit = __import__("sklearn").__version__
    wanted = [f"quixstreams=={QUIX_VERSION}", f"scikit-learn=={scikit}"]
    return [uv, "run", "--quiet", "--isolated", "--no-project", *(f"--with={one}" for one in wanted), "python"]


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": ""})
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stderr[-3000:]}")
    return done.stdout


def _workers(bench: Bench, name: str, number: int) -> float:
    """Seconds that workers who share the partitions of an empty topic take from its filling to the last commit."""
    settings = tagged_settings(bench.broker, bench.folder)
    create_topics(settings)
    workers = [WorkerProcess(settings, log_file=bench.folder / f"{name}-{n}.log") for n in range(number)]
    for worker in workers:
        worker.start()
    try:
        while not all(_gauge(worker, "up") for worker in workers):
            time.sleep(0.1)
        time.sleep(_SETTLE_SECONDS)
        used = sum(_gauge(worker, "process_cpu_seconds_total") for worker in workers)
        began = time.monotonic()
        _fill(settings, bench.articles)
        while uncommitted_records(settings) != 0:
            time.sleep(0.05)
        seconds = time.monotonic() - began
        used = sum(_gauge(worker, "process_cpu_seconds_total") for worker in workers) - used
        assert all(worker.figures()["articles"] for worker in workers), "a worker had no partition"
        bench.memory = max(bench.memory, *(_gauge(worker, "process_resident_memory_bytes") for worker in workers))
        if number == 1:
            bench.worker_seconds.append(used / len(bench.articles))
        return seconds
    finally:
        for worker in workers:
            worker.stop()


def _gauge(worker: WorkerProcess, name: str) -> float:
    samples = [sample for family in worker.families() for sample in family.samples]
    if name == "up":
        return float(bool(samples))
    return next(sample.value for sample in samples if sample.name == name)


if __name__ == "__main__":
    main()
