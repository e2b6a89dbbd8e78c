"""Detections and alerts survive the wire unchanged, in the same bytes each time; what is malformed is named."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings

from detector.core.moments import format_time
from detector.core.records import Alert, Detection, Event, Retraction, Sketch
from detector.core.wire import (
    decode_alert,
    decode_detection,
    decode_event,
    decode_finding,
    encode_alert,
    encode_detection,
    encode_event,
    encode_retraction,
)
from tests.support.records import DETECTION, alert_for, alerts, detections, events, retractions


@settings(max_examples=80)
@given(detections())
def test_a_detection_comes_back_as_it_was(detection: Detection) -> None:
    assert decode_detection(encode_detection(detection)) == detection


@settings(max_examples=80)
@given(alerts())
def test_an_alert_comes_back_as_it_was(alert: Alert) -> None:
    assert decode_alert(encode_alert(alert)) == alert


@settings(max_examples=60)
@given(events())
def test_an_event_comes_back_as_it_was(event: Event) -> None:
    assert decode_event(encode_event(event)) == event


@settings(max_examples=40)
@given(retractions(), detections())
def test_a_retraction_is_told_from_a_detection(retraction: Retraction, detection: Detection) -> None:
    assert decode_finding(encode_retraction(retraction)) == retraction
    assert decode_finding(encode_detection(detection)) == detection


@pytest.mark.parametrize("name", ["revision", "quantities", "sketch"])
def test_a_detection_of_version_1_is_read_and_one_of_version_2_must_be_whole(name: str) -> None:
    """Workers are replaced one by one: what the old ones wrote is not lost."""
    fields = json.loads(encode_detection(replace(DETECTION, revision=7)))
    with pytest.raises(ValueError, match=name):
        decode_detection(json.dumps({key: value for key, value in fields.items() if key != name}).encode())
    old = {key: value for key, value in fields.items() if key not in {"revision", "quantities", "sketch"}}
    assert decode_detection(json.dumps(old | {"schema_version": 1}).encode()) == replace(
        DETECTION, revision=0, quantities=(), sketch=Sketch()
    )


def test_an_alert_of_version_1_is_read() -> None:
    fields = json.loads(encode_alert(alert_for(DETECTION)))
    old = {key: value for key, value in fields.items() if key not in {"reason", "quantities", "why_merged"}}
    assert decode_alert(json.dumps(old | {"schema_version": 1}).encode()) == replace(
        alert_for(DETECTION), quantities=()
    )


@settings(max_examples=40)
@given(detections())
def test_writing_what_was_read_gives_the_same_bytes(detection: Detection) -> None:
    value = encode_detection(detection)
    assert encode_detection(decode_detection(value)) == value


def test_records_are_compact_utf8_json_that_begins_with_the_version() -> None:
    assert encode_detection(DETECTION).startswith(b'{"schema_version":2,"detection_id":"')
    assert b"Caf\xc3\xa9" in encode_detection(replace(DETECTION, outlet="Café"))
    assert b"\n" not in encode_detection(replace(DETECTION, title="two\nlines"))


def test_a_time_is_written_in_utc_with_milliseconds() -> None:
    east = timezone(timedelta(hours=3))
    assert format_time(datetime(2016, 12, 15, 13, 0, 0, 123_999, east)) == "2016-12-15T10:00:00.123Z"
    assert format_time(datetime(2016, 12, 15, tzinfo=UTC)) == "2016-12-15T00:00:00.000Z"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 3}, "schema_version 3"),
        ({"schema_version": None}, "schema_version None"),
        ({"type": "earthquake"}, "detection: type"),
        ({"evidence": None}, "detection: evidence"),
        ({"evidence": [{"start": 0}]}, "detection: evidence"),
        ({"evidence": [5]}, "detection: evidence"),
        ({"place": {"name": "Aleppo"}}, "detection: place"),
        ({"place": "Aleppo"}, "detection: place"),
        ({"model": None}, "detection: model"),
        ({"detected_at": "yesterday"}, "detection: detected_at"),
        ({"detected_at": None}, "detection: detected_at"),
        ({"status": "banana"}, "status"),
        ({"status": "held"}, "status"),
        ({"evidence": []}, "evidence"),
        ({"confidence": "high"}, "detection: confidence"),
        ({"confidence": 1.5}, "confidence"),
        ({"schema_version": 0}, "schema_version"),
        ({"schema_version": True}, "schema_version"),
        ({"revision": "1"}, "detection: revision"),
        ({"sketch": {"terms": [{"term": "truce"}]}}, "detection: sketch"),
        ({"sketch": {"copies": "AAA"}}, "detection: sketch"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_malformed_detection_is_refused_and_named(change: dict[str, object], message: str) -> None:
    fields = json.loads(encode_detection(DETECTION)) | change
    with pytest.raises(ValueError, match=message):
        decode_detection(json.dumps(fields).encode())


@pytest.mark.parametrize("field", ["alert_id", "evidence", "first_seen", "model", "references", "type"])
def test_an_alert_without_a_field_is_refused_and_the_field_named(field: str) -> None:
    fields = json.loads(encode_alert(alert_for(DETECTION)))
    del fields[field]
    with pytest.raises(ValueError, match=field):
        decode_alert(json.dumps(fields).encode())


@pytest.mark.parametrize("value", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'"text"', b"[" * 100_000, b'{"a":' * 9_999])
def test_what_is_no_json_object_is_refused_with_a_value_error(value: bytes) -> None:
    for decode in (decode_detection, decode_alert):
        with pytest.raises(ValueError):  # noqa: PT011 each says something of its own
            decode(value)


def test_a_field_that_a_later_version_added_is_left_out() -> None:
    fields = json.loads(encode_detection(DETECTION)) | {"surplus": 1}
    assert decode_detection(json.dumps(fields).encode()) == DETECTION
