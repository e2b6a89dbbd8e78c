"""A Faust message becomes a plain value; a dead letter keeps the original and says in headers where it stood and why."""

from datetime import UTC, datetime
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.core.records import Rejected, RejectReason
from detector.stream.messages import HEADER_PREFIX, Incoming, dead_letter, incoming

RECORD = Incoming(
    topic="articles",
    partition=3,
    offset=42,
    timestamp=datetime(2016, 12, 15, 10, tzinfo=UTC),
    key=b"\xffkey",
    value=b"\xff\x00 not UTF-8",
    headers=(("trace", b"abc"), ("trace", b"def")),
)
REJECTED = Rejected(field="message", reason=RejectReason.NOT_UTF8, detail="byte 0 is not UTF-8", article_id=None)


def message(**changes: Any) -> SimpleNamespace:
    """What Faust gives for a record consumed raw; its timestamp is in seconds."""
    fields = {
        "topic": "articles",
        "partition": 3,
        "offset": 42,
        "timestamp": 1481796000.5,
        "key": b"k",
        "value": b"v",
        "headers": [("trace", b"abc")],
    }
    return SimpleNamespace(**(fields | changes))


def test_a_message_is_read_as_it_lay_on_its_topic() -> None:
    assert incoming(message()) == Incoming(
        topic="articles",
        partition=3,
        offset=42,
        timestamp=datetime(2016, 12, 15, 10, 0, 0, 500_000, tzinfo=UTC),
        key=b"k",
        value=b"v",
        headers=(("trace", b"abc"),),
    )


@pytest.mark.parametrize("headers", [None, [], {}])
def test_a_message_may_lack_headers_key_and_value(headers: object) -> None:
    record = incoming(message(headers=headers, key=None, value=None))
    assert (record.headers, record.key, record.value) == ((), None, None)


def test_headers_in_a_mapping_are_read_too() -> None:
    assert incoming(message(headers={"trace": b"abc"})).headers == (("trace", b"abc"),)


@pytest.mark.parametrize("timestamp", [None, 0, -0.001, 1e12, 1e16, -1e15])
def test_a_timestamp_that_is_no_time_is_unknown(timestamp: float | None) -> None:
    """Kafka writes -1 ms for none, and a producer can write any number: neither may stop the worker."""
    assert incoming(message(timestamp=timestamp)).timestamp is None


def test_a_dead_letter_keeps_key_bytes_and_headers() -> None:
    letter = dead_letter(RECORD, REJECTED, topic="articles.rejected")
    assert (letter.topic, letter.key, letter.value) == ("articles.rejected", b"\xffkey", b"\xff\x00 not UTF-8")
    assert letter.headers[:2] == (("trace", b"abc"), ("trace", b"def"))


def test_a_dead_letter_says_where_it_stood_and_why() -> None:
    assert _about(dead_letter(RECORD, REJECTED, topic="articles.rejected").headers) == {
        "topic": b"articles",
        "partition": b"3",
        "offset": b"42",
        "timestamp": b"2016-12-15T10:00:00+00:00",
        "field": b"message",
        "reason": b"not_utf8",
        "detail": b"byte 0 is not UTF-8",
        "version": version("news-event-detector").encode(),
    }


def test_a_dead_letter_of_a_record_that_was_one_before_is_labelled_anew() -> None:
    """Put back and rejected again: one set of headers, the latest."""
    first = dead_letter(RECORD, REJECTED, topic="articles.rejected")
    again = Incoming(
        topic="articles",
        partition=0,
        offset=99,
        timestamp=None,
        key=first.key,
        value=first.value,
        headers=first.headers,
    )
    second = dead_letter(again, REJECTED, topic="articles.rejected")
    names = [name for name, _ in second.headers]
    assert names.count(HEADER_PREFIX + "offset") == 1
    assert _about(second.headers)["offset"] == b"99"
    assert _about(second.headers)["timestamp"] == b""
    assert second.headers[:2] == first.headers[:2]


@given(st.text(), st.text(), st.sampled_from(RejectReason))
def test_any_field_and_detail_fit_into_headers(field: str, detail: str, reason: RejectReason) -> None:
    """Lone surrogates among them, which a key of the input can hold."""
    letter = dead_letter(RECORD, Rejected(field=field, reason=reason, detail=detail), topic="t")
    for _, value in letter.headers:
        assert isinstance(value, bytes)
    _about(letter.headers)["detail"].decode("utf-8")


def _about(headers: tuple[tuple[str, bytes], ...]) -> dict[str, bytes]:
    return {name.removeprefix(HEADER_PREFIX): value for name, value in headers if name.startswith(HEADER_PREFIX)}
