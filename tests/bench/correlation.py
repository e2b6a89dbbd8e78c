"""What correlation costs: beside detection, and with many live events. Run with `python -m tests.bench.correlation`.

Three figures. The time that correlation adds to an article when 3 of 100 carry an event: making the sketch of a detection,
reading it, deciding, and writing what must be kept, against the time to read an article, classify and place. The throughput
with 100,000 live events against that with none. And how long it takes to restore that many from their records.
"""

import argparse
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from kafka import KafkaProducer

from detector.broker.embedded import EmbeddedBroker
from detector.cli.console import messages, print_table
from detector.core import wire
from detector.core.correlation.correlator import Correlator
from detector.core.correlation.rules import Rules
from detector.core.correlation.sampling import sample_text
from detector.core.eventtypes import EVENT_TYPES, STATUSES
from detector.core.ids import content_id
from detector.core.parsing import parse_article
from detector.core.records import Article, Detection, Evidence, Finding, Place, Sketch, Term
from detector.kafka.admin import create_topics
from detector.kafka.changelog import Changelog
from detector.loading import load_detector, load_families, spare_loaded
from detector.settings import EmbeddedBrokerSettings, Settings, TopicSettings
from tests.bench.articles import pool_articles
from tests.bench.contenders import BATCH
from tests.support.records import DETECTION

BASE_RATE = 0.03
START = datetime(2024, 1, 1, tzinfo=UTC)
COUNTRIES = [first + second for first in "ABCDEFGHIJ" for second in "ABCDEFGHIJKLMNOPQRST"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--events", type=int, default=100_000, help="detections before the throughput is taken; 0 leaves it out"
    )
    parser.add_argument("--articles", type=int, default=3000, help="articles for the cost of detection")
    parser.add_argument("--detections", type=int, default=2000, help="detections for each round of throughput")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    rows = list(_cost(options.articles, options.rounds))
    if options.events:
        rows += _live(options.events, options.detections, options.rounds)
    print_table(("what", "figure"), rows)


def _cost(count: int, rounds: int) -> Iterator[tuple[str, str]]:
    """Each round measures everything on all articles, step after step.

    Of each step the least is taken: whatever else the machine does can only add to it.
    """
    detector, families = load_detector(), load_families()
    spare_loaded()
    lines = pool_articles(count)
    parsed: list[Article] = []
    times: dict[str, list[float]] = {"read": [], "classify": [], "place": [], "sketch": [], "correlate": []}
    found: list[tuple[Article, Finding]] = []
    for _ in range(rounds):
        began = time.process_time()
        parsed = [item for line in lines if isinstance(item := parse_article(line), Article)]
        times["read"].append((time.process_time() - began) / len(lines))
        began = time.process_time()
        answers = []
        for first in range(0, len(parsed), BATCH):
            answers += detector.classifier.classify(parsed[first : first + BATCH])
        times["classify"].append((time.process_time() - began) / len(parsed))
        found = [(article, item) for article, answer in zip(parsed, answers, strict=True) for item in answer.findings]
        began = time.process_time()
        for article, finding in found:
            detector.places.locate(article, finding)
        placed = time.process_time() - began
        times["place"].append(placed / len(found))
        began = time.process_time()
        detections = [detector.detection(article, finding, START, START) for article, finding in found]
        times["sketch"].append((time.process_time() - began - placed) / len(found))
        values = [wire.encode_detection(item) for item in detections]
        correlator = Correlator(Rules(), families)
        began = time.process_time()
        for value in values:
            correlator.process(wire.decode_finding(value), value)
        times["correlate"].append((time.process_time() - began) / len(found))
    least = {name: min(values) for name, values in times.items()}
    detecting = least["read"] + least["classify"] + BASE_RATE * least["place"]
    added = BASE_RATE * (least["sketch"] + least["correlate"])
    yield "articles, detections", f"{len(parsed)}, {len(found)}"
    yield "reading and detection, an article at the base rate", f"{detecting * 1e6:.0f} µs"
    yield "sketch and figures, a detection", f"{least['sketch'] * 1e6:.0f} µs"
    yield "correlation, a detection", f"{least['correlate'] * 1e6:.0f} µs"
    yield "correlation adds, an article at the base rate", f"{added * 1e6:.1f} µs, {100 * added / detecting:.1f} %"


def _live(events: int, count: int, rounds: int) -> Iterator[tuple[str, str]]:
    families = load_families()
    full = Correlator(Rules(), families)
    for number, item in enumerate(_stories(events, seed=1)):
        full.process(item)
        if (number + 1) % 20_000 == 0:
            messages().print(f"{number + 1} detections, {len(full)} events")
    speeds: dict[str, list[float]] = {"none": [], "many": []}
    for number in range(rounds):
        for name, correlator in (("none", Correlator(Rules(), families)), ("many", full)):
            fresh = [wire.encode_detection(item) for item in _stories(count, seed=100 + number)]
            began = time.process_time()
            for value in fresh:
                correlator.process(wire.decode_finding(value), value)
            speeds[name].append(count / (time.process_time() - began))
    none, many = statistics.median(speeds["none"]), statistics.median(speeds["many"])
    size = sum(map(len, full.entries.values()))
    began = time.process_time()
    restored = Correlator(Rules(), families, dict(full.entries))
    seconds = time.process_time() - began
    yield "live events", f"{len(full)}, {size / len(full) / 1024:.1f} KiB each"
    yield "detections a second with no event", f"{none:.0f}"
    yield "detections a second with these", f"{many:.0f}, {many / none:.2f} of that"
    yield "restoring them", f"{seconds:.1f} s, {len(restored)} events"
    yield "restoring them from the broker", _from_the_broker(full.entries)


def _from_the_broker(entries: Mapping[str, bytes]) -> str:
    """Time what a worker does that gets one partition with all these events, reading and rebuilding apart."""
    with (
        TemporaryDirectory() as folder,
        EmbeddedBroker(EmbeddedBrokerSettings(port=0, data_dir=Path(folder)), say=messages().print) as broker,
    ):
        settings = Settings(broker=broker.address, topics=TopicSettings(partitions=1))
        create_topics(settings)
        producer = KafkaProducer(bootstrap_servers=broker.address, max_request_size=8 << 20, linger_ms=20)
        for key, value in entries.items():
            producer.send(settings.event_changelog, value, key=key.encode("ascii"))
        producer.flush()
        producer.close()
        began = time.perf_counter()
        kept = Changelog(settings, settings.event_changelog).read([0])[0]
        read = time.perf_counter() - began
        Correlator(Rules(), load_families(), kept.values)
        return f"{time.perf_counter() - began:.1f} s, of which {read:.1f} s reading {len(kept.values)} records"


def _stories(count: int, seed: int) -> Iterator[Detection]:
    """Detections of invented events, spread over types, countries and two weeks; one in four is about an earlier event."""
    chance = Random(seed)  # noqa: S311 - stories, not secrets
    last: list[Detection] = []
    for number in range(count):
        if last and chance.random() < 0.25:
            item = replace(chance.choice(last), outlet=f"Outlet {chance.randrange(200)}")
        else:
            item = _story(chance)
        article = f"article-{seed}-{number}"
        item = replace(item, article_id=article, detection_id=content_id("bench", article), revision=number)
        last = [*last[-50:], item]
        yield item


def _story(chance: Random) -> Detection:
    kind = chance.choice(EVENT_TYPES)
    country = chance.choice(COUNTRIES)
    common = [f"common{chance.randrange(300)}" for _ in range(14)]
    rare = [f"rare{chance.randrange(30_000)}" for _ in range(34)]
    words = list(dict.fromkeys(rare + common))
    moment = START + timedelta(minutes=chance.randrange(14 * 24 * 60))
    text = " ".join(chance.choice(words) for _ in range(300))
    sentence = text[:160]
    return replace(
        DETECTION,
        type=kind,
        status=chance.choice(STATUSES[kind]),
        outlet=f"Outlet {chance.randrange(200)}",
        url=None,
        evidence=(Evidence(field="text", start=0, end=len(sentence), sentence=sentence, confidence=0.9),),
        place=Place(
            name=f"Town {chance.randrange(30)}",
            country=country,
            lat=chance.uniform(-60, 60),
            lon=chance.uniform(-180, 180),
            precision="city" if chance.random() < 0.6 else "country",
        ),
        published_at=moment,
        ingested_at=moment,
        detected_at=moment,
        sketch=Sketch(
            terms=tuple(Term(term=word, weight=max(1, 255 - 5 * rank)) for rank, word in enumerate(words)),
            copies=sample_text(text),
        ),
    )


if __name__ == "__main__":
    main()
