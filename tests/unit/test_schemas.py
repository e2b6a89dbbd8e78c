"""The shipped JSON Schemas describe what the program really emits, and refuse what it must never emit."""

import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator, ValidationError

from detector.core.detect import Detector
from detector.core.eventtypes import STATUSES, EventType
from detector.core.offline import classify_lines
from detector.core.parsing import parse_article
from detector.core.records import Alert, Article, Detection, Event, RejectReason, Retraction
from detector.core.wire import decode_detection, encode_alert, encode_detection, encode_event, encode_retraction
from detector.schemas import SchemaName, schema
from tests.support.records import (
    DETECTION,
    EVENT,
    NOON,
    RETRACTION,
    alert_for,
    alerts,
    detections,
    events,
    retractions,
    validator,
)

NAMES: tuple[SchemaName, ...] = get_args(SchemaName)
BAD_LINES = (b"", b"{", b"[]", b"\xff", b'{"id":"x"}', b'{"id":"x","text":5}', b'{"text":"a","text":"b"}', b"[" * 9999)


@pytest.fixture(scope="module")
def found(detector: Detector, seed_articles: list[bytes]) -> list[Detection]:
    """What the shipped model detects in the sample articles."""
    parsed = [parse_article(value) for value in seed_articles]
    articles = [item for item in parsed if isinstance(item, Article)]
    assert len(articles) == len(seed_articles) >= 24
    results = detector.detect(
        articles, ingested_at=[NOON, None] * (len(articles) // 2) + [None] * (len(articles) % 2), detected_at=NOON
    )
    return [detection for _, group in results for detection in group]


@pytest.mark.parametrize("name", NAMES)
def test_each_schema_is_a_valid_draft_2020_12_schema(name: SchemaName) -> None:
    Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert schema(name)["title"]


@pytest.mark.parametrize("name", NAMES)
def test_every_object_with_named_properties_is_closed_except_the_article(name: SchemaName) -> None:
    def objects(part: Any) -> list[dict[str, Any]]:
        if isinstance(part, list):
            return [found for item in part for found in objects(item)]
        if not isinstance(part, dict):
            return []
        own = [part] if part.get("type") == "object" else []
        return own + [found for item in part.values() for found in objects(item)]

    found = objects(schema(name))
    assert found
    assert {item["additionalProperties"] for item in found} == {name == "article"}


def test_every_detection_of_the_sample_articles_fits_the_schema(found: list[Detection]) -> None:
    assert {detection.type for detection in found} == set(EventType)
    for detection in found:
        validator("detection").validate(json.loads(encode_detection(detection)))


def test_every_alert_of_the_sample_articles_fits_the_schema(found: list[Detection]) -> None:
    for detection in found:
        emitted = encode_alert(alert_for(decode_detection(encode_detection(detection))))
        validator("alert").validate(json.loads(emitted))


def test_every_answer_of_classify_fits_the_schema(detector: Detector, seed_articles: list[bytes]) -> None:
    """Good lines and bad ones alike."""
    answers = [json.loads(line) for line in classify_lines(detector, [*seed_articles, *BAD_LINES])]
    assert sum("rejected" in answer for answer in answers) == len(BAD_LINES)
    assert any(answer.get("detections") for answer in answers)
    for answer in answers:
        validator("answer").validate(answer)


def test_every_sample_article_fits_the_schema(seed_articles: list[bytes]) -> None:
    for value in seed_articles:
        validator("article").validate(json.loads(value))


@settings(max_examples=60)
@given(detections())
def test_any_legal_detection_and_its_alert_fit_the_schemas(detection: Detection) -> None:
    validator("detection").validate(json.loads(encode_detection(detection)))
    validator("alert").validate(json.loads(encode_alert(alert_for(detection))))


@settings(max_examples=60)
@given(events())
def test_any_legal_event_fits_the_schema(event: Event) -> None:
    validator("event").validate(json.loads(encode_event(event)))


@settings(max_examples=60)
@given(retractions())
def test_any_legal_retraction_fits_the_schema(retraction: Retraction) -> None:
    validator("retraction").validate(json.loads(encode_retraction(retraction)))


@settings(max_examples=60)
@given(alerts())
def test_any_legal_alert_fits_the_schema(alert: Alert) -> None:
    validator("alert").validate(json.loads(encode_alert(alert)))


@pytest.mark.parametrize("kind", EventType)
@pytest.mark.parametrize("name", ["detection", "alert", "event"])
def test_a_type_may_have_its_own_statuses_and_no_other(name: SchemaName, kind: EventType) -> None:
    record = _example(name) | {"type": kind.value}
    for other, statuses in STATUSES.items():
        for status in statuses:
            assert validator(name).is_valid(record | {"status": status}) is (other is kind), (kind, status)


@pytest.mark.parametrize("kind", EventType)
def test_answers_are_held_to_the_statuses_too(detector: Detector, seed_articles: list[bytes], kind: EventType) -> None:
    answer = json.loads(classify_lines(detector, seed_articles[:1])[0])
    finding = answer["detections"][0] | {"type": kind.value}
    for other, statuses in STATUSES.items():
        for status in statuses:
            changed = answer | {"detections": [finding | {"status": status}]}
            assert validator("answer").is_valid(changed) is (other is kind), (kind, status)


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"schema_version": 1},
        {"schema_version": 3},
        {"schema_version": None},
        {"revision": -1},
        {"quantities": [{"unit": "dead", "value": 0, "bound": "exact", "field": "text", "start": 0, "end": 1}]},
        {"sketch": {"terms": [], "copies": "not base64!", "stated_on": None, "agency": None}},
        {"sketch": None},
        {"detected_at": "yesterday"},
        {"detected_at": "2016-12-15T10:00:00"},
        {"detected_at": "2016-13-15T10:00:00.000Z"},
        {"published_at": 1481796000},
        {"published_at": "2016-12-15T10:00:00.000"},
        {"confidence": 1.01},
        {"confidence": "high"},
        {"threshold": -0.1},
        {"evidence": []},
        {"type": "earthquake"},
        {"detection_id": "x"},
        {"place": None},
        {"place_reason": "no place named"},
        {"place": {"name": "Aleppo"}},
        {"model": None},
    ],
    ids=repr,
)
def test_a_detection_that_breaks_a_rule_is_refused(change: dict[str, object]) -> None:
    assert validator("detection").is_valid(_example("detection"))
    assert not validator("detection").is_valid(_example("detection") | change)


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"message_type": "hello"},
        {"sequence": -1},
        {"certainty": "certain"},
        {"severity": "bad"},
        {"references": ["not an id"]},
        {"changed": "status"},
        {"evidence": []},
        {"first_seen": None},
        {"last_seen": "2016-12-15 10:00:00.000Z"},
        {"articles": 1.5},
        {"headline": ""},
        {"schema_version": 1},
        {"quantities": None},
        {"why_merged": {"article_id": "a"}},
    ],
    ids=repr,
)
def test_an_alert_that_breaks_a_rule_is_refused(change: dict[str, object]) -> None:
    assert validator("alert").is_valid(_example("alert"))
    assert not validator("alert").is_valid(_example("alert") | change)


@pytest.mark.parametrize(
    ("name", "record"), [("detection", Detection), ("alert", Alert), ("event", Event), ("retraction", Retraction)]
)
def test_every_field_of_a_record_is_required(
    name: SchemaName, record: type[Detection | Alert | Event | Retraction]
) -> None:
    expected = {"schema_version", *(field.name for field in fields(record))}
    expected |= {"record"} if name == "retraction" else set()
    assert set(schema(name)["properties"]) == set(schema(name)["required"]) == expected
    for field in expected:
        with pytest.raises(ValidationError, match=f"'{field}' is a required property"):
            validator(name).validate({key: value for key, value in _example(name).items() if key != field})


def test_the_reasons_of_an_answer_are_the_closed_list() -> None:
    rejection = schema("answer")["$defs"]["rejected"]["properties"]["rejected"]
    assert rejection["properties"]["reason"]["enum"] == [reason.value for reason in RejectReason]


@pytest.mark.parametrize(
    ("article", "fits"),
    [
        ({"text": "x"}, True),
        ({"text": "x", "schema_version": 1}, True),
        ({"text": "x", "more": {"deep": []}}, True),
        ({"text": "x", "title": None, "id": None}, True),
        ({}, False),
        ({"text": None}, False),
        ({"text": ""}, False),
        ({"text": " \n\t"}, False),
        ({"text": 5}, False),
        ({"text": "x", "schema_version": 2}, False),
        ({"text": "x", "schema_version": True}, False),
        ({"text": "x", "schema_version": None}, False),
        ({"text": "x", "id": ""}, False),
        ({"text": "x", "id": 7}, False),
        ({"text": "x", "url": ["https://news.example"]}, False),
        ({"text": "x" * (1 << 20)}, True),
        ({"text": "x" * ((1 << 20) + 1)}, False),
        ({"text": "x", "title": "t" * 16_385}, False),
        ([], False),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_the_article_schema_and_the_parser_agree(article: object, fits: bool) -> None:  # noqa: FBT001 a table's column
    assert validator("article").is_valid(article) is fits
    assert isinstance(parse_article(json.dumps(article).encode()), Article) is fits


@pytest.mark.parametrize(
    ("published_at", "fits"),
    [
        ("2016-12-15T10:00:00Z", True),
        ("2016-12-15T10:00:00.5+03:00", True),
        ("2016-12-15", True),
        (None, True),
        ("15 December 2016", False),
        ("2016-12-15T10:00:00", False),
        ("2016-02-30", False),
        (1481796000, False),
    ],
)
def test_a_date_that_producers_should_not_send_is_read_as_unknown(published_at: object, fits: bool) -> None:  # noqa: FBT001 a table's column
    """The schema tells producers what to send; the parser keeps the article all the same."""
    article = {"text": "x", "published_at": published_at}
    assert validator("article").is_valid(article) is fits
    parsed = parse_article(json.dumps(article).encode())
    assert isinstance(parsed, Article)
    assert (parsed.published_at is not None) is (fits and published_at is not None)


def _example(name: SchemaName) -> dict[str, Any]:
    emitted = {
        "detection": encode_detection(DETECTION),
        "alert": encode_alert(alert_for(DETECTION)),
        "event": encode_event(EVENT),
        "retraction": encode_retraction(RETRACTION),
    }[name]
    record: dict[str, Any] = json.loads(emitted)
    time = {"detection": "detected_at", "retraction": "ingested_at"}.get(name, "first_seen")
    assert datetime.fromisoformat(record[time]).tzinfo == UTC
    return record
