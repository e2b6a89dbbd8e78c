"""A whole pipeline of its own on a shared broker: topics with a tag, settings, a worker, and waiting for it to settle."""

import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kafka import KafkaProducer

from detector.kafka.admin import create_topics, uncommitted_records
from detector.settings import DeadLetterSettings, Settings, TopicSettings, WorkerSettings
from detector.worker_process import WorkerProcess

WAIT_SECONDS = 120


@dataclass(frozen=True)
class Message:
    """One record to put on a topic."""

    value: bytes | None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True)
class Pipeline:
    """Settings and the running worker."""

    settings: Settings
    worker: WorkerProcess

    def send(self, messages: Sequence[Message], *, topic: str | None = None) -> None:
        """Put messages on the articles topic (or another) and wait until the broker has them."""
        producer = KafkaProducer(bootstrap_servers=self.settings.broker, acks="all", max_request_size=8 << 20)
        for message in messages:
            target = topic or self.settings.topics.articles
            producer.send(target, message.value, key=message.key, headers=list(message.headers))
        producer.flush()
        producer.close()

    def settle(self) -> None:
        """Wait until the worker has committed everything there is."""
        deadline = time.monotonic() + WAIT_SECONDS
        while uncommitted_records(self.settings) != 0:
            assert self.worker.is_running, self.worker.explain("the worker ended")
            assert time.monotonic() < deadline, self.worker.explain("the worker did not finish")
            time.sleep(0.2)

    def arguments(self) -> dict[str, str]:
        """Environment that points the command line at this pipeline."""
        topics = self.settings.topics.model_dump()
        names = {f"DETECTOR_TOPICS__{name.upper()}": str(value) for name, value in topics.items()}
        return names | {"DETECTOR_BROKER": self.settings.broker, "DETECTOR_WORKER__GROUP": self.settings.worker.group}


def tagged_settings(broker: str, folder: Path, *, dead_letters: DeadLetterSettings | None = None) -> Settings:
    """Give settings with topics and a group that no other test uses."""
    tag = uuid.uuid4().hex[:8]
    return Settings(
        broker=broker,
        topics=TopicSettings(
            articles=f"articles-{tag}",
            detections=f"detections-{tag}",
            alerts=f"alerts-{tag}",
            events=f"events-{tag}",
            rejected=f"rejected-{tag}",
            undelivered=f"undelivered-{tag}",
        ),
        worker=WorkerSettings(group=f"group-{tag}", data_dir=folder / "data"),
        dead_letters=dead_letters or DeadLetterSettings(max_share=1.0),
    )


@contextmanager
def running_pipeline(settings: Settings, folder: Path) -> Iterator[Pipeline]:
    """Make the topics and run a worker for the time of the context; it must end cleanly if it still runs."""
    create_topics(settings)
    worker = WorkerProcess(settings, log_file=folder / "worker.log")
    worker.start()
    try:
        yield Pipeline(settings, worker)
        if worker.is_running:
            assert worker.stop() == 0, worker.explain("the worker did not end cleanly")
    finally:
        worker.kill()
