"""The JSON that travels on the topics: detections and alerts to bytes and back.

Bytes are deterministic: fixed key order, no spaces, UTF-8. The JSON Schemas in `detector/core/schemas` describe them.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Any

from detector.core.eventtypes import EventType
from detector.core.parsing import parse_time
from detector.core.records import (
    SCHEMA_VERSION,
    Alert,
    AlertEvidence,
    Detection,
    Evidence,
    ModelInfo,
    Place,
    Reason,
)


def format_time(moment: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC with milliseconds, Kafka's own precision."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def encode_detection(detection: Detection) -> bytes:
    """Write a detection as one JSON object."""
    return dump({"schema_version": SCHEMA_VERSION, **asdict(detection)})


def encode_alert(alert: Alert) -> bytes:
    """Write an alert as one JSON object."""
    return dump({"schema_version": SCHEMA_VERSION, **asdict(alert)})


def decode_detection(value: bytes) -> Detection:
    """Read a detection written by `encode_detection`; raises `ValueError` that says what is wrong."""
    fields = _load(value, "detection")
    try:
        return Detection(
            **{
                **fields,
                "type": EventType(fields["type"]),
                "evidence": tuple(Evidence(**item) for item in fields["evidence"]),
                "why": tuple(Reason(**item) for item in fields["why"]),
                "place": _place(fields["place"]),
                "published_at": parse_time(fields["published_at"]),
                "ingested_at": parse_time(fields["ingested_at"]),
                "detected_at": _required_time(fields["detected_at"]),
                "model": ModelInfo(**fields["model"]),
            }
        )
    except (KeyError, TypeError) as error:
        message = f"not a detection: {error}"
        raise ValueError(message) from error


def decode_alert(value: bytes) -> Alert:
    """Read an alert written by `encode_alert`; raises `ValueError` that says what is wrong."""
    fields = _load(value, "alert")
    try:
        return Alert(
            **{
                **fields,
                "references": tuple(fields["references"]),
                "changed": tuple(fields["changed"]),
                "type": EventType(fields["type"]),
                "evidence": tuple(AlertEvidence(**item) for item in fields["evidence"]),
                "why": tuple(Reason(**item) for item in fields["why"]),
                "place": _place(fields["place"]),
                "first_seen": _required_time(fields["first_seen"]),
                "last_seen": _required_time(fields["last_seen"]),
                "model": ModelInfo(**fields["model"]),
            }
        )
    except (KeyError, TypeError) as error:
        message = f"not an alert: {error}"
        raise ValueError(message) from error


def dump(fields: Mapping[str, object]) -> bytes:
    """Write a mapping as compact JSON; records become objects, aware times strings."""
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"), default=_default).encode("utf-8")


def _default(value: object) -> object:
    if isinstance(value, datetime):
        return format_time(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    message = f"{type(value).__name__} has no JSON form here"
    raise TypeError(message)


def _load(value: bytes, kind: str) -> dict[str, Any]:
    try:
        fields = json.loads(value)
    except RecursionError:
        message = f"a {kind} is not nested this deeply"
        raise ValueError(message) from None
    if not isinstance(fields, dict):
        message = f"a {kind} is a JSON object"
        raise ValueError(message)  # noqa: TRY004 callers handle one error type for every malformed record
    version = fields.pop("schema_version", None)
    if version != SCHEMA_VERSION:
        message = f"{kind} has schema_version {version}; this program reads {SCHEMA_VERSION}"
        raise ValueError(message)
    return fields


def _place(value: dict[str, Any] | None) -> Place | None:
    return None if value is None else Place(**value)


def _required_time(value: object) -> datetime:
    moment = parse_time(value)
    if moment is None:
        message = f"{value!r} is no RFC 3339 time"
        raise ValueError(message)
    return moment
