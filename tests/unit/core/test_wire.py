"""Detections and alerts survive the wire unchanged, in the same bytes each time; what is malformed is named."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings

from detector.core.alerts import alert_for
from detector.core.records import Alert, Detection
from detector.core.wire import decode_alert, decode_detection, encode_alert, encode_detection, format_time
from tests.support.records import DETECTION, alerts, detections


@settings(max_examples=80)
@given(detections())
def test_a_detection_comes_back_as_it_was(detection: Detection) -> None:
    assert decode_detection(encode_detection(detection)) == detection


@settings(max_examples=80)
@given(alerts())
def test_an_alert_comes_back_as_it_was(alert: Alert) -> None:
    assert decode_alert(encode_alert(alert)) == alert


@settings(max_examples=40)
@given(detections())
def test_writing_what_was_read_gives_the_same_bytes(detection: Detection) -> None:
    value = encode_detection(detection)
    assert encode_detection(decode_detection(value)) == value


def test_records_are_compact_utf8_json_that_begins_with_the_version() -> None:
    assert encode_detection(DETECTION).startswith(b'{"schema_version":1,"detection_id":"')
    assert b"Caf\xc3\xa9" in encode_detection(replace(DETECTION, outlet="Café"))
    assert b"\n" not in encode_detection(replace(DETECTION, title="two\nlines"))


def test_a_time_is_written_in_utc_with_milliseconds() -> None:
    east = timezone(timedelta(hours=3))
    assert format_time(datetime(2016, 12, 15, 13, 0, 0, 123_999, east)) == "2016-12-15T10:00:00.123Z"
    assert format_time(datetime(2016, 12, 15, tzinfo=UTC)) == "2016-12-15T00:00:00.000Z"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema_version": 2}, "schema_version 2"),
        ({"schema_version": None}, "schema_version None"),
        ({"type": "earthquake"}, "earthquake"),
        ({"evidence": None}, "not a detection"),
        ({"evidence": [{"start": 0}]}, "not a detection"),
        ({"evidence": [5]}, "not a detection"),
        ({"place": {"name": "Aleppo"}}, "not a detection"),
        ({"place": "Aleppo"}, "not a detection"),
        ({"model": None}, "not a detection"),
        ({"detected_at": "yesterday"}, "'yesterday' is no RFC 3339 time"),
        ({"detected_at": None}, "None is no RFC 3339 time"),
        ({"surplus": 1}, "surplus"),
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
