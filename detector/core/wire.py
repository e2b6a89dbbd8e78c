"""The JSON that travels on the topics: detections, retractions, alerts and events to bytes and back.

Bytes are deterministic: fixed key order, no spaces, UTF-8. The JSON Schemas in `detector/core/schemas` describe them.
Detections and alerts of version 1 are read too: what version 2 added is then empty. Programs that read version 1 only must be
replaced before version 2 is written.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from detector.core.correlation.copies import read_sample
from detector.core.eventtypes import STATUSES
from detector.core.records import (
    ALERT_VERSION,
    DETECTION_VERSION,
    EVENT_VERSION,
    RETRACTION_VERSION,
    Alert,
    Detection,
    Event,
    RejectReason,
    Retraction,
)


class RecordError(ValueError):
    """A record on a topic of ours that is not what it should be."""

    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


_Record = TypeVar("_Record", Detection, Alert, Event, Retraction)
_Judged = TypeVar("_Judged", Detection, Alert)
_DETECTION: Final = TypeAdapter(Detection)
_ALERT: Final = TypeAdapter(Alert)
_EVENT: Final = TypeAdapter(Event)
_RETRACTION: Final = TypeAdapter(Retraction)
_ANY: Final = TypeAdapter(Mapping[str, object])
_TIMES: Final = ("published_at", "ingested_at", "detected_at", "first_seen", "last_seen")
_RETRACTS: Final = "retraction"
_ADDED_BY_2: Final[Mapping[str, Mapping[str, object]]] = {
    "detection": {"revision": 0, "quantities": [], "sketch": {}},
    "alert": {"reason": None, "quantities": [], "why_merged": None},
}
"""What version 1 did not have, and stands for it."""


@dataclass(frozen=True, slots=True)
class _Head:
    """The fields that tell what a record is."""

    schema_version: object = None
    record: object = None


_HEAD: Final = TypeAdapter(_Head)


def encode_detection(detection: Detection) -> bytes:
    """Write a detection as one JSON object."""
    return _headed({"schema_version": DETECTION_VERSION}, _DETECTION.dump_json(detection))


def encode_alert(alert: Alert) -> bytes:
    """Write an alert as one JSON object."""
    return _headed({"schema_version": ALERT_VERSION}, _ALERT.dump_json(alert))


def encode_event(event: Event) -> bytes:
    """Write an event as one JSON object."""
    return _headed({"schema_version": EVENT_VERSION}, _EVENT.dump_json(event))


def encode_retraction(retraction: Retraction) -> bytes:
    """Write a retraction as one JSON object; `record` tells it from a detection."""
    head = {"schema_version": RETRACTION_VERSION, "record": _RETRACTS}
    return _headed(head, _RETRACTION.dump_json(retraction))


def decode_detection(value: bytes) -> Detection:
    """Read a detection; unknown fields are left out. Raises `RecordError` that says what is wrong with it."""
    return _detection(value, _head(value, "detection"))


def _detection(value: bytes, head: _Head) -> Detection:
    detection = _checked(_decode(value, "detection", _DETECTION, DETECTION_VERSION, head))
    try:
        read_sample(detection.sketch.copies)
    except ValueError as error:
        raise RecordError(RejectReason.WRONG_TYPE, f"detection: sketch.copies: {error}") from None
    return detection


def decode_finding(value: bytes) -> Detection | Retraction:
    """Read what stands on the topic of the detections, a detection or a retraction. Raises `RecordError`."""
    head = _head(value, "detection")
    if head.record != _RETRACTS:
        return _detection(value, head)
    return _timely(_decode(value, "retraction", _RETRACTION, RETRACTION_VERSION, head))


def decode_event(value: bytes) -> Event:
    """Read an event; unknown fields are left out. Raises `RecordError` that says what is wrong with it."""
    return _timely(_decode(value, "event", _EVENT, EVENT_VERSION, _head(value, "event")))


def decode_alert(value: bytes) -> Alert:
    """Read an alert; unknown fields are left out. Raises `RecordError` that says what is wrong with it."""
    return _checked(_decode(value, "alert", _ALERT, ALERT_VERSION, _head(value, "alert")))


def dump(content: Mapping[str, object]) -> bytes:
    """Write a mapping as compact JSON; records in it become objects."""
    return _ANY.dump_json(content)


def _headed(head: Mapping[str, object], record: bytes) -> bytes:
    """Put fields before those of a record."""
    return dump(head)[:-1] + b"," + record[1:]


def _head(value: bytes, kind: str) -> _Head:
    """Read what a record is, without bringing the rest of it into Python."""
    try:
        return _HEAD.validate_json(value)
    except ValidationError:
        content = _object(value, kind)
        return _Head(content.get("schema_version"), content.get("record"))


def _object(value: bytes, kind: str) -> dict[str, object]:
    try:
        content = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise RecordError(RejectReason.NOT_JSON, f"not JSON: {type(error).__name__}") from None
    if not isinstance(content, dict):
        raise RecordError(RejectReason.NOT_AN_OBJECT, f"a {kind} is a JSON object")
    return content


def _decode(value: bytes, kind: str, adapter: TypeAdapter[_Record], current: int, head: _Head) -> _Record:
    version = head.schema_version
    if not isinstance(version, int) or isinstance(version, bool) or not 1 <= version <= current:
        raise RecordError(
            RejectReason.SCHEMA_VERSION, f"{kind} has schema_version {version}; this program reads up to {current}"
        )
    if version < current:
        value = json.dumps({**_ADDED_BY_2[kind], **_object(value, kind)}).encode("utf-8")
    try:
        return adapter.validate_json(value, strict=True)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in problem["loc"])
        reason = RejectReason.MISSING if problem["type"] == "missing" else RejectReason.WRONG_TYPE
        raise RecordError(reason, f"{kind}: {where}: {problem['msg']}") from None


def _timely(record: _Record) -> _Record:
    """Check that times are aware."""
    times = [value for name in _TIMES if (value := getattr(record, name, None)) is not None]
    if any(moment.tzinfo is None for moment in times):
        raise RecordError(RejectReason.WRONG_TYPE, f"time is not one that a {type(record).__name__.lower()} can have")
    return record


def _checked(record: _Judged) -> _Judged:
    """Check what types cannot say: a legal status, at least one evidence sentence, aware times, shares between 0 and 1."""
    problems = {
        "status": record.status not in STATUSES[record.type],
        "evidence": not record.evidence,
        "confidence": not 0 <= record.confidence <= 1,
    }
    wrong = next((name for name, is_wrong in problems.items() if is_wrong), None)
    if wrong is not None:
        raise RecordError(RejectReason.WRONG_TYPE, f"{wrong} is not one that a {record.type.value} can have")
    return _timely(record)
