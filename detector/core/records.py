"""The records that travel through the detector: plain frozen values without behaviour that touches the outside.

Times are aware datetimes or `None`: what is unknown stays unknown. Offsets count characters (code points), not bytes.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Literal, NamedTuple, TypeAlias

from detector.core.eventtypes import EventType
from detector.core.moments import Moment

SCHEMA_VERSION: Final = 1
"""Version of articles and of what `detector classify` answers."""

DETECTION_VERSION: Final = 2
ALERT_VERSION: Final = 2
RETRACTION_VERSION: Final = 1
EVENT_VERSION: Final = 1
"""Versions of the other records. Detections and alerts of version 1 had none of the fields that correlation needs; they are
still read (see `wire`)."""

Certainty: TypeAlias = Literal["observed", "likely", "possible"]
"""The words of the Common Alerting Protocol (CAP)."""

Severity: TypeAlias = Literal["minor", "moderate", "severe", "extreme"]
"""CAP's words again; where nothing tells how severe an event is, there is none."""

ArticleField: TypeAlias = Literal["title", "text"]
MessageType: TypeAlias = Literal["alert", "update", "cancel"]
RetractionReason: TypeAlias = Literal["edited", "moved", "withdrawn"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One news article as published; `text` and `title` are never altered."""

    id: str
    text: str
    title: str | None = None
    url: str | None = None
    outlet: str | None = None
    language: str | None = None
    published_at: Moment | None = None


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
    passed_gate: bool = True
    """Whether a sentence was scored; the scores of articles that did not get past the gate are all the same."""


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


Unit: TypeAlias = Literal["dead", "wounded", "evacuated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number of people that an evidence sentence states; the words that state it are `article.<field>[start:end]`."""

    unit: Unit
    value: int
    bound: Literal["exact", "at_least", "about", "at_most"]
    field: ArticleField
    start: int
    end: int


class Term(NamedTuple):
    """A content word of an article and what it counts in comparisons, 1 to 255; on the wire an array of the two."""

    term: str
    weight: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """What correlation compares two articles by, without their texts."""

    terms: tuple[Term, ...] = ()
    """The words that tell most, heaviest first."""
    copies: str = ""
    """Sample of the text's word sequences, to tell copies of one text (see `core.correlation.copies`)."""
    stated_on: date | None = None
    """The day that the head of the text names, where there is one near the day of publication."""
    agency: str | None = None
    """The news agency that the text is attributed to."""


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
    published_at: Moment | None
    ingested_at: Moment | None
    detected_at: Moment
    model: ModelInfo
    revision: int
    """Grows with each version of the article that was received: the offset of its record on the topic `articles`."""
    quantities: tuple[Quantity, ...]
    sketch: Sketch


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraction:
    """An article that once supported events of a type and key does so no more, from this revision on.

    Travels on the topic of the detections, under the key that the detection had.
    """

    article_id: str
    type: EventType
    country: str
    """Second half of the key: the country, or the bucket of an unlocated detection."""
    revision: int
    reason: RetractionReason
    """The article was sent again and no longer carries the type, or carries it under another key, or was taken back."""
    ingested_at: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Why a detection joined an event: what its nearest article there and it have in common."""

    article_id: str
    """The article compared with."""
    similarity: float
    """Cosine of the weighted terms plus what shared figures add, 0 to 1."""
    terms: tuple[str, ...]
    """Shared terms, those that count most first."""
    figures: tuple[str, ...]
    """Shared figures, such as `dead 22`."""
    days: int | None
    """Days between the two; null when one is undated."""
    kilometres: int | None
    """Distance between the two places; null when one is not known to a city."""
    copy: bool
    """The one text is largely a copy of the other."""


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
    message_type: MessageType
    references: tuple[str, ...]
    changed: tuple[str, ...]
    type: EventType
    status: str
    certainty: Certainty
    severity: Severity | None
    confidence: float
    threshold: float
    place: Place | None
    place_reason: str | None
    headline: str
    evidence: tuple[AlertEvidence, ...]
    why: tuple[Reason, ...]
    articles: int
    independent_outlets: int
    first_seen: Moment
    last_seen: Moment
    model: ModelInfo
    reason: str | None
    """Why the event was cancelled, or where a new one comes from; null otherwise."""
    quantities: tuple[Quantity, ...]
    """The figures that `severity` rests on."""
    why_merged: Comparison | None
    """Why the article that caused this alert was taken to be about this event; null for a first article."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventArticle:
    """One article that supports an event."""

    detection_id: str
    article_id: str
    revision: int
    title: str | None
    url: str | None
    outlet: str | None
    source: str | None
    """Who is behind the text: the agency it is attributed to, else the outlet's publisher family."""
    status: str
    seen_at: Moment
    confidence: float
    evidence: tuple[Evidence, ...]
    why_merged: Comparison | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A status that an event took on, or that an article reported although the event could not take it on."""

    status: str
    seen_at: Moment
    article_id: str
    taken: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The present state of one event, on the compacted topic `events`, keyed by event id; deleted when it expires."""

    event_id: str
    state: Literal["live", "cancelled"]
    reason: str | None
    """Why it was cancelled; null while it lives."""
    follows: str | None
    """The event that this one renews."""
    type: EventType
    status: str
    certainty: Certainty
    severity: Severity | None
    confidence: float
    place: Place | None
    place_reason: str | None
    headline: str
    articles: int
    independent_outlets: int
    first_seen: Moment
    last_seen: Moment
    quantities: tuple[Quantity, ...]
    supports: tuple[EventArticle, ...]
    transitions: tuple[Transition, ...]
    alerts: tuple[str, ...]
    """Ids of the alerts of its thread, oldest first."""
