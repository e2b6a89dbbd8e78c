"""Makes run archives of made-up articles, as a replay would leave them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.records import Detection, Evidence, ModelInfo, Place, Reason, Sketch
from detector.core.wire import encode_alert, encode_detection
from detector.replay.archive import (
    ARCHIVE_NAME,
    AlertRow,
    ArticleRow,
    BestRow,
    DetectionRow,
    Row,
    RunArchive,
    ScoreRow,
    tables_of,
)
from tests.support.records import alert_for

DIGEST = "0123456789abcdef"
OTHER_DIGEST = "fedcba9876543210"
START = datetime(2016, 12, 1, tzinfo=UTC)
THRESHOLD = 0.5
_BATCH = 1000


@dataclass(frozen=True, kw_only=True)
class Told:
    """A made-up article and what a model says of it: a confidence and a status per type; the others have 0.1."""

    id: str
    hours: float = 0.0
    """After `START`, when it arrived; published half an hour before."""
    found: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    other: Mapping[str, tuple[float, str]] | None = None
    """What the second model says, the same when `None`."""
    title: str = "A title"
    outlet: str | None = "Wire"
    sentence: str = "The truce holds."
    country: str | None = "SY"


def write_run(
    folder: Path, articles: Sequence[Told], *, models: int = 1, meta: Mapping[str, object] | None = None
) -> Path:
    """Write a run; returns its archive."""
    path = folder / ARCHIVE_NAME
    digests = (DIGEST, OTHER_DIGEST)[:models]
    with RunArchive(path) as archive:
        for first in range(0, len(articles), _BATCH):
            numbered = enumerate(articles[first : first + _BATCH], first + 1)
            archive.write(tables_of(row for n, article in numbered for row in _rows(n, article, digests)))
        archive.set_meta(
            {
                "run_id": folder.name,
                "command": ["detector", "replay", "--last", "7d"],
                "started_at": "2016-12-31T00:00:00.000Z",
                "ended_at": "2016-12-31T00:00:09.000Z",
                "partial": False,
                "partial_reason": None,
                "source": {
                    "topic": "articles",
                    "partitions": [{"partition": 0, "from_offset": 0, "to_offset": len(articles), "note": None}],
                },
                "asked": {"last": "7d", "limit": None},
                "models": [
                    {
                        "digest": digest,
                        "name": "test-model",
                        "version": "1",
                        "thresholds": dict.fromkeys(EVENT_TYPES, THRESHOLD),
                        "seconds": 0.5,
                        "articles": len(articles),
                    }
                    for digest in digests
                ],
                "warnings": [],
                "settings": {"DETECTOR_BROKER": "127.0.0.1:9092"},
                **(meta or {}),
            }
        )
    return path


def _rows(n: int, article: Told, digests: Sequence[str]) -> list[Row]:
    ingested = START.timestamp() + 3600 * article.hours
    rows: list[Row] = [
        ArticleRow(
            n=n,
            article_id=article.id,
            title=article.title,
            outlet=article.outlet,
            url="https://example.org/a",
            published_at=ingested - 1800,
            ingested_at=ingested,
            partition=0,
            offset=n - 1,
            chars=900,
            words=40,
            known_words=38,
        )
    ]
    for digest in digests:
        found = article.found if digest == DIGEST or article.other is None else article.other
        confidences = {kind.value: found.get(kind.value, (0.1, ""))[0] for kind in EVENT_TYPES}
        rows.append(ScoreRow(n=n, model=digest, **confidences))
        for kind, (confidence, _status) in found.items():
            rows.append(BestRow(n=n, model=digest, type=kind, confidence=confidence, sentence=article.sentence))
            if confidence >= THRESHOLD:
                rows += _found(n, article, digest, EventType(kind), ingested)
    return rows


def _found(n: int, article: Told, digest: str, kind: EventType, ingested: float) -> list[Row]:
    found = article.found if digest == DIGEST or article.other is None else article.other
    confidence, status = found[kind.value]
    when = datetime.fromtimestamp(ingested, UTC)
    country = article.country
    detection = Detection(
        detection_id=f"d-{article.id}-{kind}",
        article_id=article.id,
        title=article.title,
        url=None,
        outlet=article.outlet,
        type=kind,
        status=status,
        confidence=confidence,
        threshold=THRESHOLD,
        evidence=(
            Evidence(
                field="text", start=0, end=len(article.sentence), sentence=article.sentence, confidence=confidence
            ),
        ),
        why=(Reason(feature="truce", weight=1.0),),
        place=Place(name="Here", country=country, lat=0, lon=0, precision="country") if country else None,
        place_reason=None if country else "none named",
        published_at=None,
        ingested_at=when,
        detected_at=when,
        model=ModelInfo(name="test-model", version="1", digest=digest),
        revision=n - 1,
        quantities=(),
        sketch=Sketch(),
    )
    alert = alert_for(detection)
    return [
        DetectionRow(
            n=n,
            model=digest,
            type=kind.value,
            status=status,
            confidence=confidence,
            country=country,
            record=encode_detection(detection),
        ),
        AlertRow(
            n=n,
            model=digest,
            alert_id=alert.alert_id,
            event_id=alert.event_id,
            message_type=alert.message_type,
            type=kind.value,
            record=encode_alert(alert),
        ),
    ]
