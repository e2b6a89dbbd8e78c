"""A replay of a real topic judged with labels on another one: faults passed over and said, thresholds that a worker takes."""

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from detector.core.judging.drift import SHIFTED
from detector.replay.label_sources import read_labels
from detector.settings import Settings
from tests.conftest import REPOSITORY
from tests.support.command import run_detector
from tests.support.kafka_reading import end_offsets
from tests.support.pipeline import Message, Pipeline, running_pipeline, tagged_settings
from tests.support.replaying import run_replay
from tests.support.topics import NOON, fill, new_topic

ARTICLES = [file.read_bytes() for file in sorted((REPOSITORY / "seeds/articles").glob("*.json"))]
LABELS = (REPOSITORY / "tests/data/seed_articles_expected.jsonl").read_bytes().splitlines()


def test_labels_come_from_a_topic(broker: str) -> None:
    """The last record of an article wins, an empty one takes its labels back, a faulty one is passed over and said."""
    topic = new_topic(broker)
    producer = KafkaProducer(bootstrap_servers=broker)
    for key, value in (
        (b"a", b'{"article_id":"a","types":{}}'),
        (b"a", b'{"article_id":"a","types":{"ceasefire":"agreed"}}'),
        (b"b", b'{"article_id":"b","types":{}}'),
        (b"b", None),
        (b"c", b"{"),
        (b"d", b'{"article_id":"d","types":{"strike":null}}'),
    ):
        producer.send(topic, value, key=key)
    producer.flush()
    producer.close()
    labels = read_labels(f"topic:{topic}", Settings(broker=broker))
    assert {name: dict(item.statuses) for name, item in labels.by_article.items()} == {"a": {"ceasefire": "agreed"}}
    assert len(labels.warnings) == 2
    assert "offset 4: not JSON" in labels.warnings[0] and "unknown type" in labels.warnings[1]


def test_a_replay_is_judged_and_its_thresholds_run_a_worker(broker: str, tmp_path: Path) -> None:
    """Thirty articles, labels on a topic, a requirement met, and the file that was written changes what `classify` fires."""
    topic, labelled = new_topic(broker, partitions=2), new_topic(broker)
    fill(broker, topic, [(n % 2, NOON + timedelta(hours=n), value) for n, value in enumerate(ARTICLES)])
    fill(broker, labelled, [(0, NOON, line) for line in LABELS])
    environment = {
        "DETECTOR_BROKER": broker,
        "DETECTOR_REPLAY__RUNS_DIR": str(tmp_path / "runs"),
        "DETECTOR_REPLAY__PROCESSES": "1",
    }
    target = tmp_path / "thresholds.env"
    done = run_detector(
        *("replay", "--topic", topic, "--from", "2016-12-15", "--labels", f"topic:{labelled}", "--json", "-"),
        *("--threshold", "atrocity=0.95", "--write-thresholds", target, "--require", "macro_precision>=0.6"),
        environment=environment,
    )
    assert done.returncode == 0, done.stderr
    judged = json.loads(done.stdout)
    figures = {name: item["value"] for name, item in judged["figures"].items()}
    assert (figures["articles"], figures["judged_articles"]) == (30, 30)
    assert figures["macro_f1"] > 0.5
    assert judged["run"]["what_if"] == {"atrocity": 0.95}
    assert judged["comparisons"][0]["deltas"]["all"]["atrocity"]["recall"]["value"] <= 0
    listed = run_detector("reports", "list", environment=environment).stdout.splitlines()
    assert len(listed) == 2 and f"topic:{labelled}" in listed[1]

    chosen = dict(line.split("=", 1) for line in target.read_text().splitlines() if not line.startswith("#"))
    news = b"\n".join(json.dumps(json.loads(article)).encode() for article in ARTICLES)
    before, after = (
        [
            json.loads(line)
            for line in run_detector("classify", "-", environment=variables, stdin=news).stdout.splitlines()
        ]
        for variables in ({}, chosen)
    )
    fired = [
        sum(found["type"] == "atrocity" for answer in answers for found in answer["detections"])
        for answers in (before, after)
    ]
    assert fired[1] == figures["atrocity_alerts"] < fired[0]

    again = run_detector(
        "replay", "--topic", topic, "--from", "2016-12-15", "--json", "-", environment=environment | chosen
    )
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["figures"]["atrocity_alerts"]["value"] == fired[1]

    other = run_detector(
        "classify", "-", environment=chosen | {"DETECTOR_THRESHOLDS__MODEL": "0123456789abcdef"}, stdin=news
    )
    assert other.returncode == 1 and "were chosen for model 0123456789abcdef" in other.stderr


def test_faults_are_told_before_the_range_is_read(broker: str, tmp_path: Path) -> None:
    """A topic of labels that is not there, and a file with a faulty line: no run is begun."""
    topic = new_topic(broker)
    faulty = tmp_path / "labels.jsonl"
    faulty.write_text('{"article_id": "a", "types": {"ceasefire": "held"}}')
    environment = {"DETECTOR_BROKER": broker, "DETECTOR_REPLAY__RUNS_DIR": str(tmp_path / "runs")}
    for source, said, status in (
        ("topic:nowhere-at-all", "The broker has no topic nowhere-at-all", 1),
        (f"topic:{topic}", "holds no labels", 2),
        (str(faulty), "line 1, field types.ceasefire: 'held' is no status of ceasefire", 2),
    ):
        done = run_detector("replay", "--topic", topic, "--last", "1h", "--labels", source, environment=environment)
        assert (done.returncode, said in done.stderr) == (status, True), done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.fixture(scope="module")
def fresh(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """A pipeline that knows no event yet, so that each of the sample articles opens one and causes an alert."""
    folder = tmp_path_factory.mktemp("fresh")
    with running_pipeline(tagged_settings(broker, folder), folder) as running:
        yield running


def test_live_workers_are_timed_by_their_own_topics(fresh: Pipeline, tmp_path: Path) -> None:
    """From arrival to detection and to alert, by the broker's clock; without the live topics that is unknown, not 0."""
    marked = [json.loads(article) | {"id": f"timed-{n}"} for n, article in enumerate(ARTICLES)]
    before = end_offsets(fresh.settings.broker, fresh.settings.topics.articles)
    fresh.send([Message(json.dumps(article).encode()) for article in marked])
    fresh.settle()
    asked = [word for number, end in before.items() for word in ("--offsets", f"{number}:{end}-")]
    judged: list[dict[str, Any]] = []
    for live in ([], ["--live-alerts"]):
        target = tmp_path / f"figures{len(judged)}.json"
        folder = tmp_path / f"run{len(judged)}"
        done = run_replay(*asked, *live, "--json", target, folder=folder, environment=fresh.arguments())
        assert done.exception is None, done.output
        judged.append(json.loads(target.read_text()))
    blind, timed = judged
    assert blind["delays"]["ingested_to_alert"] is None
    assert blind["figures"]["ingested_to_alert_median_seconds"]["value"] is None
    assert "--live-alerts</code> reads it" in (tmp_path / "run0" / "report.html").read_text()
    detected, told = (timed["delays"][name] for name in ("ingested_to_detection", "ingested_to_alert"))
    assert (detected["count"], detected["unknown"]) == (timed["figures"]["alerts"]["value"], 0)
    assert told["count"] > 5
    assert 0 < detected["median"] < told["median"] <= told["p95"] <= told["p99"] < 60
    assert not [note for note in timed["notes"] if "live" in note or "CreateTime" in note]
    page = (tmp_path / "run1" / "report.html").read_text()
    assert "by the broker&#39;s clock" in page and "ingested to alert" in page


def test_live_times_that_cannot_be_had_are_explained(broker: str, tmp_path: Path) -> None:
    """An unknown topic before the range is read; an archive without arrivals, and topics that hold nothing of the run."""
    environment = {"DETECTOR_BROKER": broker, "DETECTOR_TOPICS__DETECTIONS": new_topic(broker)}
    archive = tmp_path / "news.jsonl"
    archive.write_bytes(b"\n".join(json.dumps(json.loads(article)).encode() for article in ARTICLES))
    asked = ("--archive", archive, "--live-alerts")
    absent = run_replay(*asked, "nowhere", folder=tmp_path / "absent", environment=environment)
    assert "has no topic nowhere" in str(absent.exception)
    assert not (tmp_path / "absent").exists()
    silent = new_topic(broker)
    timeless = run_replay(*asked, silent, folder=tmp_path / "timeless", environment=environment)
    assert "no article of this run has a time of arrival" in str(timeless.exception)
    topic = new_topic(broker)
    fill(broker, topic, [(0, NOON, value) for value in ARTICLES])
    done = run_replay(*("--topic", topic, "--live-alerts", silent), folder=tmp_path / "silent", environment=environment)
    assert done.exception is None
    assert "holds no live detection of this run" in done.stderr


def test_a_live_worker_shows_drift(fresh: Pipeline) -> None:
    """Against the reference in the package: the sample articles fire far more often than the news does."""
    articles = [json.loads(article) | {"id": f"drift-{n}"} for n, article in enumerate(ARTICLES * 4)]
    fresh.send([Message(json.dumps(article).encode()) for article in articles])
    deadline = time.monotonic() + 60
    while not (shown := drift_of(fresh)):
        assert time.monotonic() < deadline, "no drift metric after a minute"
        time.sleep(2)
        fresh.send([Message(json.dumps(articles[0]).encode())])
    assert shown["rate", "ceasefire"] > SHIFTED


def drift_of(pipeline: Pipeline) -> dict[tuple[str, str], float]:
    """The worker's drift metrics by figure and type."""
    return {
        (sample.labels["figure"], sample.labels["type"]): sample.value
        for family in pipeline.worker.families()
        for sample in family.samples
        if sample.name == "detector_drift_psi"
    }
