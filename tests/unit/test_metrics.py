"""Metrics: base units, help, bounded labels that exist from the start, and a registry of one's own each."""

from itertools import pairwise

import pytest

from detector.core.eventtypes import STATUSES
from detector.core.records import RejectReason
from detector.metrics import Metrics

LABELS = {"type", "status", "topic", "partition", "reason", "cause", "version", "python", "name", "digest", "le"}
LABELS |= {"figure", "message_type", "decision", "state"}


@pytest.fixture
def metrics() -> Metrics:
    """Those of one worker."""
    return Metrics()


def test_each_worker_counts_for_itself(metrics: Metrics) -> None:
    metrics.articles.inc()
    assert metrics.registry.get_sample_value("detector_articles_total") == 1
    assert Metrics().registry.get_sample_value("detector_articles_total") == 0


def test_every_metric_of_ours_has_a_help_text_and_bounded_labels(metrics: Metrics) -> None:
    families = [family for family in metrics.registry.collect() if family.name.startswith("detector_")]
    assert len(families) > 15
    for family in families:
        assert family.documentation.endswith("."), family.name
        for sample in family.samples:
            assert set(sample.labels) <= LABELS


def test_times_are_in_seconds(metrics: Metrics) -> None:
    for family in metrics.registry.collect():
        assert not family.name.endswith(("_ms", "_milliseconds", "_minutes"))
        if family.type == "histogram":
            assert family.name.endswith(("_seconds", "_articles"))


def test_counters_are_there_before_their_first_event(metrics: Metrics) -> None:
    for kind, statuses in STATUSES.items():
        assert metrics.registry.get_sample_value("detector_alerts_total", {"type": kind, "message_type": "update"}) == 0
        assert metrics.registry.get_sample_value("detector_abstained_total", {"type": kind}) == 0
        for status in statuses:
            labels = {"type": kind.value, "status": status}
            assert metrics.registry.get_sample_value("detector_detections_total", labels) == 0
    for reason in RejectReason:
        labels = {"topic": "articles", "reason": reason.value}
        assert metrics.registry.get_sample_value("detector_rejected_total", labels) == 0


def test_buckets_rise(metrics: Metrics) -> None:
    for histogram in (metrics.classify_seconds, metrics.end_to_end_seconds):
        assert all(low < high for low, high in pairwise(histogram._upper_bounds))


def test_the_program_says_its_version(metrics: Metrics) -> None:
    (build,) = [family for family in metrics.registry.collect() if family.name == "detector_build"]
    assert build.samples[0].labels["version"]
