"""Metrics: base units, help, bounded labels that exist from the start, and a registry of one's own each."""

from itertools import pairwise

import pytest

from detector.core.countries import COUNTRY_CODES
from detector.core.eventtypes import STATUSES
from detector.core.records import Place, RejectReason
from detector.loading import load_places
from detector.metrics import UNKNOWN_COUNTRY, Metrics, country_label

LABELS = {"type", "status", "topic", "partition", "reason", "cause", "version", "python", "name", "digest", "le"}
LABELS |= {"message_type", "decision", "state", "country", "figure"}


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
            assert family.name.endswith(("_seconds", "_articles", "_score", "_confidence"))


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
    for histogram in (metrics.classify_seconds, metrics.end_to_end_seconds, metrics.published_to_alert_seconds):
        assert all(low < high for low, high in pairwise(histogram._upper_bounds))


def test_the_program_says_its_version(metrics: Metrics) -> None:
    (build,) = [family for family in metrics.registry.collect() if family.name == "detector_build"]
    assert build.samples[0].labels["version"]


@pytest.mark.parametrize("code", ["", "sy", "ZZ", "SYR", 'SY"} 1\n', "-17", "\u202eSY"])
def test_what_is_no_country_never_becomes_a_label(code: str) -> None:
    place = Place(name="x", country=code, lat=0, lon=0, precision="country")
    assert country_label(place) == UNKNOWN_COUNTRY


def test_countries_of_the_gazetteer_are_labels() -> None:
    rows = (row.split("\t") for row in load_places().gazetteer.rows)
    countries = {country for _, _, country, *_ in rows if country}
    assert len(countries) > 190
    assert countries <= COUNTRY_CODES
    assert country_label(Place(name="Syria", country="SY", lat=0, lon=0, precision="country")) == "SY"
    assert country_label(None) == UNKNOWN_COUNTRY
