"""Builds the Faust application from settings and a loaded detector: two agents, raw bytes in, nothing at import time."""

import time
from collections.abc import AsyncIterable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

from detector.core.detect import Detector
from detector.metrics import Metrics
from detector.settings import Settings
from detector.stream.dead_letter_limit import DeadLetterLimit
from detector.stream.delivery import Delivery, Sender
from detector.stream.faust_app import DetectorApp, new_app
from detector.stream.guarded_consumer import GuardedConsumer
from detector.stream.health import Health
from detector.stream.messages import Incoming, Outcome, Outgoing
from detector.stream.monitoring import add_monitoring
from detector.stream.outcomes import Work, article_outcomes, detection_outcomes
from detector.stream.processing import BatchProcessor


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
        metrics=metrics,
        health=health,
        executor=ThreadPoolExecutor(max_workers=1, thread_name_prefix="core"),
        finish=lambda message: _consumer(app).finish(message),
        commit=lambda: _consumer(app).commit(),
        clock=time.perf_counter,
    )

    def detect_work(records: Sequence[Incoming]) -> list[Outcome]:
        return article_outcomes(records, detector=detector, topics=topics, now=now())

    works: dict[str, tuple[str, Work]] = {
        "detect": (topics.articles, detect_work),
        "correlate": (topics.detections, partial(detection_outcomes, topics=topics)),
    }
    for name, (topic, work) in works.items():
        _add_agent(app, settings, name, topic, processor(work, limit=DeadLetterLimit(settings.dead_letters)))
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
