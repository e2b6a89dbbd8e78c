"""What each record comes to: outputs, dead letters and counts; one record that the core cannot bear harms no other."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from detector.core.correlation.key import key_bytes
from detector.core.detect import Detector
from detector.core.eventtypes import EventType
from detector.core.records import (
    Article,
    Classification,
    Doubt,
    Evidence,
    Finding,
    ModelInfo,
    Place,
    Reason,
    RejectReason,
    Withdrawal,
)
from detector.core.wire import decode_detection
from detector.settings import TopicSettings
from detector.stream.messages import Incoming, Outcome
from detector.stream.outcomes import article_outcomes, one_by_one_on_error
from tests.support.records import NOON

TOPICS = TopicSettings(articles="in", detections="seen", alerts="out", rejected="bad")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class TruceClassifier:
    """Finds a ceasefire where the text says truce, and cannot bear the word crash."""

    info: ModelInfo
    features: Sequence[str] = ("truce",)
    thresholds: Mapping[EventType, float] = field(default_factory=lambda: dict.fromkeys(EventType, 0.5))

    def classify(self, articles: Sequence[Article]) -> list[Classification]:
        """Answer for each article, or raise for all."""
        if any("crash" in article.text for article in articles):
            raise RuntimeError("the core cannot bear this")
        return [
            Classification(scores={}, findings=self._findings(article), doubts=self._doubts(article))
            for article in articles
        ]

    def _doubts(self, article: Article) -> tuple[Doubt, ...]:
        if "lull" not in article.text:
            return ()
        return (Doubt(type=EventType.CEASEFIRE, confidence=0.4, threshold=0.5, sentence=article.text),)

    def _findings(self, article: Article) -> tuple[Finding, ...]:
        if "truce" not in article.text:
            return ()
        evidence = Evidence(field="text", start=0, end=5, sentence=article.text[:5], confidence=0.9)
        return (
            Finding(
                type=EventType.CEASEFIRE,
                status="agreed",
                confidence=0.9,
                threshold=0.5,
                evidence=(evidence,),
                why=(Reason(feature="truce", weight=1.0),),
            ),
        )


@dataclass(frozen=True)
class NoPlaces:
    """Knows no place."""

    def locate(self, article: Article, finding: Finding) -> tuple[Place | None, str | None]:
        """Say so."""
        del article, finding
        return None, "no place named"


DETECTOR = Detector(classifier=TruceClassifier(ModelInfo(name="stub", version="1", digest="0" * 16)), places=NoPlaces())


def record(value: bytes | None, offset: int = 0, *, key: bytes | None = None, topic: str = "in") -> Incoming:
    """One record of a topic."""
    return Incoming(topic=topic, partition=0, offset=offset, timestamp=NOON, key=key, value=value)


def article(text: str, **fields: str) -> bytes:
    """One article's bytes."""
    return json.dumps({"text": text, **fields}).encode()


def work(records: Sequence[Incoming]) -> list[Outcome]:
    """The step of the first agent, with the stub as its core."""
    return article_outcomes(records, detector=DETECTOR, topics=TOPICS, now=NOW)


def test_an_article_with_an_event_becomes_a_detection() -> None:
    (outcome,) = work([record(article("truce holds", id="a-1", published_at="2016-12-15"))])
    (out,) = outcome.outgoing
    detection = decode_detection(out.value or b"")
    assert (out.topic, out.key) == ("seen", key_bytes(detection))
    assert re.fullmatch(rb"ceasefire\|-\d+", out.key or b"")
    assert (detection.article_id, detection.type, detection.status) == ("a-1", EventType.CEASEFIRE, "agreed")
    assert (detection.ingested_at, detection.detected_at) == (NOON, NOW)
    assert outcome.rejected is None
    assert outcome.counts == {
        ("articles",): 1,
        ("articles_with_detections",): 1,
        ("gate_passed",): 1,
        ("detections", "ceasefire", "agreed"): 1,
    }


def test_an_article_without_an_event_is_counted_and_sends_nothing() -> None:
    (outcome,) = work([record(article("bread", published_at="2016-12-15"))])
    assert outcome.outgoing == ()
    assert outcome.counts == {("articles",): 1, ("no_event",): 1, ("gate_passed",): 1}


def test_a_doubt_is_counted_and_sends_nothing() -> None:
    """The abstain band is seen in the metrics, never in the alerts."""
    (outcome,) = article_outcomes(
        [record(b'{"text": "a lull, perhaps"}')], detector=DETECTOR, topics=TopicSettings(), now=NOW
    )
    assert outcome.outgoing == ()
    assert outcome.counts["abstained", "ceasefire"] == 1
    assert outcome.counts["no_event",] == 1


def test_an_article_without_a_date_is_counted_as_undated() -> None:
    (outcome,) = work([record(article("bread", published_at="lately"))])
    assert outcome.counts == {("articles",): 1, ("no_event",): 1, ("gate_passed",): 1, ("undated",): 1}


def test_a_withdrawal_is_counted() -> None:
    (outcome,) = work([record(None, key=b"a-1")])
    assert outcome.counts == {("articles",): 1, ("no_event",): 1, ("withdrawals",): 1}
    assert outcome.outgoing == ()
    assert outcome.withdrawal == Withdrawal(article_id="a-1")


def test_bad_input_becomes_a_dead_letter() -> None:
    (outcome,) = work([record(b'{"id":"a-1","text":5}', key=b"a-1")])
    (letter,) = outcome.outgoing
    assert (letter.topic, letter.key, letter.value) == ("bad", b"a-1", b'{"id":"a-1","text":5}')
    assert dict(letter.headers)["detector.reason"] == b"wrong_type"
    assert outcome.rejected is not None and outcome.rejected.reason is RejectReason.WRONG_TYPE
    assert outcome.counts == {("rejected", "in", "wrong_type"): 1}


def test_each_record_of_a_mixed_batch_gets_its_own_outcome_in_order() -> None:
    values = [b"{", article("truce"), None, article("bread"), b"", article("truce"), b"[]"]
    outcomes = work([record(value, offset) for offset, value in enumerate(values)])
    kinds = [
        "bad" if outcome.rejected else "seen" if ("articles_with_detections",) in outcome.counts else "none"
        for outcome in outcomes
    ]
    assert kinds == ["bad", "seen", "bad", "none", "bad", "seen", "bad"]


def test_every_record_is_counted_exactly_once() -> None:
    """In = no event + with detections + rejected."""
    values = [b"{", article("truce"), article("bread"), b"", article("truce")]
    records = [record(value, key=b"k") for value in values]
    total = {"no_event": 0, "articles_with_detections": 0, "rejected": 0}
    for outcome in work(records):
        for (name, *_), number in outcome.counts.items():
            if name in total:
                total[name] += number
    assert total == {"no_event": 2, "articles_with_detections": 2, "rejected": 1}


def test_a_record_that_the_core_cannot_bear_is_rejected_alone() -> None:
    values = [article("truce one"), article("crash"), article("bread"), article("truce two")]
    records = [record(value, offset) for offset, value in enumerate(values)]
    with pytest.raises(RuntimeError):
        work(records)
    outcomes = one_by_one_on_error(work, records, rejected_topic="bad")
    assert [outcome.rejected is not None for outcome in outcomes] == [False, True, False, False]
    assert [len(outcome.outgoing) for outcome in outcomes] == [1, 1, 0, 1]
    rejected = outcomes[1].rejected
    assert rejected is not None
    assert (rejected.reason, rejected.detail) == (
        RejectReason.INTERNAL_ERROR,
        "RuntimeError: the core cannot bear this",
    )
    (letter,) = outcomes[1].outgoing
    assert (letter.topic, letter.value) == ("bad", article("crash"))
    assert dict(letter.headers)["detector.offset"] == b"1"
    assert outcomes[1].counts == {("rejected", "in", "internal_error"): 1}


def test_a_batch_without_a_fault_is_worked_once() -> None:
    calls: list[int] = []

    def counted(records: Sequence[Incoming]) -> list[Outcome]:
        calls.append(len(records))
        return work(records)

    records = [record(article("bread"))] * 3
    assert len(one_by_one_on_error(counted, records, rejected_topic="bad")) == 3
    assert calls == [3]


def test_a_record_gives_the_same_outcome_alone_and_in_a_batch() -> None:
    records = [record(article("truce", id=str(offset)), offset) for offset in range(4)]
    assert work(records) == [work([item])[0] for item in records]
