"""Measures a replay on the embedded broker: speed, memory over the length, edges, and a live worker beside it.

`python -m tests.bench.replay_bench` fills a topic of 4 partitions with 20,000 records and one with 200,000 (the news pool under
new ids, timestamps spread over 30 days), and prints for each: wall time, records a second, processor time a record of all
processes together, and peak memory of all processes together. The bare core (parse, detect and correlate the same articles at
the same times in memory) runs in turns of two seconds with the replay, in as many processes as the replay scores in, so that a
busy machine slows both alike. Then ranges with random edges are read and compared with what was put in; and a live worker
under a steady load is watched without and with a replay beside it.
`/proc` is read, so it needs Linux.
"""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from confluent_kafka import Producer
from kafka.admin import KafkaAdminClient, NewTopic

from detector.broker.embedded import EmbeddedBroker
from detector.cli.console import messages, print_table
from detector.kafka.admin import uncommitted_records
from detector.kafka.ranges import RangeRequest
from detector.replay.archive import ARCHIVE_NAME, open_archive, read_meta
from detector.replay.sources import TopicSource
from detector.settings import EmbeddedBrokerSettings, Settings
from detector.stream.messages import Incoming
from tests.bench.articles import moment, pool_articles
from tests.bench.pairing import run_in_turns
from tests.support.kafka_reading import committed_offsets
from tests.support.pipeline import Message, Pipeline, running_pipeline, tagged_settings

PARTITIONS: Final = 4


@dataclass(frozen=True)
class Measured:
    """One replay, and the bare core in turns with it.

    Wall seconds of the run itself, from its start to its end, while it had its turns; processor seconds of all its processes,
    their start among it; peak bytes of them together. The core's articles a second in all its processes together, and
    processor seconds an article.
    """

    records: int
    seconds: float
    processor_seconds: float
    peak_bytes: int
    core_rate: float
    core_seconds: float


def main() -> None:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, nargs="*", default=[20_000, 200_000])
    parser.add_argument("--edges", type=int, default=40, help="Ranges with random edges to check.")
    parser.add_argument("--live-seconds", type=int, default=30, help="How long to watch the live worker, twice.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = EmbeddedBrokerSettings(port=0, data_dir=folder / "kafka")
        with EmbeddedBroker(settings, say=messages().print) as broker:
            articles = pool_articles(6000)
            for records in options.records:
                fill(broker.address, f"history-{records}", articles, records)
            print_speed([speed(broker.address, articles, records, folder) for records in options.records])
            if options.records:
                check_edges(broker.address, min(options.records), options.edges)
                live(broker.address, articles, max(options.records), options.live_seconds, folder)


def fill(broker: str, topic: str, articles: Sequence[bytes], records: int) -> None:
    """Make the topic and put the records on it, by time; the partition follows from the id."""
    admin = KafkaAdminClient(bootstrap_servers=broker)
    configs = {"retention.ms": "-1"}
    admin.create_topics([NewTopic(topic, num_partitions=PARTITIONS, replication_factor=1, topic_configs=configs)])
    admin.close()
    producer = Producer({"bootstrap.servers": broker, "linger.ms": 50, "queue.buffering.max.messages": 50_000})
    for number in range(records):
        fields = json.loads(articles[number % len(articles)]) | {"id": str(number)}
        while True:
            try:
                producer.produce(
                    topic,
                    json.dumps(fields, ensure_ascii=False).encode(),
                    key=str(number),
                    timestamp=round(moment(number, records).timestamp() * 1000),
                )
                break
            except BufferError:
                producer.poll(0.2)
        producer.poll(0)
    producer.flush()
    messages().print(f"{topic} filled")


def speed(broker: str, articles: Sequence[bytes], records: int, folder: Path) -> Measured:
    """Replay a topic in turns with the bare core."""
    cores = len(os.sched_getaffinity(0))
    lines, run = folder / "core.jsonl", folder / f"run-{records}"
    lines.write_bytes(b"\n".join(articles))
    command = [sys.executable, "-m", "detector", "replay", "--topic", f"history-{records}", "--run-folder", str(run)]
    # As installed: with compiled modules, whatever this machine's own setting is.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    turns = run_in_turns(command, environment | {"DETECTOR_BROKER": broker}, lines, cores, records)
    with open_archive(run / ARCHIVE_NAME) as connection:
        about = read_meta(connection)
        ((first,),) = connection.execute("SELECT min(n) FROM articles")
    assert first and about["counts"]["records"] == records
    began, ended = (datetime.fromisoformat(about[name]).timestamp() for name in ("started_at", "ended_at"))
    return Measured(
        records=records,
        seconds=turns.active(began, ended),
        processor_seconds=turns.processor_until(ended),
        peak_bytes=turns.peak_bytes,
        core_rate=turns.core_rate,
        core_seconds=turns.core_seconds / turns.core_articles,
    )


def print_speed(rows: Sequence[Measured]) -> None:
    """Print a line for each length."""
    cores = len(os.sched_getaffinity(0))
    print_table(
        (
            *("records", "wall s", "records/s", "processor us/record", "peak MB"),
            *("core: articles/s each", "core: us/article", "share of the core, wall", "share of the core, processor"),
        ),
        [
            (
                f"{one.records}",
                f"{one.seconds:.1f}",
                f"{one.records / one.seconds:.0f}",
                f"{one.processor_seconds / one.records * 1e6:.0f}",
                f"{one.peak_bytes / 1e6:.0f}",
                f"{one.core_rate / cores:.0f}",
                f"{one.core_seconds * 1e6:.0f}",
                f"{one.records / one.seconds / one.core_rate:.2f}",
                f"{one.core_seconds * one.records / one.processor_seconds:.2f}",
            )
            for one in rows
        ],
    )


def check_edges(broker: str, records: int, count: int) -> None:
    """Read ranges that begin and end at a record's millisecond, one before, or one after it."""
    settings, topic = Settings(broker=broker), f"history-{records}"
    times = [moment(number, records) for number in range(records)]
    draw = random.Random(0)  # noqa: S311 - which edges are tried, nothing else
    wrong = 0
    for _ in range(count):
        low = draw.randrange(records - 200)
        high = low + draw.randrange(1, 200)
        start, end = (times[n] + draw.choice((-1, 0, 1)) * timedelta(milliseconds=1) for n in (low, high))
        expected = [str(n) for n in range(max(0, low - 1), high + 2) if start <= times[n] < end]
        found = [
            json.loads(item.value or b"")["id"]
            for item in TopicSource(settings, topic, RangeRequest(start=start, end=end)).items()
            if isinstance(item, Incoming)
        ]
        wrong += found != expected
    messages().print(f"{count} ranges with edges at a record's millisecond, one before or one after: {wrong} wrong")


def live(broker: str, articles: Sequence[bytes], records: int, seconds: int, folder: Path) -> None:
    """Watch a worker's lag under a steady load, alone and beside a replay."""
    settings = tagged_settings(broker, folder)
    rows = []
    with running_pipeline(settings, folder) as pipeline:
        pipeline.send([Message(article) for article in articles[:200]])
        pipeline.settle()
        rows.append(("alone", *watched(pipeline, articles, seconds)))
        command = [sys.executable, "-m", "detector", "replay", "--topic", f"history-{records}"]
        command += ["--run-folder", str(folder / "beside")]
        replay = subprocess.Popen(
            command, env=os.environ | {"DETECTOR_BROKER": broker}, stdout=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(5)
        assert replay.poll() is None
        rows.append(("beside a replay", *watched(pipeline, articles, seconds)))
        assert replay.poll() is None, "the replay ended too early to be beside anything"
        replay.terminate()
        replay.wait()
        pipeline.settle()
        admin = KafkaAdminClient(bootstrap_servers=broker)
        committed = committed_offsets(admin, settings.worker.group, settings.topics.articles)
        groups = sorted(str(group["group_id"]) for group in admin.list_groups())
        admin.close()
    print_table(("live worker", "articles/s sent", "lag: median", "lag: max", "rebalances"), rows)
    messages().print(f"committed in the end: {committed}; groups of the broker: {', '.join(groups)}")


def watched(pipeline: Pipeline, articles: Sequence[bytes], seconds: int) -> tuple[str, ...]:
    """Send 200 articles a second for a while; rate, median and largest lag seen, rebalances so far."""
    lags: list[int] = []
    began, sent = time.monotonic(), 0
    while time.monotonic() - began < seconds:
        pipeline.send([Message(article) for article in articles[sent % 5000 : sent % 5000 + 100]])
        sent += 100
        lags.append(uncommitted_records(pipeline.settings) or 0)
        time.sleep(max(0.0, began + sent / 200 - time.monotonic()))
    rate = sent / (time.monotonic() - began)
    return (
        f"{rate:.0f}",
        f"{statistics.median(lags):.0f}",
        f"{max(lags)}",
        f"{pipeline.worker.figures()['rebalances']:.0f}",
    )


if __name__ == "__main__":
    main()
