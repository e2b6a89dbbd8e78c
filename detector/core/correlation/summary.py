"""What is known of an event: a function of its supports alone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import nsmallest
from typing import Final

from detector.core.correlation.lifecycle import current_status, progress
from detector.core.correlation.severity import figures_of, severity_of
from detector.core.correlation.sources import certainty_of, independent_outlets
from detector.core.correlation.support import Support
from detector.core.eventtypes import EventType
from detector.core.records import AlertEvidence, Certainty, Place, Quantity, Severity, Transition

MOST_EVIDENCE: Final = 5
"""Sentences in an alert, each from another article as far as there are enough."""

_PRECISION: Final = ("country", "region", "city")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The present state of an event."""

    type: EventType
    status: str
    certainty: Certainty
    severity: Severity | None
    quantities: tuple[Quantity, ...]
    place: Place | None
    place_reason: str | None
    headline: str
    evidence: tuple[AlertEvidence, ...]
    best: Support
    """The most confident support: its confidence, reasons and model speak for the event."""
    articles: int
    independent_outlets: int
    first_seen: datetime
    last_seen: datetime
    transitions: tuple[Transition, ...]


def summarise(supports: Sequence[Support], surplus: int = 0) -> Summary:
    """Return what is known from supports (at least one) in order of data time; `surplus` are articles that are only counted."""
    kind = supports[0].detection.type
    path = progress((item.seen_at, item.article_id, item.detection.status) for item in supports)
    status = current_status(path)
    figures = figures_of(supports)
    best = max(supports, key=lambda item: (item.detection.confidence, item.order))
    located = _place(supports)
    independent = independent_outlets(supports)
    return Summary(
        type=kind,
        status=status,
        certainty=certainty_of(supports, status, independent),
        severity=severity_of(kind, status, figures),
        quantities=figures,
        place=located,
        place_reason=None if located else best.detection.place_reason,
        headline=_headline(kind, status, located),
        evidence=_evidence(supports, [step.article_id for step in path if step.taken][-1]),
        best=best,
        articles=len(supports) + surplus,
        independent_outlets=independent,
        first_seen=supports[0].seen_at,
        last_seen=supports[-1].seen_at,
        transitions=path,
    )


def precision_of(place: Place | None) -> int:
    """Return how precisely a place is known: -1 not at all, then country, region, city."""
    return _PRECISION.index(place.precision) if place else -1


def _place(supports: Sequence[Support]) -> Place | None:
    """Return the most precise place; of several, the one most named, then the one named first."""
    named = [item.detection.place for item in supports if item.detection.place]
    if not named:
        return None
    finest = max(map(precision_of, named))
    counts = Counter(place for place in named if precision_of(place) == finest)
    return max(counts, key=lambda place: counts[place])


def _evidence(supports: Sequence[Support], leading: str) -> tuple[AlertEvidence, ...]:
    """Return the best sentences, one of each article first.

    The article that brought the status comes before all others, then the most confident and latest.
    """
    ranked = nsmallest(
        MOST_EVIDENCE, reversed(supports), key=lambda item: (item.article_id != leading, -item.detection.confidence)
    )
    chosen = [
        (rank, number, item, sentence)
        for number, item in enumerate(ranked)
        for rank, sentence in enumerate(item.detection.evidence)
    ]
    chosen.sort(key=lambda entry: entry[:2])
    return tuple(
        AlertEvidence(
            article_id=item.article_id,
            outlet=item.detection.outlet,
            url=item.detection.url,
            field=sentence.field,
            start=sentence.start,
            end=sentence.end,
            sentence=sentence.sentence,
            confidence=sentence.confidence,
        )
        for _, _, item, sentence in chosen[:MOST_EVIDENCE]
    )


def _headline(kind: EventType, status: str, place: Place | None) -> str:
    where = f" in {place.name}" if place else ""
    return f"{kind.capitalize()} {status.replace('_', ' ')}{where}"
