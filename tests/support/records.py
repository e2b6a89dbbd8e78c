"""Made-up records for tests: hypothesis strategies, one plain example of each, and a strict check of formats."""

import re
from datetime import UTC, date, datetime
from typing import Final

from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from detector.core.correlation.correlator import Correlator
from detector.core.correlation.families import Families
from detector.core.correlation.rules import Rules
from detector.core.correlation.sampling import sample_text
from detector.core.eventtypes import STATUSES, EventType
from detector.core.records import (
    Alert,
    AlertEvidence,
    Comparison,
    Detection,
    Event,
    EventArticle,
    Evidence,
    ModelInfo,
    Place,
    Quantity,
    Reason,
    Retraction,
    Sketch,
    Term,
    Transition,
)
from detector.core.wire import decode_alert
from detector.schemas import SchemaName, schema

NOON: Final = datetime(2016, 12, 15, 12, 0, tzinfo=UTC)

DETECTION: Final = Detection(
    detection_id="d" * 32,
    article_id="wire-1",
    title="Truce holds",
    url="https://news.example/1",
    outlet="Northern Wire",
    type=EventType.CEASEFIRE,
    status="in_force",
    confidence=0.9,
    threshold=0.5,
    evidence=(Evidence(field="text", start=0, end=16, sentence="The truce holds.", confidence=0.9),),
    why=(Reason(feature="truce", weight=2.5), Reason(feature="(intercept)", weight=-1.0)),
    place=Place(name="Aleppo", country="SY", lat=36.2, lon=37.16, precision="city"),
    place_reason=None,
    published_at=NOON,
    ingested_at=NOON,
    detected_at=NOON,
    model=ModelInfo(name="linear", version="1", digest="0123456789abcdef"),
    revision=12,
    quantities=(Quantity(unit="dead", value=14, bound="at_least", field="text", start=4, end=9),),
    sketch=Sketch(terms=(Term(term="truce", weight=255), Term(term="aleppo", weight=180)), stated_on=NOON.date()),
)

RETRACTION: Final = Retraction(
    article_id="wire-1", type=EventType.CEASEFIRE, country="SY", revision=13, reason="edited", ingested_at=NOON
)

EVENT: Final = Event(
    event_id="e" * 32,
    state="live",
    reason=None,
    follows=None,
    type=EventType.CEASEFIRE,
    status="in_force",
    certainty="possible",
    severity="minor",
    confidence=0.9,
    place=DETECTION.place,
    place_reason=None,
    headline="Ceasefire in force in Aleppo",
    articles=1,
    independent_outlets=1,
    first_seen=NOON,
    last_seen=NOON,
    quantities=DETECTION.quantities,
    supports=(
        EventArticle(
            detection_id=DETECTION.detection_id,
            article_id="wire-1",
            revision=12,
            title="Truce holds",
            url="https://news.example/1",
            outlet="Northern Wire",
            source="northern wire",
            status="in_force",
            seen_at=NOON,
            confidence=0.9,
            evidence=DETECTION.evidence,
            why_merged=None,
        ),
    ),
    transitions=(Transition(status="in_force", seen_at=NOON, article_id="wire-1", taken=True),),
    alerts=("a" * 32,),
)

_RFC_3339: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)


def validator(name: SchemaName) -> Draft202012Validator:
    """Give a validator that checks formats too; jsonschema alone lets any `date-time` pass without a further library."""
    checker = FormatChecker(formats=())
    checker.checks("date-time", raises=ValueError)(_is_time)
    checker.checks("date", raises=ValueError)(_is_date)
    return Draft202012Validator(schema(name), format_checker=checker)


def _is_time(value: object) -> bool:
    return not isinstance(value, str) or (
        _RFC_3339.fullmatch(value) is not None and datetime.fromisoformat(value).tzinfo is not None
    )


def _is_date(value: object) -> bool:
    return not isinstance(value, str) or (
        re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII) is not None and bool(date.fromisoformat(value))
    )


def texts(min_size: int = 0, max_size: int = 40) -> st.SearchStrategy[str]:
    """Any text that UTF-8 can hold."""
    return st.text(st.characters(codec="utf-8"), min_size=min_size, max_size=max_size)


def times() -> st.SearchStrategy[datetime]:
    """Aware times in Kafka's precision, milliseconds, which is what the wire keeps."""
    return st.datetimes(
        min_value=datetime(1900, 1, 1),  # noqa: DTZ001 hypothesis adds the zone
        max_value=datetime(2200, 1, 1),  # noqa: DTZ001 as above
        timezones=st.just(UTC),
    ).map(lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000))


_IDS: Final = st.text("0123456789abcdef", min_size=32, max_size=32)
_PROBABILITIES: Final = st.floats(0, 1)
_OPTIONAL_TEXTS: Final = st.none() | texts()
_REASONS: Final = st.lists(
    st.builds(Reason, feature=texts(1), weight=st.floats(-1e6, 1e6)),
    max_size=4,
).map(tuple)
_MODELS: Final = st.builds(
    ModelInfo, name=texts(1), version=texts(1), digest=st.text("0123456789abcdef", min_size=8, max_size=64)
)
_PLACES: Final = st.builds(
    Place,
    name=texts(1),
    country=st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=2, max_size=2),
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    precision=st.sampled_from(("city", "region", "country")),
)
_POSITIONS: Final = {
    "field": st.sampled_from(("title", "text")),
    "start": st.integers(0, 10**6),
    "end": st.integers(1, 10**6),
    "sentence": texts(1),
    "confidence": _PROBABILITIES,
}


_QUANTITIES: Final = st.lists(
    st.builds(
        Quantity,
        unit=st.sampled_from(("dead", "wounded", "evacuated")),
        value=st.integers(1, 10**8),
        bound=st.sampled_from(("exact", "at_least", "about", "at_most")),
        field=st.sampled_from(("title", "text")),
        start=st.integers(0, 10**6),
        end=st.integers(1, 10**6),
    ),
    max_size=3,
).map(tuple)
_SKETCHES: Final = st.builds(
    Sketch,
    terms=st.lists(st.builds(Term, term=texts(1, 12), weight=st.integers(1, 255)), max_size=48).map(tuple),
    copies=texts(0, 400).map(sample_text),
    stated_on=st.none() | st.dates(),
    agency=_OPTIONAL_TEXTS,
)
_COMPARISONS: Final = st.builds(
    Comparison,
    article_id=texts(1),
    similarity=_PROBABILITIES,
    terms=st.lists(texts(1), max_size=3).map(tuple),
    figures=st.lists(texts(1), max_size=3).map(tuple),
    days=st.none() | st.integers(0, 1000),
    kilometres=st.none() | st.integers(0, 20000),
    copy=st.booleans(),
)


@st.composite
def detections(draw: st.DrawFn) -> Detection:
    """Any legal detection."""
    kind = draw(st.sampled_from(EventType))
    place = draw(st.none() | _PLACES)
    return Detection(
        detection_id=draw(_IDS),
        article_id=draw(texts(1)),
        title=draw(_OPTIONAL_TEXTS),
        url=draw(_OPTIONAL_TEXTS),
        outlet=draw(_OPTIONAL_TEXTS),
        type=kind,
        status=draw(st.sampled_from(STATUSES[kind])),
        confidence=draw(_PROBABILITIES),
        threshold=draw(_PROBABILITIES),
        evidence=tuple(draw(st.lists(st.builds(Evidence, **_POSITIONS), min_size=1, max_size=3))),
        why=draw(_REASONS),
        place=place,
        place_reason=None if place else draw(texts(1)),
        published_at=draw(st.none() | times()),
        ingested_at=draw(st.none() | times()),
        detected_at=draw(times()),
        model=draw(_MODELS),
        revision=draw(st.integers(0, 2**62)),
        quantities=draw(_QUANTITIES),
        sketch=draw(_SKETCHES),
    )


@st.composite
def alerts(draw: st.DrawFn) -> Alert:
    """Any legal alert, later ones of a thread among them."""
    kind = draw(st.sampled_from(EventType))
    place = draw(st.none() | _PLACES)
    evidence = st.builds(AlertEvidence, article_id=texts(1), outlet=_OPTIONAL_TEXTS, url=_OPTIONAL_TEXTS, **_POSITIONS)
    return Alert(
        alert_id=draw(_IDS),
        event_id=draw(_IDS),
        sequence=draw(st.integers(0, 1000)),
        message_type=draw(st.sampled_from(("alert", "update", "cancel"))),
        references=tuple(draw(st.lists(_IDS, max_size=3, unique=True))),
        changed=tuple(draw(st.lists(st.sampled_from(("status", "place", "confidence")), unique=True))),
        type=kind,
        status=draw(st.sampled_from(STATUSES[kind])),
        certainty=draw(st.sampled_from(("observed", "likely", "possible"))),
        severity=draw(st.sampled_from(("minor", "moderate", "severe", "extreme", None))),
        confidence=draw(_PROBABILITIES),
        threshold=draw(_PROBABILITIES),
        place=place,
        place_reason=None if place else draw(texts(1)),
        headline=draw(texts(1)),
        evidence=tuple(draw(st.lists(evidence, min_size=1, max_size=3))),
        why=draw(_REASONS),
        articles=draw(st.integers(0, 1000)),
        independent_outlets=draw(st.integers(0, 1000)),
        first_seen=draw(times()),
        last_seen=draw(times()),
        model=draw(_MODELS),
        reason=draw(_OPTIONAL_TEXTS),
        quantities=draw(_QUANTITIES),
        why_merged=draw(st.none() | _COMPARISONS),
    )


def retractions() -> st.SearchStrategy[Retraction]:
    """Any legal retraction."""
    return st.builds(
        Retraction,
        article_id=texts(1),
        type=st.sampled_from(EventType),
        country=st.from_regex(r"([A-Z]{2}|-[0-9]{0,2})", fullmatch=True),
        revision=st.integers(0, 2**62),
        reason=st.sampled_from(("edited", "moved", "withdrawn")),
        ingested_at=st.none() | times(),
    )


@st.composite
def events(draw: st.DrawFn) -> Event:
    """Any legal event."""
    alert = draw(alerts())
    statuses = st.sampled_from(STATUSES[alert.type])
    article = st.builds(
        EventArticle,
        detection_id=_IDS,
        article_id=texts(1),
        revision=st.integers(0, 2**62),
        title=_OPTIONAL_TEXTS,
        url=_OPTIONAL_TEXTS,
        outlet=_OPTIONAL_TEXTS,
        source=_OPTIONAL_TEXTS,
        status=statuses,
        seen_at=times(),
        confidence=_PROBABILITIES,
        evidence=st.lists(st.builds(Evidence, **_POSITIONS), min_size=1, max_size=2).map(tuple),
        why_merged=st.none() | _COMPARISONS,
    )
    step = st.builds(Transition, status=statuses, seen_at=times(), article_id=texts(1), taken=st.booleans())
    return Event(
        event_id=alert.event_id,
        state=draw(st.sampled_from(("live", "cancelled"))),
        reason=alert.reason,
        follows=draw(st.none() | _IDS),
        type=alert.type,
        status=alert.status,
        certainty=alert.certainty,
        severity=alert.severity,
        confidence=alert.confidence,
        place=alert.place,
        place_reason=alert.place_reason,
        headline=alert.headline,
        articles=alert.articles,
        independent_outlets=alert.independent_outlets,
        first_seen=alert.first_seen,
        last_seen=alert.last_seen,
        quantities=alert.quantities,
        supports=tuple(draw(st.lists(article, max_size=2))),
        transitions=tuple(draw(st.lists(step, max_size=2))),
        alerts=tuple(draw(st.lists(_IDS, min_size=1, max_size=3))),
    )


def alert_for(detection: Detection) -> Alert:
    """Return the alert of a detection that opens an event."""
    (message,) = Correlator(Rules(), Families({}, frozenset())).process(detection).alerts
    return decode_alert(message.value or b"")
