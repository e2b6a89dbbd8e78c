"""The records that travel through the detector: plain frozen values without behaviour that touches the outside.

Times are aware datetimes or `None`: what is unknown stays unknown. Offsets count characters (code points), not bytes.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from detector.core.eventtypes import EventType

SCHEMA_VERSION: Final = 1

ArticleField: TypeAlias = Literal["title", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One news article as published; `text` and `title` are never altered."""

    id: str
    text: str
    title: str | None = None
    url: str | None = None
    outlet: str | None = None
    language: str | None = None
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A sentence that carries a decision: `article.<field>[start:end] == sentence`."""

    field: ArticleField
    start: int
    end: int
    sentence: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One feature of the evidence and what it adds to the score, in log-odds."""

    feature: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the classifier says of one article and one type at or above the type's threshold."""

    type: EventType
    status: str
    confidence: float
    threshold: float
    evidence: tuple[Evidence, ...]
    why: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A type in the abstain band of an article: below its threshold, but too likely to be called absent; never alerted.

    `sentence` is the one that speaks for it most.
    """

    type: EventType
    confidence: float
    threshold: float
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """The classifier's whole answer for one article: a probability per type, the findings that passed, and the doubts."""

    scores: dict[EventType, float]
    findings: tuple[Finding, ...]
    doubts: tuple[Doubt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an event happened, as precisely as the text says."""

    name: str
    country: str
    """ISO 3166-1 alpha-2."""
    lat: float
    lon: float
    precision: Literal["city", "region", "country"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """Which model decided."""

    name: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """An empty message under an article's id: its publisher takes the article back."""

    article_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """Why an input is no article: the field at fault, a reason from a closed list and a sentence for people."""

    field: str
    reason: "RejectReason"
    detail: str
    article_id: str | None = None


class RejectReason(StrEnum):
    """The closed list of reasons for a dead letter; each is a metric label."""

    EMPTY_MESSAGE = "empty_message"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    DUPLICATE_KEY = "duplicate_key"
    TOO_DEEP = "too_deep"
    SCHEMA_VERSION = "schema_version"
    MISSING = "missing"
    EMPTY = "empty"
    WRONG_TYPE = "wrong_type"
    TOO_LONG = "too_long"
    LONE_SURROGATE = "lone_surrogate"
    UNDELIVERABLE = "undeliverable"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """One event type seen in one article."""

    detection_id: str
    article_id: str
    title: str | None
    url: str | None
    outlet: str | None
    type: EventType
    status: str
    confidence: float
    threshold: float
    evidence: tuple[Evidence, ...]
    why: tuple[Reason, ...]
    place: Place | None
    place_reason: str | None
    """Why `place` is null; null when it is not."""
    published_at: datetime | None
    ingested_at: datetime | None
    detected_at: datetime
    model: ModelInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEvidence:
    """A sentence that an alert rests on, and whose it is."""

    article_id: str
    outlet: str | None
    url: str | None
    field: ArticleField
    start: int
    end: int
    sentence: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What subscribers get: something happened, changed or was withdrawn."""

    alert_id: str
    event_id: str
    sequence: int
    message_type: Literal["alert", "update", "cancel"]
    references: tuple[str, ...]
    changed: tuple[str, ...]
    type: EventType
    status: str
    certainty: Literal["observed", "likely", "possible"]
    severity: Literal["minor", "moderate", "severe", "extreme"] | None
    confidence: float
    threshold: float
    place: Place | None
    place_reason: str | None
    headline: str
    evidence: tuple[AlertEvidence, ...]
    why: tuple[Reason, ...]
    articles: int
    independent_outlets: int
    first_seen: datetime
    last_seen: datetime
    model: ModelInfo
