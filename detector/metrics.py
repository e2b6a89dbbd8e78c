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
from detector.core.countries import COUNTRY_CODES
from detector.core.eventtypes import STATUSES
from detector.core.records import MessageType, Place, RejectReason, RetractionReason

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series per series that no dashboard reads

_BATCH_BUCKETS: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_CLASSIFY_BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)
_RESTORE_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_END_TO_END_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
_HOUR: Final = 3600
_PUBLISHED_BUCKETS: Final = (10, 30, 60, 300, 900, _HOUR, 3 * _HOUR, 12 * _HOUR, 24 * _HOUR, 72 * _HOUR, 168 * _HOUR)
_CHANCE_BUCKETS: Final = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1)

UNKNOWN_COUNTRY: Final = "unknown"
"""The label `country` of what has no place, or one with a code that is no country's."""


def country_label(place: Place | None) -> str:
    """Return the country as a metric's label: a code of ISO 3166-1, or `UNKNOWN_COUNTRY`, whatever a record says."""
    return place.country if place and place.country in COUNTRY_CODES else UNKNOWN_COUNTRY


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
        self.last_article_timestamp_seconds = gauge(
            "detector_last_article_timestamp_seconds",
            "Unix time at which a record of the articles topic was finished last; the worker's start until then.",
        )
        self.last_article_timestamp_seconds.set_to_current_time()
        self.detections = counter(
            "detector_detections", "Detections delivered, by type and status.", ["type", "status"]
        )
        self.detections_without_evidence = counter(
            "detector_detections_without_evidence", "Detections that name no sentence; a defect when it is not 0."
        )
        self.alerts_by_country = counter(
            "detector_alerts_by_country",
            "Alerts of new events, by type and country (ISO 3166-1, or unknown).",
            ["type", "country"],
        )
        self.last_alert_timestamp_seconds = gauge(
            "detector_last_alert_timestamp_seconds",
            "Unix time of the last alert of a new event, by type and country.",
            ["type", "country"],
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
        self.published_to_alert_seconds = histogram(
            "detector_published_to_alert_seconds",
            "From an article's own publication time to its alert being delivered.",
            buckets=_PUBLISHED_BUCKETS,
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
        self.build = info("detector_build", "Version of the program and of Python, as labels.")
        self.build.info({"version": version("news-event-detector"), "python": platform.python_version()})
        self.model = info("detector_model", "The model that decides: its name, version and digest, as labels.")
        self._declare_model_figures()
        self._start_at_zero()

    def _declare_model_figures(self) -> None:
        histogram = partial(Histogram, registry=self.registry)
        self.gate_passed = Counter(
            "detector_gate_passed",
            "Articles of which a sentence passed the gate; the others are not scored.",
            registry=self.registry,
        )
        self.score = histogram(
            "detector_score",
            "Score of each article that passed the gate, by type: the model's calibrated probability.",
            ["type"],
            buckets=_CHANCE_BUCKETS,
        )
        self.confidence = histogram(
            "detector_confidence", "Confidence of the detections, by type.", ["type"], buckets=_CHANCE_BUCKETS
        )
        self.abstained = Counter(
            "detector_abstained",
            "Articles in the abstain band of a type: close below its threshold.",
            ["type"],
            registry=self.registry,
        )

    def _start_at_zero(self) -> None:
        """Make the labelled counters exist before their first event, so that rates see the first one."""
        for event_type, statuses in STATUSES.items():
            for message_type in get_args(MessageType):
                self.alerts.labels(event_type.value, message_type)
            for decision in get_args(DecisionKind):
                self.correlated.labels(event_type.value, decision)
            self.abstained.labels(event_type.value)
            self.score.labels(event_type.value)
            self.confidence.labels(event_type.value)
            for status in statuses:
                self.detections.labels(event_type.value, status)
        for state in ("articles", "events"):
            self.state_entries.labels(state).set(0)
        for reason in get_args(RetractionReason):
            self.retractions.labels(reason)
        for reason in RejectReason:
            self.rejected.labels("articles", reason.value)
