"""`classify_lines` answers every line, in order, with the same bytes each time and whatever the lines are."""

import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detector.core.detect import Detector
from detector.core.eventtypes import EVENT_TYPES
from detector.core.offline import classify_lines
from tests.support.records import validator

MAX_EXTRA_BYTES = 200_000_000

HOSTILE = {
    "900 KB word": json.dumps({"text": "x" * 900_000}).encode(),
    "1 MiB of newlines": b'{"text":"' + rb"\n" * ((1 << 20) - 7) + b'killed."}',
    "1 MiB of newlines and nothing": b'{"text":"' + rb"\n" * (1 << 20) + b'"}',
    "100,000 one-letter sentences": json.dumps({"text": "A. " * 100_000}).encode(),
    "100,000 telling lines": json.dumps({"text": "killed\n" * 100_000}).encode(),
    "deep nesting": b'{"text":"x","more":' + b"[" * 400_000 + b"]" * 400_000 + b"}",
    "deep open nesting": b"[" * 1_000_000,
    "NUL and control characters": json.dumps({"text": "Soldiers\x00 killed\x1b[31m 20\x07 villagers. " * 50}).encode(),
    "16 KiB title": json.dumps({"title": "massacre " * 1_800, "text": "x"}).encode(),
    "hyphen chain": json.dumps({"text": "cease-" * 150_000}).encode(),
    "quotes": json.dumps({"text": "“" * 300_000}).encode(),
    "full stops": json.dumps({"text": "." * 900_000}).encode(),
}


@pytest.fixture
def extra_bytes() -> Iterator[Any]:
    """A function that gives the peak of what was allocated since the test began."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
def test_hostile_lines_are_answered_in_bounded_memory(detector: Detector, line: bytes, extra_bytes: Any) -> None:
    (answer,) = classify_lines(detector, [line])
    validator("answer").validate(json.loads(answer))
    assert extra_bytes() < MAX_EXTRA_BYTES


def test_a_bad_line_gets_field_reason_and_id_and_the_others_their_answers(
    detector: Detector, seed_articles: list[bytes]
) -> None:
    lines = [seed_articles[0], b"", b'{"id":"b","text":5}', b"{", seed_articles[1]]
    answers = [json.loads(line) for line in classify_lines(detector, lines)]
    assert [answer["id"] for answer in answers] == ["seed-01-aleppo", None, "b", None, "seed-02-bicol-typhoon"]
    rejected = [answer["rejected"] for answer in answers[1:4]]
    assert [(item["field"], item["reason"]) for item in rejected] == [
        ("message", "empty_message"),
        ("text", "wrong_type"),
        ("message", "not_json"),
    ]


def test_offsets_point_at_the_evidence(detector: Detector, seed_articles: list[bytes]) -> None:
    """In characters of `text`, or of `title` where the evidence says so."""
    seen = 0
    for value, line in zip(seed_articles, classify_lines(detector, seed_articles), strict=True):
        article = json.loads(value)
        for detection in json.loads(line)["detections"]:
            for piece in detection["evidence"]:
                seen += 1
                assert article[piece.get("field", "text")][piece["start"] : piece["end"]] == piece["text"]
    assert seen > 20


def test_offsets_count_characters_not_bytes_or_utf16_units(detector: Detector, seed_articles: list[bytes]) -> None:
    article = json.loads(seed_articles[0])
    shifted = article | {"text": "😀é\u0301 \n" + article["text"]}
    (line,) = classify_lines(detector, [json.dumps(shifted).encode()])
    pieces = [piece for detection in json.loads(line)["detections"] for piece in detection["evidence"]]
    assert any("field" not in piece for piece in pieces)
    for piece in pieces:
        assert shifted[piece.get("field", "text")][piece["start"] : piece["end"]] == piece["text"]


def test_every_article_has_a_score_for_every_type_in_their_order(
    detector: Detector, seed_articles: list[bytes]
) -> None:
    for line in classify_lines(detector, seed_articles):
        answer = json.loads(line)
        assert list(answer) == ["id", "detections", "scores"]
        assert list(answer["scores"]) == [kind.value for kind in EVENT_TYPES]
        kinds = [detection["type"] for detection in answer["detections"]]
        assert kinds == [kind.value for kind in EVENT_TYPES if kind.value in kinds]


def test_the_same_lines_give_the_same_bytes(detector: Detector, seed_articles: list[bytes]) -> None:
    assert classify_lines(detector, seed_articles) == classify_lines(detector, seed_articles)


def test_an_answer_does_not_depend_on_the_lines_beside_it(detector: Detector, seed_articles: list[bytes]) -> None:
    together = classify_lines(detector, seed_articles)
    assert together == [classify_lines(detector, [line])[0] for line in seed_articles]
    assert together[::-1] == classify_lines(detector, seed_articles[::-1])
    with_bad = [line for article in seed_articles for line in (b"{", article)]
    assert classify_lines(detector, with_bad)[1::2] == together


def test_no_lines_give_no_answers(detector: Detector) -> None:
    assert classify_lines(detector, []) == []


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: json.dumps({"text": text}).encode()))
)
def test_any_lines_get_one_answer_each(detector: Detector, lines: list[bytes]) -> None:
    answers = classify_lines(detector, lines)
    assert len(answers) == len(lines)
    for answer in answers:
        assert b"\n" not in answer
        validator("answer").validate(json.loads(answer))
