"""Ids that follow from content alone, so that a record processed again carries the same ids."""

import hashlib
import json
from typing import Final

_HEX_LENGTH: Final = 32
"""128 bits: collisions stay out of reach at the scale of the world's news."""


_CANONICAL: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))
"""Made once: `json.dumps` makes one for each call, which costs more than the hash."""


def content_id(*parts: str | int | None) -> str:
    """Hash the parts, unambiguously separated, to 32 hexadecimal digits of SHA-256."""
    return hashlib.sha256(_CANONICAL.encode(parts).encode("ascii")).hexdigest()[:_HEX_LENGTH]


def article_id(*, url: str | None, outlet: str | None, title: str | None, text: str) -> str:
    """Name an article that came without an id by what it says and where it stood."""
    return content_id("article", url, outlet, title, text)


def detection_id(article: str, event_type: str, model_digest: str) -> str:
    """Name what one model sees of one type in one article."""
    return content_id("detection", article, event_type, model_digest)


def event_id(key: str, first_detection: str, number: int = 0) -> str:
    """Name an event by the detection that opened it; `number` counts further events that it opened after edits.

    The key is part of it: an article that an edit moves to another country opens another event there, and its detection's id
    is the same.
    """
    return content_id("event", key, first_detection, number)


def alert_id(event: str, sequence: int) -> str:
    """Name the alert at one position in an event's thread."""
    return content_id("alert", event, sequence)
