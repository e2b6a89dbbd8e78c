"""Builds the Faust application from settings and a loaded detector: two agents, raw bytes in, nothing at import time."""

import time
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

from detector.core.correlation.articles import ArticleMemory
from detector.core.correlation.correlator import Correlator
from detector.core.detect import Detector
from detector.kafka.changelog import Changelog
from detector.loading import load_families
from detector.metrics import Metrics
from detector.settings import Settings
from detector.stream.correlating import correlated, rules_of, with_past, without_superseded
from detector.stream.dead_letter_limit import DeadLetterLimit
from detector.stream.delivery import Delivery, Sender
from detector.stream.drift_metrics import drift_metrics
from detector.stream.faust_app import DetectorApp, new_app
from detector.stream.guarded_consumer import GuardedConsumer
from detector.stream.health import Health
from detector.stream.messages import Incoming, Outcome, Outgoing
from detector.stream.monitoring import add_monitoring
from detector.stream.outcomes import article_outcomes
from detector.stream.processing import BatchProcessor
from detector.stream.states import PartitionStates


def create_app(
    settings: Settings,
    detector: Detector,
    *,
    metrics: Metrics,
    health: Health,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> DetectorApp:
    """Build the worker's application; a fresh one a call, started by `detector.stream.worker` or a test.

    Delivery is at least once from articles to alerts: an input's offset is committed only after everything it causes, the
    state it changes too, has been acknowledged by the broker.
    """
    app = new_app(settings, metrics, health)
    rules, families = rules_of(settings.correlation), load_families()
    reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state")
    restored = partial(PartitionStates, executor=reading, metrics=metrics, health=health)
    memories: PartitionStates[ArticleMemory] = restored(
        "articles", Changelog(settings, settings.article_changelog), make=partial(ArticleMemory, rules)
    )
    correlators: PartitionStates[Correlator] = restored(
        "events", Changelog(settings, settings.event_changelog), make=partial(Correlator, rules, families)
    )
    states = (memories, correlators)
    topics = settings.topics
    processor = partial(
        BatchProcessor,
        rejected_topic=topics.rejected,
        delivery=Delivery(_sender(app, states), settings=settings.worker, metrics=metrics, health=health),
        metrics=metrics,
        health=health,
        executor=ThreadPoolExecutor(max_workers=1, thread_name_prefix="core"),
        finish=lambda message: _consumer(app).finish(message),
        commit=lambda: _consumer(app).commit(),
        clock=time.perf_counter,
    )

    drift = drift_metrics(settings, detector.classifier, metrics, time.monotonic)

    def detect(records: Sequence[Incoming]) -> list[Outcome]:
        outcomes = article_outcomes(records, detector=detector, topics=topics, now=now())
        drift.observe(outcomes)
        pairs = zip(records, outcomes, strict=True)
        return [with_past(record, outcome, memories.of(record.partition), settings) for record, outcome in pairs]

    def correlate(records: Sequence[Incoming]) -> list[Outcome]:
        return without_superseded([correlated(record, correlators, settings) for record in records], settings)

    agent = partial(_add_agent, app, settings)
    agent("detect", topics.articles, processor(detect, limit=_limit(settings), states=memories))
    agent("correlate", topics.detections, processor(correlate, limit=_limit(settings), states=correlators))
    add_monitoring(app, settings, metrics=metrics, health=health)

    @app.on_partitions_revoked.connect(weak=False)
    async def revoked(*_arguments: Any, **_keywords: Any) -> None:  # noqa: ANN401 whatever Faust sends along
        for one in states:
            one.revoked()

    return app


def _limit(settings: Settings) -> DeadLetterLimit:
    return DeadLetterLimit(settings.dead_letters)


def _add_agent(app: DetectorApp, settings: Settings, name: str, topic: str, processor: BatchProcessor) -> None:
    source = app.topic(topic, key_serializer="raw", value_serializer="raw")

    @app.agent(source, name=name, concurrency=1)
    async def agent(stream: Any) -> None:  # noqa: ANN401 Faust's stream type is not generic over events
        batches: AsyncIterable[Any] = stream.take_events(
            settings.worker.batch_articles, within=settings.worker.batch_wait_seconds
        )
        async for events in batches:
            await processor.process([event.message for event in events])


def _sender(app: DetectorApp, states: Sequence[PartitionStates[Any]]) -> Sender:
    changelogs = {one.topic: one for one in states}

    async def send(record: Outgoing) -> Awaitable[None]:
        # The producer's own send, not the topic's: its future carries the broker's answer and nothing else keeps a copy.
        acknowledged = await app.producer.send(
            record.topic, record.key, record.value, record.partition, None, list(record.headers)
        )
        return taken(record, acknowledged)

    async def taken(record: Outgoing, acknowledged: Awaitable[Any]) -> None:
        answer = await acknowledged
        if changelog := changelogs.get(record.topic):
            changelog.wrote(answer.partition, answer.offset)

    return send


def _consumer(app: DetectorApp) -> GuardedConsumer:
    consumer = app.consumer
    assert isinstance(consumer, GuardedConsumer)  # noqa: S101 narrows the type that the transport guarantees
    return consumer
