"""Builds the Faust application from settings and a loaded detector: two agents, raw bytes in, nothing at import time."""

import time
from collections.abc import AsyncIterable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import faust
from faust.types import TP

from detector.core.detect import Detector
from detector.kafka_clients import faust_credentials
from detector.metrics import Metrics
from detector.settings import Settings
from detector.stream.dead_letter_limit import DeadLetterLimit
from detector.stream.delivery import Delivery, Sender
from detector.stream.guarded_consumer import FAUST_LOGGER, GuardedConsumer, GuardedTransport
from detector.stream.health import Health
from detector.stream.messages import Incoming, Outcome, Outgoing
from detector.stream.monitoring import add_monitoring
from detector.stream.outcomes import article_outcomes, detection_outcomes
from detector.stream.processing import BatchProcessor

_FETCH_BYTES: Final = 1 << 20
"""Of each partition at a time. The broker sends a larger record whole all the same; larger fetches came in stalls."""

_MAX_RECORD_BYTES: Final = 8 << 20
"""Of what this program writes: a dead letter holds the largest record a broker may have let in, plus headers."""


class DetectorApp(faust.App):
    """A Faust app on the guarded transport."""

    logger = FAUST_LOGGER
    metrics: Metrics
    health: Health
    stall_seconds: float

    def _new_transport(self) -> GuardedTransport:
        transport = GuardedTransport(self.conf.broker_consumer, self)
        transport.observer = OffsetMetrics(self.metrics)
        transport.stall_seconds = self.stall_seconds
        return transport


class OffsetMetrics:
    """Counts what the guarded consumer reports."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def jumped(self, tp: TP) -> None:
        """Count a refused delivery."""
        self._metrics.offset_jumps.labels(tp.topic, tp.partition).inc()

    def gap_confirmed(self, tp: TP, records: int) -> None:
        """Count offsets without a record."""
        self._metrics.offset_gaps.labels(tp.topic, tp.partition).inc(records)

    def reread(self, tp: TP, cause: str) -> None:
        """Count a seek back."""
        self._metrics.offset_rereads.labels(tp.topic, tp.partition, cause).inc()


def create_app(
    settings: Settings,
    detector: Detector,
    *,
    metrics: Metrics,
    health: Health,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> DetectorApp:
    """Build the worker's application; a fresh one a call, started by `detector.stream.worker` or a test.

    Delivery is at least once from articles to alerts: an input's offset is committed only after everything it causes
    has been acknowledged by the broker.
    """
    app = new_app(settings, metrics, health)
    topics = settings.topics
    processor = partial(
        BatchProcessor,
        rejected_topic=topics.rejected,
        delivery=Delivery(_sender(app), settings=settings.worker, metrics=metrics, health=health),
        limit=DeadLetterLimit(settings.dead_letters),
        metrics=metrics,
        health=health,
        executor=ThreadPoolExecutor(max_workers=1, thread_name_prefix="core"),
        finish=lambda message: _consumer(app).finish(message),
        clock=time.perf_counter,
    )

    def detect_work(records: Sequence[Incoming]) -> list[Outcome]:
        return article_outcomes(records, detector=detector, topics=topics, now=now())

    _add_agent(app, settings, "detect", topics.articles, processor(detect_work))
    _add_agent(app, settings, "correlate", topics.detections, processor(partial(detection_outcomes, topics=topics)))
    add_monitoring(app, settings, metrics=metrics, health=health)
    return app


def _add_agent(app: DetectorApp, settings: Settings, name: str, topic: str, processor: BatchProcessor) -> None:
    source = app.topic(topic, key_serializer="raw", value_serializer="raw")

    @app.agent(source, name=name, concurrency=1)
    async def agent(stream: Any) -> None:  # noqa: ANN401 Faust's stream type is not generic over events
        batches: AsyncIterable[Any] = stream.take_events(
            settings.worker.batch_articles, within=settings.worker.batch_wait_seconds
        )
        async for events in batches:
            await processor.process([event.message for event in events])


def new_app(settings: Settings, metrics: Metrics, health: Health) -> DetectorApp:
    """Build an app without agents, with every setting that at-least-once delivery and quick take-over need."""
    worker = settings.worker
    app = DetectorApp(
        worker.group,
        broker=[f"kafka://{address.strip()}" for address in settings.broker.split(",")],
        broker_credentials=faust_credentials(settings),
        store="memory://",
        datadir=str(worker.data_dir),
        processing_guarantee="at_least_once",
        broker_commit_interval=worker.commit_interval_seconds,
        broker_commit_every=10 * worker.batch_articles,
        broker_session_timeout=worker.session_timeout_seconds,
        broker_heartbeat_interval=worker.heartbeat_seconds,
        broker_rebalance_timeout=worker.rebalance_timeout_seconds,
        broker_request_timeout=worker.request_timeout_seconds,
        broker_max_poll_records=worker.max_poll_records,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=_FETCH_BYTES,
        producer_acks=-1,
        producer_request_timeout=worker.request_timeout_seconds,
        producer_max_request_size=_MAX_RECORD_BYTES,
        stream_buffer_maxsize=worker.buffer_records,
        stream_wait_empty=True,
        topic_disable_leader=True,
        topic_allow_declare=False,
        table_standby_replicas=0,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    app.metrics, app.health, app.stall_seconds = metrics, health, worker.stall_seconds
    return app


def _sender(app: DetectorApp) -> Sender:
    async def send(record: Outgoing) -> None:
        # The producer's own send, not the topic's: its future carries the broker's answer and nothing else keeps a copy.
        acknowledged = await app.producer.send(record.topic, record.key, record.value, None, None, list(record.headers))
        await acknowledged

    return send


def _consumer(app: DetectorApp) -> GuardedConsumer:
    consumer = app.consumer
    assert isinstance(consumer, GuardedConsumer)  # noqa: S101 narrows the type that the transport guarantees
    return consumer
