"""Kafka messages as plain values: what came in, what must go out, and the dead letter that keeps a bad one."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Final, NamedTuple

from detector.core.records import Article, Classification, Rejected, Withdrawal

HEADER_PREFIX: Final = "detector."
"""Of the headers that a dead letter adds to the original ones."""

_VERSION: Final = version("news-event-detector")


class Incoming(NamedTuple):
    """One record as it lay on its topic; `timestamp` is the broker's."""

    topic: str
    partition: int
    offset: int
    timestamp: datetime | None
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One record that must be delivered before its cause is finished."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()
    partition: int | None = None
    """Where it must lie; by its key when null."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one record comes to: what goes out, whether it was rejected, and what to count once that is delivered."""

    outgoing: tuple[Outgoing, ...] = ()
    rejected: Rejected | None = None
    counts: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    """Metric name and labels to increment."""
    alerted: tuple[datetime, ...] = ()
    """Broker times of the articles whose alerts are among `outgoing`."""
    alerted_published: tuple[datetime, ...] = ()
    """Publication times of the same articles, of those that have one."""
    article: Article | None = None
    """What the record was read as, and what the model says of it."""
    classification: Classification | None = None
    withdrawal: Withdrawal | None = None
    """What the record was read as when it takes an article back."""


def incoming(message: Any) -> Incoming:  # noqa: ANN401 Faust types its messages loosely
    """Read a Faust message consumed with raw serializers."""
    return Incoming(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        timestamp=broker_time(message.timestamp),
        key=message.key,
        value=message.value,
        headers=tuple(message.headers.items() if isinstance(message.headers, Mapping) else message.headers or ()),
    )


def without_value(letter: Outgoing) -> Outgoing:
    """Give a dead letter that no topic takes whole: its size and SHA-256 instead of its bytes."""
    value = letter.value or b""
    added = {"truncated": str(len(value)), "sha256": hashlib.sha256(value).hexdigest()}
    headers = tuple((HEADER_PREFIX + name, text.encode("ascii")) for name, text in added.items())
    return replace(letter, value=b"", headers=(*letter.headers, *headers))


def broker_time(seconds: float | None) -> datetime | None:
    """Read a broker timestamp; Kafka's "none" is -1 ms, and a producer may set one that no calendar has."""
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds and seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def dead_letter(record: Incoming, rejected: Rejected, *, topic: str) -> Outgoing:
    """Keep the original key, bytes and headers, and say in further headers where it stood and why it is here."""
    about = {
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "timestamp": record.timestamp.isoformat() if record.timestamp else "",
        "field": rejected.field,
        "reason": rejected.reason.value,
        "detail": rejected.detail,
        "version": _VERSION,
    }
    original = tuple(item for item in record.headers if not item[0].startswith(HEADER_PREFIX))
    added = tuple((HEADER_PREFIX + name, value.encode("utf-8", "backslashreplace")) for name, value in about.items())
    return Outgoing(topic=topic, key=record.key, value=record.value, headers=(*original, *added))
