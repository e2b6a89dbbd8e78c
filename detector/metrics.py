"""Every metric of the detector, declared once: name, help, labels and buckets.

Base units, bounded labels (types, statuses, reasons, topics, partitions). Each `Metrics` has a registry of its own, so
that tests and several apps in one process do not share counters.
"""

import platform
from functools import partial
from importlib.metadata import version
from typing import Final, get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from detector.core.correlation.step import DecisionKind
from detector.core.eventtypes import STATUSES
from detector.core.records import MessageType, RejectReason, RetractionReason

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series per series that no dashboard reads

_BATCH_BUCKETS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_CLASSIFY_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_RESTORE_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_END_TO_END_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class Metrics:
    """The counters, gauges and histograms of one worker."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry or CollectorRegistry()
        counter = partial(Counter, registry=self.registry)
        gauge = partial(Gauge, registry=self.registry)
        histogram = partial(Histogram, registry=self.registry)
        info = partial(Info, registry=self.registry)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)

        self.articles = counter("detector_articles", "Records read from the articles topic and finished.")
        self.articles_with_detections = counter(
            "detector_articles_with_detections", "Articles that caused at least one detection."
        )
        self.no_event = counter("detector_no_event", "Articles in which no type passed its threshold.")
        self.withdrawals = counter(
            "detector_withdrawals", "Empty messages under an article id; counted under no_event as well."
        )
        self.undated = counter("detector_articles_undated", "Articles without a readable publication time.")
        self.detections = counter(
            "detector_detections", "Detections delivered, by type and status.", ["type", "status"]
        )
        self.abstained = counter(
            "detector_abstained", "Articles in the abstain band of a type: close below its threshold.", ["type"]
        )
        self.alerts = counter(
            "detector_alerts",
            "Alerts delivered, by type and what they say: alert, update, cancel.",
            ["type", "message_type"],
        )
        self.correlated = counter(
            "detector_correlated",
            "Detections and retractions taken into events, by type and what became of them; repeated ones tell nothing new.",
            ["type", "decision"],
        )
        self.retractions = counter(
            "detector_retractions",
            "What earlier versions of articles said and later ones do not, by reason.",
            ["reason"],
        )
        self.events_expired = counter("detector_events_expired", "Events forgotten after their quiet period.")
        self.state_entries = gauge(
            "detector_state_entries", "Articles and events that this worker remembers.", ["state"]
        )
        self.state_restore_seconds = histogram(
            "detector_state_restore_seconds",
            "Time to read state from its changelog after an assignment.",
            ["state"],
            buckets=_RESTORE_BUCKETS,
        )
        self.drift_psi = gauge(
            "detector_drift_psi",
            "Population stability index of the last day's articles against the model's reference, by figure (score, rate, "
            "vocabulary, length) and type; absent while too few articles were seen, or without a reference.",
            ["figure", "type"],
        )
        self.drift_articles = gauge("detector_drift_articles", "Articles that the drift figures are of.")
        self.rejected = counter(
            "detector_rejected", "Records kept as dead letters, by topic and reason.", ["topic", "reason"]
        )
        self.classify_seconds = histogram(
            "detector_classify_seconds", "Time in the pure core per article.", buckets=_CLASSIFY_BUCKETS
        )
        self.batch_articles = histogram(
            "detector_batch_articles", "Records handled together.", ["topic"], buckets=_BATCH_BUCKETS
        )
        self.end_to_end_seconds = histogram(
            "detector_end_to_end_seconds",
            "From the broker's timestamp of the article to its alert being delivered.",
            buckets=_END_TO_END_BUCKETS,
        )
        self.retries = counter("detector_retries", "Deliveries tried again after a failure.")
        self.retries_held = gauge("detector_retries_held", "Batches held now because a delivery fails.")
        partition = ["topic", "partition"]
        self.lag_records = gauge("detector_lag_records", "Records not yet committed, per partition.", partition)
        self.lag_seconds = gauge(
            "detector_lag_seconds", "Age of the oldest unfinished record, per partition.", partition
        )
        self.commits_held = gauge(
            "detector_commits_held_records", "Records delivered to the agents and not finished.", partition
        )
        self.offset_jumps = counter(
            "detector_offset_jumps", "Deliveries refused because an offset was skipped.", partition
        )
        self.offset_gaps = counter(
            "detector_offset_gap_records", "Offsets that a second read confirmed to hold no record.", partition
        )
        self.offset_rereads = counter(
            "detector_offset_rereads", "Seeks back to the first unfinished record.", ["topic", "partition", "cause"]
        )
        self.partitions_assigned = gauge("detector_partitions_assigned", "Partitions this worker reads now.")
        self.rebalances = counter("detector_rebalances", "Assignments received.")
        self.loop_delay_seconds = gauge("detector_event_loop_delay_seconds", "How late the event loop woke up last.")
        self.build = info("detector_build", "Program version.")
        self.build.info({"version": version("news-event-detector"), "python": platform.python_version()})
        self.model = info("detector_model", "The model that decides.")
        self._start_at_zero()

    def _start_at_zero(self) -> None:
        """Make the labelled counters exist before their first event, so that rates see the first one."""
        for event_type, statuses in STATUSES.items():
            for message_type in get_args(MessageType):
                self.alerts.labels(event_type.value, message_type)
            for decision in get_args(DecisionKind):
                self.correlated.labels(event_type.value, decision)
            self.abstained.labels(event_type.value)
            for status in statuses:
                self.detections.labels(event_type.value, status)
        for state in ("articles", "events"):
            self.state_entries.labels(state).set(0)
        for reason in get_args(RetractionReason):
            self.retractions.labels(reason)
        for reason in RejectReason:
            self.rejected.labels("articles", reason.value)
