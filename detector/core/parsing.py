"""From the bytes on the articles topic to an article, a withdrawal or a reasoned rejection. Never raises for bad input."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Final, NoReturn, TypeAlias

from detector.core import ids
from detector.core.records import SCHEMA_VERSION, Article, Rejected, RejectReason, Withdrawal

MAX_TEXT_BYTES: Final = 1 << 20
MAX_SHORT_BYTES: Final = 1 << 14
"""Bound of every field but `text`; the longest real headlines and URLs stay far below."""

Parsed: TypeAlias = Article | Withdrawal | Rejected

_RFC_3339: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)))?", re.ASCII)
"""RFC 3339, section 5.6, and its full-date alone."""

_OPTIONAL_FIELDS: Final = ("title", "url", "outlet", "language")


class _BadFieldError(Exception):
    """Carries a rejection out of nested parsing; never leaves this module."""

    def __init__(self, field: str, reason: RejectReason, detail: str) -> None:
        super().__init__(detail)
        self.field = field
        self.reason = reason
        self.detail = detail


def parse_article(value: bytes | None, *, key: bytes | None = None) -> Parsed:
    """Read one message of the articles topic.

    An empty message is a withdrawal of the article that its key names. A missing `id` is derived from the content, a
    missing `schema_version` means the current one, unknown fields are kept out, an unreadable `published_at` becomes
    `None`: an undated article is still news. Everything else that is wrong is a `Rejected` that names field and reason.
    """
    if not value:
        return _parse_empty(key)
    article_id: str | None = None
    try:
        fields = _parse_object(value)
        candidate = fields.get("id")
        article_id = candidate if isinstance(candidate, str) and _is_encodable(candidate) else None
        return _build_article(fields)
    except _BadFieldError as error:
        return Rejected(field=error.field, reason=error.reason, detail=error.detail, article_id=article_id)


def parse_time(value: object) -> datetime | None:
    """Read an RFC 3339 time or full date (midnight UTC); anything else, a time without offset among it, is unknown."""
    found = _RFC_3339.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    day, clock = found.groups()
    try:
        if clock is None:
            return datetime.combine(date.fromisoformat(day), time(), UTC)
        return datetime.fromisoformat(f"{day}T{clock.upper()}").astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _parse_empty(key: bytes | None) -> Withdrawal | Rejected:
    try:
        article_id = (key or b"").decode("utf-8")
    except UnicodeDecodeError:
        article_id = ""
    if article_id:
        return Withdrawal(article_id=article_id)
    return Rejected(
        field="key",
        reason=RejectReason.EMPTY_MESSAGE,
        detail="an empty message withdraws the article its key names, and this one has no readable key",
    )


def _parse_object(value: bytes) -> Mapping[str, object]:
    try:
        decoded = value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _BadFieldError(
            "message", RejectReason.NOT_UTF8, f"byte {error.start} is not UTF-8: {error.reason}"
        ) from None
    try:
        parsed = json.loads(decoded, object_pairs_hook=_unique_keys, parse_constant=_refuse_constant)
    except RecursionError:
        raise _BadFieldError("message", RejectReason.TOO_DEEP, "nested too deeply to be an article") from None
    except json.JSONDecodeError as error:
        raise _BadFieldError("message", RejectReason.NOT_JSON, f"not JSON: {error}") from None
    except ValueError as error:
        detail = "a number too long to read" if "digits" in str(error) else str(error)
        raise _BadFieldError("message", RejectReason.NOT_JSON, f"not JSON: {detail}") from None
    if not isinstance(parsed, dict):
        raise _BadFieldError(
            "message", RejectReason.NOT_AN_OBJECT, f"an article is a JSON object, not {_json_type(parsed)}"
        )
    return parsed


def _unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]  # add gives None: not seen
        raise _BadFieldError(
            _shown(twice), RejectReason.DUPLICATE_KEY, f"the key {_shown(twice)!r} stands twice in one object"
        )
    return unique


def _refuse_constant(name: str) -> NoReturn:
    message = f"{name} is not JSON"
    raise ValueError(message)


def _build_article(fields: Mapping[str, object]) -> Article:
    version = fields.get("schema_version", SCHEMA_VERSION)
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise _BadFieldError(
            "schema_version",
            RejectReason.SCHEMA_VERSION,
            f"this detector reads schema_version {SCHEMA_VERSION}, not {_shown(json.dumps(version))}",
        )
    text = _string(fields, "text", MAX_TEXT_BYTES)
    if text is None:
        raise _BadFieldError("text", RejectReason.MISSING, "an article needs a text")
    if not text.strip():
        raise _BadFieldError("text", RejectReason.EMPTY, "the text is empty")
    short = {name: _string(fields, name, MAX_SHORT_BYTES) for name in _OPTIONAL_FIELDS}
    article_id = _string(fields, "id", MAX_SHORT_BYTES)
    if article_id is not None and not article_id.strip():
        raise _BadFieldError("id", RejectReason.EMPTY, "the id is empty; leave it out to have one derived")
    return Article(
        id=article_id or ids.article_id(url=short["url"], outlet=short["outlet"], title=short["title"], text=text),
        text=text,
        published_at=parse_time(fields.get("published_at")),
        **short,
    )


def _string(fields: Mapping[str, object], name: str, max_bytes: int) -> str | None:
    value = fields.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _BadFieldError(name, RejectReason.WRONG_TYPE, f"{name} must be a string, not {_json_type(value)}")
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError as error:
        raise _BadFieldError(
            name, RejectReason.LONE_SURROGATE, f"{name} holds half of a surrogate pair at character {error.start}"
        ) from None
    if size > max_bytes:
        raise _BadFieldError(name, RejectReason.TOO_LONG, f"{name} has {size} bytes; the limit is {max_bytes}")
    return value


def _is_encodable(value: str) -> bool:
    try:
        return len(value.encode("utf-8")) <= MAX_SHORT_BYTES
    except UnicodeEncodeError:
        return False


def _shown(value: str) -> str:
    """Cut and escape a value from the input so that it can stand in a message."""
    return value[:60].encode("ascii", "backslashreplace").decode("ascii")


def _json_type(value: object) -> str:
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), "null")
