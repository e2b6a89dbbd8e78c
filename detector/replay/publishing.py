"""Publishes what a replay finds to topics of its own, never to those that live subscribers read."""

import re
from collections.abc import Iterable
from types import TracebackType
from typing import Final, Self

from kafka import KafkaProducer
from kafka.admin import NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from detector.errors import DetectorError, UsageError
from detector.kafka.admin import admin_client, broker_errors, topic_names
from detector.kafka.clients import kafka_python_options
from detector.settings import Settings
from detector.stream.messages import Outgoing

RUN_HEADER: Final = "run_id"
_TOPIC: Final = re.compile(r"[a-zA-Z0-9._-]{1,240}")


def replay_topics(settings: Settings, prefix: str, *, source: str | None) -> tuple[str, str, str]:
    """Return the topics of a prefix, for detections, alerts and events.

    Raises `UsageError` when one of them is a topic that the live detector uses or that the replay reads.
    """
    if not _TOPIC.fullmatch(prefix):
        message = f"--publish-to {prefix!r} makes no topic name: letters, digits, dots, dashes and underscores do"
        raise UsageError(message)
    names = (f"{prefix}.detections", f"{prefix}.alerts", f"{prefix}.events")
    live = {*topic_names(settings), source}
    for name in names:
        if name in live:
            message = f"--publish-to {prefix} would write to {name}, which is in live use; choose another prefix"
            raise UsageError(message)
    return names


class RunPublisher:
    """Sends detections, alerts and events of one run, each with the run's id in the header `run_id`.

    Makes the topics when they are absent, with as many partitions as the live ones are made with. Keys and bytes are the
    live ones. Leaving the context waits until the broker has everything; raises `DetectorError` when it does not take a record.
    """

    def __init__(self, settings: Settings, names: tuple[str, str, str], run_id: str) -> None:
        self._settings = settings
        live = (settings.topics.detections, settings.topics.alerts, settings.topics.events)
        self._names = dict(zip(live, names, strict=True))
        self._header = (RUN_HEADER, run_id.encode("utf-8"))
        self._failures: list[BaseException] = []
        self.sent = dict.fromkeys(names, 0)
        self._make_topics()
        with broker_errors(settings):
            self._producer = KafkaProducer(
                **kafka_python_options(settings),
                acks="all",
                linger_ms=20,
                max_request_size=8 << 20,
                allow_auto_create_topics=False,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            with broker_errors(self._settings):
                self._producer.flush()
        finally:
            self._producer.close()
        if kind is None:
            self._check()

    def publish(self, records: Iterable[Outgoing]) -> None:
        """Hand records over; blocks only when the producer's buffer is full."""
        self._check()
        with broker_errors(self._settings):
            for record in records:
                if (name := self._names.get(record.topic)) is None:  # state, which a run keeps in memory
                    continue
                future = self._producer.send(name, record.value, key=record.key, headers=[self._header])
                future.add_errback(self._failures.append)
                self.sent[name] += 1

    def _check(self) -> None:
        if self._failures:
            reason = self._failures[0] if isinstance(self._failures[0], KafkaError) else repr(self._failures[0])
            message = f"the broker did not take {len(self._failures)} records of {', '.join(self.sent)}: {reason}"
            raise DetectorError(message)

    def _make_topics(self) -> None:
        topics = self._settings.topics
        with admin_client(self._settings) as admin:
            present = set(admin.list_topics())
            for name in self.sent:
                if name not in present:
                    compacted = {"cleanup.policy": "compact"} if name == self._names[topics.events] else {}
                    new = NewTopic(
                        name,
                        num_partitions=topics.partitions,
                        replication_factor=topics.replication,
                        topic_configs=compacted,
                    )
                    try:
                        admin.create_topics([new])
                    except TopicAlreadyExistsError:
                        continue
