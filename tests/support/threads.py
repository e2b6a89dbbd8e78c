"""Puts what the correlator tells of the scenarios on real topics, as the workers do: alerts, events and tombstones."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaProducer

from detector.core.correlation.families import Families
from detector.core.correlation.step import Step
from detector.core.detect import Detector
from detector.core.records import Alert, Event
from detector.core.wire import decode_alert
from detector.settings import Settings
from tests.support.scenarios import FOLDER, Pipeline, read


@dataclass
class Threads:
    """One correlator and the topics that it writes; scenarios played one after the other share its state."""

    settings: Settings
    detector: Detector
    families: Families
    published: list[Alert] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._pipeline = Pipeline(self.detector, self.families)
        self._revision = 0

    def play(self, scenario: str) -> list[Alert]:
        """Publish a whole scenario, named by the first part of its file's name; return its alerts in order."""
        return [alert for told in self.play_slowly(scenario) for alert in told]

    def play_slowly(self, scenario: str) -> Iterator[list[Alert]]:
        """Publish a scenario record by record; yield the alerts of each."""
        (path,) = FOLDER.glob(f"{scenario}-*.yaml")
        for record in read(path)["records"]:
            yield self.receive(record)

    def receive(self, record: dict[str, Any]) -> list[Alert]:
        """Publish what one record causes; return its alerts."""
        before = len(self._pipeline.steps)
        self._pipeline.receive(record, self._revision)
        self._revision += 1
        alerts = publish_steps(self.settings, self._pipeline.steps[before:])
        self.published += alerts
        return alerts

    def current(self) -> dict[str, Event]:
        """Return the events as the compacted topic has them."""
        return self._pipeline.current()


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """Point the command line at a test's topics."""
    names = {f"DETECTOR_TOPICS__{name.upper()}": str(value) for name, value in settings.topics.model_dump().items()}
    return names | {"DETECTOR_BROKER": settings.broker} | more


def publish_steps(settings: Settings, steps: list[Step]) -> list[Alert]:
    """Put the messages of some steps on the topics, wait for the broker, and return the alerts."""
    producer = KafkaProducer(bootstrap_servers=settings.broker, acks="all")
    alerts = []
    for step in steps:
        for key, value in step.alerts:
            assert value is not None
            producer.send(settings.topics.alerts, value, key=key.encode())
            alerts.append(decode_alert(value))
        for key, value in step.events:
            producer.send(settings.topics.events, value, key=key.encode())
        producer.flush()
    producer.close()
    return alerts


def publish(settings: Settings, topic: str, messages: Iterable[tuple[str, bytes | None]]) -> None:
    """Put keyed values on a topic and wait for the broker."""
    producer = KafkaProducer(bootstrap_servers=settings.broker, acks="all")
    for key, value in messages:
        producer.send(topic, value, key=key.encode())
    producer.flush()
    producer.close()
