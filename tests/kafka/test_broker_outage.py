"""A broker that goes away and comes back: the worker holds, says that it is not ready, recovers, and loses nothing."""

import json
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from kafka import KafkaProducer

from detector.broker.embedded import EmbeddedBroker, usable_port
from detector.kafka.admin import create_topics, uncommitted_records
from detector.settings import EmbeddedBrokerSettings, Settings, WorkerSettings
from detector.worker_process import WorkerProcess
from tests.support.kafka_reading import read_topic

ARTICLES = 400
OUTAGE_SECONDS = 20
TEXT = "The government and the rebels agreed a ceasefire in {town} on Thursday."
TOWNS = (
    *("Aleppo", "Bogota", "Kyiv", "Juba", "Kabul", "Tripoli", "Baghdad", "Beirut", "Khartoum", "Mogadishu", "Bamako"),
    *(
        "Bangui",
        "Colombo",
        "Manila",
        "Yangon",
        "Sarajevo",
        "Grozny",
        "Tbilisi",
        "Dili",
        "Monrovia",
        "Freetown",
        "Luanda",
    ),
)
"""Each an event of its own, so that none has more articles than it names."""


@pytest.mark.timeout(240)
def test_worker_survives_an_outage_and_loses_nothing(tmp_path: Path) -> None:
    """Kafka stops in the middle of the stream for longer than the session timeout, then answers again."""
    port = usable_port(0)
    embedded = EmbeddedBrokerSettings(port=port, data_dir=tmp_path / "kafka")
    settings = Settings(
        broker=f"127.0.0.1:{port}",
        worker=WorkerSettings(group=f"outage-{uuid.uuid4().hex[:8]}", data_dir=tmp_path / "data"),
    )
    broker = EmbeddedBroker(embedded)
    broker.start()
    worker = WorkerProcess(settings, log_file=tmp_path / "worker.log")
    try:
        create_topics(settings)
        _publish(settings, range(ARTICLES))
        worker.start()
        _wait_until(lambda: worker.figures()["alerts"] > 0, worker)
        _wait_until(lambda: _status(worker, "readyz") == 200, worker)
        _publish(settings, range(ARTICLES, 2 * ARTICLES))
        broker.stop()
        _wait_until(lambda: _status(worker, "readyz") == 503, worker)
        time.sleep(OUTAGE_SECONDS)
        assert _status(worker, "healthz") == 200, "an absent broker is no reason to restart the worker"
        broker = EmbeddedBroker(embedded)
        broker.start()
        _publish(settings, range(2 * ARTICLES, 3 * ARTICLES))
        _wait_until(lambda: uncommitted_records(settings) == 0, worker)
        _wait_until(lambda: _status(worker, "readyz") == 200, worker)
        events = {record.key: record.value for record in read_topic(settings.broker, settings.topics.events)}
        told = [json.loads(value) for value in events.values()]
        assert sum(event["articles"] for event in told) == 3 * ARTICLES
        assert {item["article_id"] for event in told for item in event["supports"]} == {
            str(n) for n in range(3 * ARTICLES)
        }
        assert worker.stop() == 0
    finally:
        worker.kill()
        broker.stop()


def _publish(settings: Settings, numbers: range) -> None:
    producer = KafkaProducer(bootstrap_servers=settings.broker, acks="all", linger_ms=5)
    for number in numbers:
        article = {"id": str(number), "text": TEXT.format(town=TOWNS[number % len(TOWNS)])}
        producer.send(settings.topics.articles, json.dumps(article).encode(), key=str(number).encode())
    producer.flush()
    producer.close()


def _status(worker: WorkerProcess, page: str) -> int:
    try:
        with urlopen(f"{worker.url}/{page}", timeout=5) as answer:  # noqa: S310 our own worker's address
            return int(answer.status)
    except HTTPError as error:
        return error.code


def _wait_until(condition: Callable[[], bool], worker: WorkerProcess, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert worker.is_running, worker.explain("the worker ended")
        assert time.monotonic() < deadline, worker.explain("waited in vain")
        time.sleep(0.25)
