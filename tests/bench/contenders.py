"""What the worker is measured against, each as a process of its own that prints the seconds it took, as JSON.

`core`: parse and detect in memory; `endless` does so, and correlates, until it is killed. `loop`: a plain confluent-kafka
consumer around the same core, which produces detections and alerts, flushes, and commits after each batch, as a careful user
would write it without a framework; it keeps no state.
"""

import json
import sys
import time
import uuid
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

from confluent_kafka import Consumer, Message, Producer

from detector.core import wire
from detector.core.correlation.correlator import Correlator
from detector.core.correlation.rules import Rules
from detector.core.detect import Detector
from detector.core.parsing import parse_article
from detector.core.records import Article, Detection
from detector.loading import load_detector, load_families, spare_loaded
from detector.settings import WorkerSettings
from tests.bench.articles import moment
from tests.bench.progress import write_progress

BATCH: Final = WorkerSettings().batch_articles
"""What the worker takes at once by default, and everything that is measured against it."""
_WARM_UP = 2_000


def core(lines: list[bytes]) -> float:
    """Parse and detect everything in batches."""
    detector = load_detector()
    spare_loaded()
    began = time.perf_counter()
    for first in range(0, len(lines), BATCH):
        _detections(detector, lines[first : first + BATCH])
    return time.perf_counter() - began


def endless(progress: Path, lines: list[bytes], records: int, number: int, step: int) -> NoReturn:
    """Parse, detect and correlate the records that a replay reads, and keep how far it is; the first ones only warm up.

    The articles come again under new ids at the times that they have on the topic (see `moment`): of `records` every one in
    `step` from `number` on, and then from there again, without any event.
    """
    detector, families, done = load_detector(), load_families(), -_WARM_UP
    spare_loaded()
    while True:
        correlator = Correlator(Rules(), families)
        for first in range(number, records, BATCH * step):
            numbers = range(first, min(first + BATCH * step, records), step)
            for detection in _renumbered(detector, lines, numbers, records):
                correlator.process(detection)
            done += len(numbers)
            if done >= 0:
                write_progress(progress, done)


def _renumbered(detector: Detector, lines: list[bytes], numbers: range, records: int) -> list[Detection]:
    parsed = [(n, item) for n in numbers if isinstance(item := parse_article(lines[n % len(lines)]), Article)]
    articles = [replace(item, id=str(n)) for n, item in parsed]
    times = [moment(n, records) for n, _ in parsed]
    results = detector.detect(articles, ingested_at=times, detected_at=times[-1])
    return [detection for _, found in results for detection in found]


def loop(count: int, broker: str, articles: str, detections: str, alerts: str) -> tuple[float, dict[str, float]]:
    """Poll, detect, correlate, produce, flush, commit; timed from the first batch on.

    Returns the seconds, and the processor seconds of each part.
    """
    detector, correlator = load_detector(), Correlator(Rules(), load_families())
    spare_loaded()
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
    used: defaultdict[str, float] = defaultdict(float)

    def spent(part: str, since: float) -> float:
        now = time.process_time()
        used[part] += now - since
        return now

    while done < count:
        clock = time.process_time()
        messages: list[Message] = consumer.consume(BATCH, timeout=0.5)
        if not messages:
            continue
        began = began or time.perf_counter()
        clock = spent("fetch", clock)
        found = _detections(detector, [message.value() or b"" for message in messages])
        clock = spent("decode and detect", clock)
        steps = [correlator.process(detection) for detection in found]
        clock = spent("correlate", clock)
        for detection, step in zip(found, steps, strict=True):
            producer.produce(detections, wire.encode_detection(detection))
            for alert in step.alerts:
                producer.produce(alerts, alert.value, key=alert.key)
        producer.flush()
        clock = spent("produce", clock)
        consumer.commit(asynchronous=False)
        spent("commit", clock)
        done += len(messages)
    seconds = time.perf_counter() - began
    consumer.close()
    return seconds, dict(used)


def _detections(detector: Detector, lines: list[bytes]) -> list[Detection]:
    articles = [item for line in lines if isinstance(item := parse_article(line), Article)]
    results = detector.detect(articles, ingested_at=[None] * len(articles), detected_at=datetime.now(UTC))
    return [detection for _, found in results for detection in found]


if __name__ == "__main__":
    what, address, file, *more = sys.argv[1:]
    content = Path(file).read_bytes().split(b"\n")
    if what == "endless":
        records, number, step = map(int, more)
        endless(Path(address), content, records, number, step)
    seconds, parts = (core(content), {}) if what == "core" else loop(len(content), address, *more)
    print(json.dumps({"seconds": seconds, "parts": parts}))
