"""What each article comes to: the pure step of the detect agent, from a batch of messages to a batch of outcomes.

A record that the core cannot handle at all is rejected alone; the rest of its batch is not harmed.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import structlog

from detector.core import wire
from detector.core.correlation.key import key_bytes
from detector.core.detect import Detector
from detector.core.parsing import Parsed, parse_article
from detector.core.records import Article, Classification, Detection, Rejected, RejectReason, Withdrawal
from detector.settings import TopicSettings
from detector.stream.messages import Incoming, Outcome, Outgoing, dead_letter

_log = structlog.get_logger(__name__)

Work = Callable[[Sequence[Incoming]], list[Outcome]]

_WITH_DETECTIONS: Final = ("articles_with_detections",)
_NO_EVENT: Final = ("no_event",)
_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


def one_by_one_on_error(work: Work, records: Sequence[Incoming], *, rejected_topic: str) -> list[Outcome]:
    """Run `work` over a batch; if it raises, run it record by record and reject only what raises again."""
    try:
        return work(records)
    except Exception:  # noqa: BLE001 the last line before a lost record: whatever it was, the record is kept as a dead letter
        _log.exception("batch failed, trying its records alone", records=len(records))
    return [_alone(work, record, rejected_topic) for record in records]


def parse_record(record: Incoming) -> Parsed:
    """Parse a record of the articles topic."""
    return parse_article(record.value, key=record.key)


def article_outcomes(
    records: Sequence[Incoming],
    *,
    detector: Detector,
    topics: TopicSettings,
    now: datetime | None,
    parse: Callable[[Incoming], Parsed] = parse_record,
) -> list[Outcome]:
    """Parse and classify a batch of the articles topic.

    `now` becomes `detected_at`; without it that is the record's own time, so that a replay gives the same bytes whenever it
    is run.
    """
    parsed = [parse(record) for record in records]
    articles = [item for item in parsed if isinstance(item, Article)]
    ingested = [record.timestamp for record, item in zip(records, parsed, strict=True) if isinstance(item, Article)]
    offsets = [record.offset for record, item in zip(records, parsed, strict=True) if isinstance(item, Article)]
    found = iter(detector.detect(articles, ingested_at=ingested, detected_at=now or _NO_TIME, revisions=offsets))
    outcomes = []
    for record, item in zip(records, parsed, strict=True):
        if isinstance(item, Rejected):
            outcomes.append(reject(record, item, topics.rejected))
        elif isinstance(item, Withdrawal):
            outcomes.append(Outcome(counts={("articles",): 1, ("no_event",): 1, ("withdrawals",): 1}, withdrawal=item))
        else:
            classification, detections = next(found)
            if now is None:
                own_time = record.timestamp or item.published_at or _NO_TIME
                detections = [replace(detection, detected_at=own_time) for detection in detections]
            outcomes.append(_detected(item, classification, detections, topics.detections))
    return outcomes


def _detected(article: Article, classification: Classification, detections: Sequence[Detection], topic: str) -> Outcome:
    # A plain dictionary: counters made and updated for each article took a twentieth of its time.
    counts: dict[tuple[str, ...], int] = {("articles",): 1, _WITH_DETECTIONS if detections else _NO_EVENT: 1}
    for detection in detections:
        counts["detections", detection.type.value, detection.status] = 1
    for doubt in classification.doubts:
        counts["abstained", doubt.type.value] = 1
    if silent := sum(not detection.evidence for detection in detections):
        counts["detections_without_evidence",] = silent
    if classification.passed_gate:
        counts["gate_passed",] = 1
    if article.published_at is None:
        counts[("undated",)] = 1
    return Outcome(
        outgoing=tuple(
            Outgoing(topic=topic, key=key_bytes(detection), value=wire.encode_detection(detection))
            for detection in detections
        ),
        counts=counts,
        article=article,
        classification=classification,
    )


def reject(record: Incoming, rejected: Rejected, topic: str) -> Outcome:
    """Make a record's outcome the dead letter that keeps it."""
    counts: Counter[tuple[str, ...]] = Counter({("rejected", record.topic, rejected.reason.value): 1})
    return Outcome(outgoing=(dead_letter(record, rejected, topic=topic),), rejected=rejected, counts=counts)


def _alone(work: Work, record: Incoming, rejected_topic: str) -> Outcome:
    try:
        return work([record])[0]
    except Exception as error:  # noqa: BLE001 see one_by_one_on_error
        _log.exception("record failed", topic=record.topic, partition=record.partition, offset=record.offset)
        rejected = Rejected(
            field="message", reason=RejectReason.INTERNAL_ERROR, detail=f"{type(error).__name__}: {error}"
        )
        return reject(record, rejected, rejected_topic)
