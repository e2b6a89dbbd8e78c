"""What is counted of a batch: distributions and latencies, and nothing that an article says as a label."""

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from detector.core.correlation.correlator import Correlator
from detector.core.correlation.families import Families
from detector.core.correlation.rules import Rules
from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.records import Classification, Evidence, Finding
from detector.core.wire import encode_detection
from detector.loading import load_detector
from detector.metrics import Metrics
from detector.settings import Settings
from detector.stream.correlating import correlated
from detector.stream.counting import count_outcomes
from detector.stream.messages import Incoming, Outcome
from detector.stream.outcomes import article_outcomes
from tests.support.records import DETECTION, NOON

NOW = datetime(2026, 1, 1, tzinfo=UTC)
SETTINGS = Settings()
FINDING = Finding(
    type=EventType.CEASEFIRE,
    status="agreed",
    confidence=0.93,
    threshold=0.5,
    evidence=(Evidence(field="text", start=0, end=5, sentence="truce", confidence=0.9),),
    why=(),
)


@dataclass(frozen=True)
class OneCorrelator:
    """One for every partition."""

    correlator: Correlator

    def of(self, partition: int) -> Correlator:
        """Return it."""
        assert partition == 0
        return self.correlator

    def rebuild(self, partition: int) -> None:
        """Fail: nothing here may break it."""
        raise AssertionError(partition)


def counted(*outcomes: Outcome, topic: str = "articles") -> Metrics:
    """Metrics of a worker that handled one batch."""
    metrics = Metrics()
    count_outcomes(metrics, topic, outcomes, seconds=0.5, now=NOW)
    return metrics


def incoming(value: bytes, offset: int = 0, topic: str = "articles") -> Incoming:
    """One record."""
    return Incoming(topic=topic, partition=0, offset=offset, timestamp=NOON, key=None, value=value)


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """Read a sample."""
    return metrics.registry.get_sample_value(name, labels)


def test_scores_are_those_of_articles_that_passed_the_gate() -> None:
    scored = Classification(scores=dict.fromkeys(EVENT_TYPES, 0.25), findings=(FINDING,))
    stopped = Classification(scores=dict.fromkeys(EVENT_TYPES, 0.01), findings=(), passed_gate=False)
    metrics = counted(Outcome(classification=scored), Outcome(classification=stopped))
    for kind in EVENT_TYPES:
        assert value(metrics, "detector_score_count", type=kind) == 1
        assert value(metrics, "detector_score_sum", type=kind) == 0.25
    assert value(metrics, "detector_confidence_sum", type="ceasefire") == 0.93
    assert value(metrics, "detector_confidence_count", type="atrocity") == 0


def test_latency_counts_from_the_broker_and_from_publication() -> None:
    early, late = NOW - timedelta(hours=2), NOW + timedelta(hours=1)
    metrics = counted(Outcome(alerted=(early,), alerted_published=(early, late)))
    assert value(metrics, "detector_end_to_end_seconds_sum") == 7200
    assert value(metrics, "detector_published_to_alert_seconds_sum") == 7200, "a time in the future is no negative wait"
    assert value(metrics, "detector_published_to_alert_seconds_count") == 2


def test_the_last_article_and_the_last_alert_have_a_time() -> None:
    before = Metrics()
    assert datetime.now(UTC).timestamp() - (value(before, "detector_last_article_timestamp_seconds") or 0) < 60
    metrics = counted(Outcome(counts={("articles",): 1, ("alerts_by_country", "atrocity", "SY"): 2}))
    assert value(metrics, "detector_last_article_timestamp_seconds") == NOW.timestamp()
    assert value(metrics, "detector_last_alert_timestamp_seconds", type="atrocity", country="SY") == NOW.timestamp()
    assert value(metrics, "detector_alerts_by_country_total", type="atrocity", country="SY") == 2


def test_other_topics_are_no_sign_of_an_article() -> None:
    metrics = counted(Outcome(counts={("alerts", "atrocity", "alert"): 1}), topic="detections")
    assert value(metrics, "detector_last_article_timestamp_seconds") != NOW.timestamp()


def test_hostile_articles_make_no_series() -> None:
    """Names of outlets, ids, titles and places that differ in each article leave the number of series as it is."""
    detector = load_detector(None, {}, None)
    text = "Rebels and the army agreed a ceasefire on Monday. At least 12 people were killed in the massacre."
    articles = [
        incoming(json.dumps({"id": f"i{n}", "outlet": f"out-{n}.example", "title": f"T{n}", "text": text}).encode(), n)
        for n in range(100)
    ]
    bad = [incoming(f"not json {n}".encode(), n) for n in range(20)]
    metrics = Metrics()
    for batch in (articles, bad):
        outcomes = article_outcomes(batch, detector=detector, topics=SETTINGS.topics, now=NOW)
        count_outcomes(metrics, "articles", outcomes, seconds=0.1, now=NOW)
    places = [f"{first}{second}" for first in "ABCDEFGHIJ" for second in '0123456789\n"{']
    assert DETECTION.place
    hostile = [
        encode_detection(
            replace(DETECTION, article_id=code, place=replace(DETECTION.place, country=code), outlet=f"outlet {code}")
        )
        for code in places
    ]
    events = OneCorrelator(Correlator(Rules(), Families({}, frozenset())))
    records = [incoming(raw, n, "detections") for n, raw in enumerate(hostile)]
    outcomes = [correlated(record, events, SETTINGS) for record in records]
    count_outcomes(metrics, "detections", outcomes, seconds=0.1, now=NOW)
    labels = {
        (name, label)
        for family in metrics.registry.collect()
        for sample in family.samples
        for name, label in sample.labels.items()
    }
    assert ("country", "unknown") in labels
    assert not {label for _, label in labels} & {*places, "out-1.example", "i1", "T1"}
    assert sum(len(family.samples) for family in metrics.registry.collect()) < 400
