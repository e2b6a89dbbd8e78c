"""Lines of articles to lines of answers: what `detector classify` writes, without broker, clock or ids of any run."""

from collections.abc import Sequence
from typing import Any, Final

from detector.core import wire
from detector.core.detect import Detector
from detector.core.parsing import parse_article
from detector.core.records import Article, Classification, Evidence, Finding, Rejected, RejectReason

_EMPTY_LINE: Final = Rejected(field="message", reason=RejectReason.EMPTY_MESSAGE, detail="the line is empty")


def classify_lines(detector: Detector, lines: Sequence[bytes]) -> list[bytes]:
    """Answer each line with one JSON object, in order; the same lines and model give the same bytes.

    A line that holds no article is answered with `rejected`: field, reason and a detail for people.
    """
    parsed = [parse_article(line) if line.strip() else _EMPTY_LINE for line in lines]
    articles = [item for item in parsed if isinstance(item, Article)]
    results = iter(detector.classifier.classify(articles))
    answers = []
    for item in parsed:
        if isinstance(item, Article):
            answers.append(_answer(detector, item, next(results)))
        elif isinstance(item, Rejected):
            answers.append(_refusal(item))
    return [wire.dump(answer) for answer in answers]


def _answer(detector: Detector, article: Article, result: Classification) -> dict[str, object]:
    return {
        "id": article.id,
        "detections": [_detection(detector, article, finding) for finding in result.findings],
        "scores": {kind.value: score for kind, score in result.scores.items()},
    }


def _detection(detector: Detector, article: Article, finding: Finding) -> dict[str, object]:
    place, place_reason = detector.places.locate(article, finding)
    return {
        "type": finding.type.value,
        "status": finding.status,
        "confidence": finding.confidence,
        "evidence": [_evidence(item) for item in finding.evidence],
        "why": finding.why,
        "place": place,
        "place_reason": place_reason,
    }


def _evidence(item: Evidence) -> dict[str, Any]:
    return {
        **({"field": "title"} if item.field == "title" else {}),
        "start": item.start,
        "end": item.end,
        "text": item.sentence,
        "confidence": item.confidence,
    }


def _refusal(item: Rejected) -> dict[str, object]:
    return {
        "id": item.article_id,
        "rejected": {"field": item.field, "reason": item.reason.value, "detail": item.detail},
    }
