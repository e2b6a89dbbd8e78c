"""Whatever lies on the articles topic becomes an article, a withdrawal or a rejection with field and reason; no exception."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from detector.core import parsing
from detector.core.parsing import MAX_SHORT_BYTES, MAX_TEXT_BYTES, parse_article, parse_time
from detector.core.records import Article, Rejected, RejectReason, Withdrawal
from tests.support.records import texts

REJECTED: dict[str, tuple[bytes, str, RejectReason]] = {
    "invalid utf-8": (b'{"text":"caf\xe9"}', "message", RejectReason.NOT_UTF8),
    "utf-16": ('{"text":"x"}'.encode("utf-16"), "message", RejectReason.NOT_UTF8),
    "overlong utf-8": (b'{"text":"\xc0\xaf"}', "message", RejectReason.NOT_UTF8),
    "surrogate in utf-8": (b'{"text":"\xed\xa0\x80"}', "message", RejectReason.NOT_UTF8),
    "byte order mark": (b'\xef\xbb\xbf{"text":"x"}', "message", RejectReason.NOT_JSON),
    "plain text": (b"The truce holds.", "message", RejectReason.NOT_JSON),
    "cut off": (b'{"text":"x', "message", RejectReason.NOT_JSON),
    "two objects": (b'{"text":"x"}{"text":"y"}', "message", RejectReason.NOT_JSON),
    "raw NUL": (b'{"text":"a\x00b"}', "message", RejectReason.NOT_JSON),
    "raw newline in a string": (b'{"text":"a\nb"}', "message", RejectReason.NOT_JSON),
    "NaN": (b'{"text":"x","score":NaN}', "message", RejectReason.NOT_JSON),
    "-Infinity": (b'{"text":"x","score":-Infinity}', "message", RejectReason.NOT_JSON),
    "number of 10,000 digits": (b'{"text":"x","n":' + b"9" * 10_000 + b"}", "message", RejectReason.NOT_JSON),
    "only blanks": (b" \r\n", "message", RejectReason.NOT_JSON),
    "array": (b'[{"text":"x"}]', "message", RejectReason.NOT_AN_OBJECT),
    "string": (b'"text"', "message", RejectReason.NOT_AN_OBJECT),
    "number": (b"5", "message", RejectReason.NOT_AN_OBJECT),
    "null": (b"null", "message", RejectReason.NOT_AN_OBJECT),
    "deep array": (b"[" * 100_000, "message", RejectReason.TOO_DEEP),
    "deep closed array": (
        b'{"text":"x","more":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        "message",
        RejectReason.TOO_DEEP,
    ),
    "deep object": (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "message", RejectReason.TOO_DEEP),
    "duplicate text": (b'{"text":"x","text":"y"}', "text", RejectReason.DUPLICATE_KEY),
    "duplicate within": (b'{"text":"x","more":{"a":1,"a":1}}', "a", RejectReason.DUPLICATE_KEY),
    "duplicate surrogate key": (rb'{"text":"x","\ud800":1,"\ud800":2}', r"\ud800", RejectReason.DUPLICATE_KEY),
    "schema_version 2": (b'{"text":"x","schema_version":2}', "schema_version", RejectReason.SCHEMA_VERSION),
    "schema_version as string": (b'{"text":"x","schema_version":"1"}', "schema_version", RejectReason.SCHEMA_VERSION),
    "schema_version true": (b'{"text":"x","schema_version":true}', "schema_version", RejectReason.SCHEMA_VERSION),
    "schema_version null": (b'{"text":"x","schema_version":null}', "schema_version", RejectReason.SCHEMA_VERSION),
    "schema_version object": (b'{"text":"x","schema_version":{}}', "schema_version", RejectReason.SCHEMA_VERSION),
    "schema_version 1e999": (b'{"text":"x","schema_version":1e999}', "schema_version", RejectReason.SCHEMA_VERSION),
    "no text": (b'{"title":"x"}', "text", RejectReason.MISSING),
    "text null": (b'{"text":null}', "text", RejectReason.MISSING),
    "text empty": (b'{"text":""}', "text", RejectReason.EMPTY),
    "text blank": ('{"text":" \\n\\t\\u00a0\u2028"}'.encode(), "text", RejectReason.EMPTY),
    "text number": (b'{"text":5}', "text", RejectReason.WRONG_TYPE),
    "text boolean": (b'{"text":true}', "text", RejectReason.WRONG_TYPE),
    "text array": (b'{"text":["x"]}', "text", RejectReason.WRONG_TYPE),
    "text object": (b'{"text":{"en":"x"}}', "text", RejectReason.WRONG_TYPE),
    "text one byte over 1 MiB": (b'{"text":"' + b"x" * (MAX_TEXT_BYTES + 1) + b'"}', "text", RejectReason.TOO_LONG),
    "text over 1 MiB in bytes only": (
        b'{"text":"' + "é".encode() * (MAX_TEXT_BYTES // 2 + 1) + b'"}',
        "text",
        RejectReason.TOO_LONG,
    ),
    "lone high surrogate": (rb'{"text":"a\ud83db"}', "text", RejectReason.LONE_SURROGATE),
    "lone low surrogate": (rb'{"text":"x","title":"\ude00"}', "title", RejectReason.LONE_SURROGATE),
    "surrogates swapped": (rb'{"text":"\ude00\ud83d"}', "text", RejectReason.LONE_SURROGATE),
    "surrogate in the id": (rb'{"text":"x","id":"\ud800"}', "id", RejectReason.LONE_SURROGATE),
    "title number": (b'{"text":"x","title":5}', "title", RejectReason.WRONG_TYPE),
    "url array": (b'{"text":"x","url":[]}', "url", RejectReason.WRONG_TYPE),
    "outlet object": (b'{"text":"x","outlet":{}}', "outlet", RejectReason.WRONG_TYPE),
    "language boolean": (b'{"text":"x","language":false}', "language", RejectReason.WRONG_TYPE),
    "title too long": (
        b'{"text":"x","title":"' + b"t" * (MAX_SHORT_BYTES + 1) + b'"}',
        "title",
        RejectReason.TOO_LONG,
    ),
    "id number": (b'{"text":"x","id":5}', "id", RejectReason.WRONG_TYPE),
    "id empty": (b'{"text":"x","id":""}', "id", RejectReason.EMPTY),
    "id blank": (b'{"text":"x","id":" "}', "id", RejectReason.EMPTY),
    "id too long": (b'{"text":"x","id":"' + b"i" * (MAX_SHORT_BYTES + 1) + b'"}', "id", RejectReason.TOO_LONG),
}

ACCEPTED: dict[str, tuple[bytes, str]] = {
    "escaped NUL": (rb'{"text":"a\u0000b"}', "a\0b"),
    "escaped control characters": (rb'{"text":"\u001b[2Ja\u0007\u0008\u007f"}', "\x1b[2Ja\x07\x08\x7f"),
    "bidirectional and zero-width": ('{"text":"a\u202eb\u200bc"}'.encode(), "a\u202eb\u200bc"),
    "surrogate pair": (rb'{"text":"\ud83d\ude00"}', "😀"),
    "blank edges": (rb'{"text":"  x \n\n"}', "  x \n\n"),
    "carriage returns": (rb'{"text":"a\r\nb"}', "a\r\nb"),
    "decomposed accents": ('{"text":"cafe\u0301"}'.encode(), "cafe\u0301"),
    "byte order mark within": ('{"text":"\ufeffx"}'.encode(), "\ufeffx"),
    "exactly 1 MiB": (b'{"text":"' + b"x" * MAX_TEXT_BYTES + b'"}', "x" * MAX_TEXT_BYTES),
    "900 KB without a space": (b'{"text":"' + b"x" * 900_000 + b'"}', "x" * 900_000),
    "1 MiB of newlines and a word": (
        b'{"text":"' + rb"\n" * (MAX_TEXT_BYTES - 1) + b'x"}',
        "\n" * (MAX_TEXT_BYTES - 1) + "x",
    ),
    "nulls": (b'{"text":"x","title":null,"url":null,"outlet":null,"language":null,"id":null}', "x"),
    "unknown fields": (b'{"text":"x","author":{"name":["y"]},"words":1}', "x"),
    "surrogate in an unknown field": (rb'{"text":"x","author":"\ud800"}', "x"),
    "bad date": (b'{"text":"x","published_at":"the other day"}', "x"),
    "date of the wrong type": (b'{"text":"x","published_at":{"year":2016}}', "x"),
    "schema_version 1": (b'{"text":"x","schema_version":1}', "x"),
    "blanks around": (b'\n {"text":"x"}\r\n', "x"),
    "moderate nesting": (b'{"text":"x","more":' + b"[" * 100 + b"]" * 100 + b"}", "x"),
}


@pytest.mark.parametrize(("value", "field", "reason"), REJECTED.values(), ids=REJECTED)
def test_bad_input_is_rejected_with_field_and_reason(value: bytes, field: str, reason: RejectReason) -> None:
    parsed = parse_article(value)
    assert isinstance(parsed, Rejected)
    assert (parsed.field, parsed.reason) == (field, reason)
    assert parsed.detail
    assert len(parsed.detail) < 400
    assert parsed.detail.isprintable()


@pytest.mark.parametrize(("value", "text"), ACCEPTED.values(), ids=ACCEPTED)
def test_odd_but_legal_input_keeps_its_text_unaltered(value: bytes, text: str) -> None:
    parsed = parse_article(value)
    assert isinstance(parsed, Article)
    assert parsed.text == text


def test_every_reason_that_the_parser_can_give_is_in_the_table() -> None:
    given_by_others = {RejectReason.EMPTY_MESSAGE, RejectReason.UNDELIVERABLE, RejectReason.INTERNAL_ERROR}
    assert {reason for _, _, reason in REJECTED.values()} == set(RejectReason) - given_by_others


@pytest.mark.parametrize("value", [None, b""])
def test_an_empty_message_withdraws_the_article_its_key_names(value: bytes | None) -> None:
    assert parse_article(value, key="größe-1".encode()) == Withdrawal(article_id="größe-1")


@pytest.mark.parametrize("key", [None, b"", b"\xff"])
def test_an_empty_message_without_a_readable_key_is_rejected(key: bytes | None) -> None:
    parsed = parse_article(None, key=key)
    assert isinstance(parsed, Rejected)
    assert (parsed.field, parsed.reason) == ("key", RejectReason.EMPTY_MESSAGE)


def test_a_rejection_names_the_article_where_it_can() -> None:
    assert _rejected(b'{"id":"a-1","text":5}').article_id == "a-1"
    assert _rejected(rb'{"id":"\ud800","text":5}').article_id is None
    assert _rejected(b'{"id":5,"text":5}').article_id is None
    assert _rejected(b'{"id":"a-1",').article_id is None


def test_every_field_of_an_article_is_read() -> None:
    fields = {
        "schema_version": 1,
        "id": "wire-1",
        "title": " Truce ",
        "text": "It holds.",
        "url": "https://news.example/1",
        "outlet": "Northern Wire",
        "language": "en",
        "published_at": "2016-12-15T12:00:00+02:00",
    }
    assert parse_article(json.dumps(fields).encode(), key=b"ignored") == Article(
        id="wire-1",
        title=" Truce ",
        text="It holds.",
        url="https://news.example/1",
        outlet="Northern Wire",
        language="en",
        published_at=datetime(2016, 12, 15, 10, tzinfo=UTC),
    )


def test_a_missing_id_follows_from_the_content() -> None:
    """The same article gets the same id however its JSON is written; another text, title or outlet another."""
    first = _article(b'{"text":"x","title":"t","outlet":"o"}')
    assert _article(b'{ "outlet": "o", "title": "t", "text": "x", "published_at": "2016-12-15" }').id == first.id
    others = [b'{"text":"y","title":"t","outlet":"o"}', b'{"text":"x","title":"t"}', b'{"text":"x","outlet":"t"}']
    assert len({first.id, *(_article(value).id for value in others)}) == 4


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2016-12-15T10:00:00Z", datetime(2016, 12, 15, 10, tzinfo=UTC)),
        ("2016-12-15T10:00:00z", datetime(2016, 12, 15, 10, tzinfo=UTC)),
        ("2016-12-15T10:00:00.25-05:00", datetime(2016, 12, 15, 15, 0, 0, 250_000, tzinfo=UTC)),
        ("2016-12-15 10:00:00+00:00", datetime(2016, 12, 15, 10, tzinfo=UTC)),
        ("2016-12-15", datetime(2016, 12, 15, tzinfo=UTC)),
        ("2016-02-29", datetime(2016, 2, 29, tzinfo=UTC)),
    ],
)
def test_times_and_full_dates_are_read_to_utc(written: str, read: datetime) -> None:
    assert parse_time(written) == read


@pytest.mark.parametrize(
    "written",
    [
        "",
        "yesterday",
        "2016-12-15T10:00:00",
        "2015-02-29",
        "2016-12-15T25:00:00Z",
        "2016-12",
        "0000-01-01",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "15/12/2016",
        "\ud800016-12-1",
        "２０１６-12-15",
        1481796000,
        None,
        True,
        ["2016-12-15"],
    ],
)
def test_what_is_no_time_is_unknown(written: object) -> None:
    assert parse_time(written) is None


@pytest.mark.parametrize("written", ["2016-W50-4", "20161215T100000Z", "2016-12-15x10:00:00Z", "2016-12-15T10Z"])
def test_only_the_documented_form_of_a_time_is_read(written: str) -> None:
    """RFC 3339 or a full date, as the docstring and the schema promise; not all that ISO 8601 or Python allow."""
    assert parse_time(written) is None


def test_naming_a_duplicate_key_does_not_compare_every_key_with_every_other() -> None:
    """A message of 100,000 keys would turn that into minutes. Counted, not timed."""
    compared = 0

    class Key(str):
        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    keys = 300
    pairs: list[tuple[str, object]] = [(Key(f"k{number}"), 0) for number in (*range(keys), keys - 1)]
    with pytest.raises(parsing._BadFieldError, match=f"k{keys - 1}"):
        parsing._unique_keys(pairs)
    assert compared < 20 * keys


@given(st.binary(max_size=200), st.none() | st.binary(max_size=20))
@example(b"\x00", None)
def test_no_bytes_make_it_raise(value: bytes, key: bytes | None) -> None:
    assert isinstance(parse_article(value, key=key), Article | Withdrawal | Rejected)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_FIELDS = st.sampled_from(("id", "title", "text", "url", "outlet", "language", "published_at", "schema_version", "x"))


@given(st.dictionaries(_FIELDS, _JSON), st.booleans())
def test_no_json_makes_it_raise(fields: dict[str, Any], escape: bool) -> None:  # noqa: FBT001 hypothesis passes by name
    value = json.dumps(fields, ensure_ascii=escape).encode("utf-8", "surrogatepass")
    parsed = parse_article(value)
    assert isinstance(parsed, Article | Rejected)
    if isinstance(parsed, Rejected):
        parsed.detail.encode("utf-8")
        parsed.field.encode("utf-8")


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_no_depth_of_nesting_makes_it_raise(opening: bytes) -> None:
    """The edge where the reader still copes and the message about it may not."""
    closing = b"]" if opening == b"[" else b"}"
    for depth in range(200, 1100, 3):
        value = b'{"text":"x","schema_version":' + opening * depth + b"1" + closing * depth + b"}"
        assert isinstance(parse_article(value), Rejected)


@given(texts(1, 200), st.none() | texts(), st.booleans())
def test_text_and_title_are_never_altered(text: str, title: str | None, escape: bool) -> None:  # noqa: FBT001 hypothesis passes by name
    value = json.dumps({"text": text, "title": title}, ensure_ascii=escape).encode()
    parsed = parse_article(value)
    if text.strip():
        assert isinstance(parsed, Article)
        assert (parsed.text, parsed.title) == (text, title)
    else:
        assert isinstance(parsed, Rejected)
        assert parsed.reason is RejectReason.EMPTY


def _rejected(value: bytes) -> Rejected:
    parsed = parse_article(value)
    assert isinstance(parsed, Rejected)
    return parsed


def _article(value: bytes) -> Article:
    parsed = parse_article(value)
    assert isinstance(parsed, Article)
    return parsed
