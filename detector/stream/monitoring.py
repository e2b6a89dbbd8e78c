"""Timers inside the app that keep health and the lag metrics current."""

import asyncio
import time
from collections.abc import Iterable
from typing import Any, Final

import structlog
from faust.types import TP

from detector.kafka.admin import worker_topic_names
from detector.metrics import Metrics
from detector.settings import Settings
from detector.stream.faust_app import DetectorApp
from detector.stream.guarded_consumer import GuardedConsumer
from detector.stream.health import Health

_log = structlog.get_logger(__name__)

_BEAT_SECONDS: Final = 1.0
_PROBE_SECONDS: Final = 5.0


def add_monitoring(app: DetectorApp, settings: Settings, *, metrics: Metrics, health: Health) -> None:
    """Hang the heartbeat, the lag figures, the broker probe and the assignment signals on the app."""
    behind_since: dict[TP, float] = {}

    @app.task
    async def beat() -> None:
        while not app.should_stop:
            due = time.monotonic() + _BEAT_SECONDS
            await asyncio.sleep(_BEAT_SECONDS)
            metrics.loop_delay_seconds.set(max(0.0, time.monotonic() - due))
            health.beat()
            if isinstance(app.consumer, GuardedConsumer):
                _measure_lag(app.consumer, metrics, health, behind_since)
                if app.rebalancing:
                    health.assigned = None

    @app.task
    async def probe_broker() -> None:
        while not app.should_stop:
            reachable = await _answers(app, settings.worker.request_timeout_seconds)
            if health.broker_reachable and not reachable:
                _log.error("the broker does not answer; holding until it does", broker=settings.broker)
            health.broker_reachable = reachable
            if reachable:
                health.missing_topics = _missing_topics(app, worker_topic_names(settings))
            await asyncio.sleep(_PROBE_SECONDS)

    # A closure that Faust's signal would hold weakly and lose; `weak=False` keeps it.
    @app.on_rebalance_complete.connect(weak=False)
    async def completed(*_arguments: Any, **_keywords: Any) -> None:  # noqa: ANN401 whatever Faust sends along
        assigned = app.consumer.assignment()
        health.assigned = len(assigned)
        metrics.partitions_assigned.set(len(assigned))
        metrics.rebalances.inc()
        _log.info("partitions assigned", partitions=sorted(f"{tp.topic}/{tp.partition}" for tp in assigned))
        _forget_revoked(metrics, assigned)


def _measure_lag(consumer: GuardedConsumer, metrics: Metrics, health: Health, behind_since: dict[TP, float]) -> None:
    total = 0
    for tp in consumer.ledger.partitions():
        end = consumer.highwater(tp)
        # Faust declares an int; before the first fetch it is None all the same.
        lag = max(0, (end or 0) - consumer.ledger.committable(tp))
        if lag == 0:
            behind_since.pop(tp, None)
        # A record that was not even fetched has no timestamp here: it has waited at least since the lag was first seen.
        oldest = consumer.ledger.oldest_timestamp(tp) or behind_since.setdefault(tp, time.time())
        metrics.lag_records.labels(tp.topic, tp.partition).set(lag)
        metrics.lag_seconds.labels(tp.topic, tp.partition).set(max(0.0, time.time() - oldest) if lag else 0)
        metrics.commits_held.labels(tp.topic, tp.partition).set(consumer.ledger.held(tp))
        total += lag
    health.lag_seen(total)


def _forget_revoked(metrics: Metrics, assigned: set[TP]) -> None:
    """Remove the gauges of partitions that another worker has now: two workers must not both report their lag."""
    kept = {(tp.topic, str(tp.partition)) for tp in assigned}
    for gauge in (metrics.lag_records, metrics.lag_seconds, metrics.commits_held):
        labels = {(s.labels["topic"], s.labels["partition"]) for family in gauge.collect() for s in family.samples}
        for label in labels - kept:
            gauge.remove(*label)


def _missing_topics(app: DetectorApp, names: Iterable[str]) -> tuple[str, ...]:
    client = getattr(app.producer, "_producer").client  # noqa: B009 private to Faust, and there once the broker has answered
    for name in names:
        client.add_topic(name)
    return tuple(name for name in names if not client.cluster.partitions_for_topic(name))


async def _answers(app: DetectorApp, within_seconds: float) -> bool:
    producer = getattr(app.producer, "_producer", None)
    if producer is None:
        return False
    try:
        return bool(await asyncio.wait_for(producer.client.force_metadata_update(), within_seconds))
    except TimeoutError:
        return False
