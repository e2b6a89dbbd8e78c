"""What the worker is measured against, each as a process of its own that prints the seconds it took.

`core`: parse and detect in memory; `endless` does so, and correlates, until it is killed. `loop`: a plain confluent-kafka
consumer around the same core, which produces detections and alerts, flushes, and commits after each batch, as a careful user
would write it without a framework; it keeps no state.
"""

import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from confluent_kafka import Consumer, Message, Producer

from detector.core import wire
from detector.core.correlation.correlator import Correlator
from detector.core.correlation.rules import Rules
from detector.core.detect import Detector
from detector.core.parsing import parse_article
from detector.core.records import Article, Detection
from detector.loading import load_detector, load_families
from tests.bench.progress import write_progress

BATCH = 64


def core(lines: list[bytes]) -> float:
    """Parse and detect everything in batches."""
    detector = load_detector()
    began = time.perf_counter()
    for first in range(0, len(lines), BATCH):
        _detections(detector, lines[first : first + BATCH])
    return time.perf_counter() - began


def endless(progress: Path, lines: list[bytes]) -> NoReturn:
    """Parse, detect and correlate over and over, and keep how far it is; the first round, which warms up, does not count.

    Each round begins with no events, so that its articles are not known already.
    """
    detector, families, done = load_detector(), load_families(), 0
    while True:
        correlator = Correlator(Rules(), families)
        for first in range(0, len(lines), BATCH):
            batch = lines[first : first + BATCH]
            for detection in _detections(detector, batch):
                correlator.process(detection)
            if done or first + BATCH >= len(lines):
                done += len(batch)
                write_progress(progress, done)


def loop(count: int, broker: str, articles: str, detections: str, alerts: str) -> float:
    """Poll, detect, produce, flush, commit; timed from the first batch on."""
    detector, correlator = load_detector(), Correlator(Rules(), load_families())
    consumer = Consumer(
        {
            "bootstrap.servers": broker,
            "group.id": f"loop-{uuid.uuid4().hex[:8]}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    producer = Producer({"bootstrap.servers": broker, "acks": "all", "linger.ms": 5})
    consumer.subscribe([articles])
    done, began = 0, 0.0
    while done < count:
        messages: list[Message] = consumer.consume(BATCH, timeout=0.5)
        if not messages:
            continue
        began = began or time.perf_counter()
        for detection in _detections(detector, [message.value() or b"" for message in messages]):
            producer.produce(detections, wire.encode_detection(detection))
            for alert in correlator.process(detection).alerts:
                producer.produce(alerts, alert.value, key=alert.key)
        producer.flush()
        consumer.commit(asynchronous=False)
        done += len(messages)
    seconds = time.perf_counter() - began
    consumer.close()
    return seconds


def _detections(detector: Detector, lines: list[bytes]) -> list[Detection]:
    articles = [item for line in lines if isinstance(item := parse_article(line), Article)]
    results = detector.detect(articles, ingested_at=[None] * len(articles), detected_at=datetime.now(UTC))
    return [detection for _, found in results for detection in found]


if __name__ == "__main__":
    what, address, file, *topics = sys.argv[1:]
    content = Path(file).read_bytes().split(b"\n")
    if what == "endless":
        endless(Path(address), content)
    print(core(content) if what == "core" else loop(len(content), address, *topics))
