"""A Faust app on the guarded transport, with the settings that at-least-once delivery and quick take-over need."""

from typing import Final

import faust
from faust.types import TP

from detector.kafka.clients import faust_credentials
from detector.metrics import Metrics
from detector.settings import Settings
from detector.stream.guarded_consumer import FAUST_LOGGER, GuardedTransport
from detector.stream.health import Health

_FETCH_BYTES: Final = 1 << 20
"""Of each partition at a time. The broker sends a larger record whole all the same; larger fetches came in stalls."""

_MAX_REQUEST_BYTES: Final = 10 << 20
"""Of what this program writes: a dead letter holds the largest record of the articles topic, plus headers."""

_METADATA_AGE_MS: Final = 30_000
"""How long a new partition, or a topic made anew, stays unseen."""


class DetectorApp(faust.App):
    """A Faust app on the guarded transport."""

    logger = FAUST_LOGGER
    metrics: Metrics
    health: Health
    stall_seconds: float
    drain_seconds: float

    def _new_transport(self) -> GuardedTransport:
        transport = GuardedTransport(self.conf.broker_consumer, self)
        transport.observer = OffsetMetrics(self.metrics)
        transport.stall_seconds = self.stall_seconds
        transport.drain_seconds = self.drain_seconds
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
        producer_max_request_size=_MAX_REQUEST_BYTES,
        consumer_metadata_max_age_ms=_METADATA_AGE_MS,
        producer_metadata_max_age_ms=_METADATA_AGE_MS,
        stream_buffer_maxsize=worker.buffer_records,
        stream_wait_empty=True,
        topic_disable_leader=True,
        topic_allow_declare=False,
        table_standby_replicas=0,
        web_enabled=False,
        worker_redirect_stdouts=False,
    )
    app.metrics, app.health, app.stall_seconds = metrics, health, worker.stall_seconds
    app.drain_seconds = worker.drain_seconds
    return app
