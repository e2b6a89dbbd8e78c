"""From detections to alerts.

Until correlation groups detections into events, each detection opens an event of its own and causes one alert.
"""

from typing import Final, Literal

from detector.core import ids
from detector.core.records import Alert, AlertEvidence, Detection

_CONFIRMED: Final = "confirmed"


def alert_for(detection: Detection) -> Alert:
    """Build the alert that a detection causes; the same detection always gives the same alert."""
    event = ids.event_id(detection.detection_id)
    seen = detection.published_at or detection.ingested_at or detection.detected_at
    return Alert(
        alert_id=ids.alert_id(event, 0),
        event_id=event,
        sequence=0,
        message_type="alert",
        references=(),
        changed=(),
        type=detection.type,
        status=detection.status,
        certainty=_certainty(detection),
        severity=None,
        confidence=detection.confidence,
        threshold=detection.threshold,
        place=detection.place,
        place_reason=detection.place_reason,
        headline=_headline(detection),
        evidence=tuple(
            AlertEvidence(
                article_id=detection.article_id,
                outlet=detection.outlet,
                url=detection.url,
                field=item.field,
                start=item.start,
                end=item.end,
                sentence=item.sentence,
                confidence=item.confidence,
            )
            for item in detection.evidence
        ),
        why=detection.why,
        articles=1,
        independent_outlets=1 if detection.outlet else 0,
        first_seen=seen,
        last_seen=seen,
        model=detection.model,
        reason=None,
        quantities=detection.quantities,
        why_merged=None,
    )


def _certainty(detection: Detection) -> Literal["observed", "possible"]:
    return "observed" if detection.status == _CONFIRMED else "possible"


def _headline(detection: Detection) -> str:
    where = f" in {detection.place.name}" if detection.place else ""
    return f"{detection.type.capitalize()} {detection.status.replace('_', ' ')}{where}"
