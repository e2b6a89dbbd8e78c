"""Counts what a delivered batch came to: the counters that outcomes name, the distributions of scores, and latencies."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from detector.core.records import Classification
from detector.metrics import Metrics
from detector.stream.messages import Outcome


def count_outcomes(metrics: Metrics, topic: str, outcomes: Sequence[Outcome], *, seconds: float, now: datetime) -> None:
    """Count a batch of `topic` that the core took `seconds` for and that was delivered at `now`.

    The counts of a batch are added up first: a metric takes a lock each time it is touched.
    """
    metrics.batch_articles.labels(topic).observe(len(outcomes))
    totals: Counter[tuple[str, ...]] = Counter()
    for outcome in outcomes:
        totals.update(outcome.counts)
        if ("articles",) in outcome.counts:
            metrics.classify_seconds.observe(seconds / len(outcomes))
        if outcome.classification:
            _observe_scores(metrics, outcome.classification)
        for ingested in outcome.alerted:
            metrics.end_to_end_seconds.observe(max(0.0, (now - ingested).total_seconds()))
        for published in outcome.alerted_published:
            metrics.published_to_alert_seconds.observe(max(0.0, (now - published).total_seconds()))
    for (name, *labels), number in totals.items():
        counter = getattr(metrics, name)
        (counter.labels(*labels) if labels else counter).inc(number)
        if name == "alerts_by_country":
            metrics.last_alert_timestamp_seconds.labels(*labels).set(now.timestamp())
    if totals["articles",]:
        metrics.last_article_timestamp_seconds.set(now.timestamp())


def _observe_scores(metrics: Metrics, classification: Classification) -> None:
    if not classification.passed_gate:
        return
    for kind, score in classification.scores.items():
        metrics.score.labels(kind.value).observe(score)
    for finding in classification.findings:
        metrics.confidence.labels(finding.type.value).observe(finding.confidence)
