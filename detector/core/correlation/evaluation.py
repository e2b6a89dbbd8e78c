"""Measures correlation on judged events: detections for what is known to be in the articles, grouped, and compared."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias

from detector.core.classifier import Classifier
from detector.core.correlation.bcubed import BCubed, bcubed, wrong_pairs
from detector.core.correlation.correlator import Correlator
from detector.core.correlation.families import Families
from detector.core.correlation.judged import Membership, halves
from detector.core.correlation.rules import Rules
from detector.core.detect import Detector
from detector.core.document import all_sentences, candidate_text
from detector.core.eventtypes import EVENT_TYPES, STATUSES, EventType
from detector.core.records import Article, Detection, Evidence, Finding

Item: TypeAlias = tuple[str, EventType]
"""An article id and a type."""

THRESHOLDS: Final = (0.12, 0.15, 0.18, 0.2, 0.22, 0.25, 0.3, 0.35)
GAPS: Final = (0.5, 1.0, 2.0)
"""What cross-validation chooses from: the least similarity, and a factor of the gaps in time."""

ATTACK: Final = EventType.ATROCITY


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """One fold of the cross-validation: what was chosen on the other half, and what it comes to on this one."""

    alike: float
    gap: float
    measured: BCubed
    shipped: BCubed
    """What the rules as they are come to on the same half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventEvaluation:
    """What `evaluate_events` measured."""

    events: int
    scores: Mapping[str, BCubed]
    """Of `all`, and of each type."""
    alone: BCubed
    """Baseline: each article an event of its own."""
    same_day: BCubed
    """Baseline: one event for each type, country and day."""
    folds: tuple[Chosen, Chosen]
    found: Mapping[Item, str]
    merged: tuple[tuple[Item, Item], ...]
    parted: tuple[tuple[Item, Item], ...]
    towns: tuple[tuple[Item, Item], ...]
    """Attacks in different places on one day that were put together."""

    @property
    def cross_validated(self) -> float:
        """F1 of thresholds chosen on one half of the events and measured on the other, averaged over both ways."""
        return sum(fold.measured.f1 for fold in self.folds) / len(self.folds)

    @property
    def shipped_on_halves(self) -> float:
        """F1 of the rules as they are on each half alone, averaged: what `cross_validated` is to be compared with."""
        return sum(fold.shipped.f1 for fold in self.folds) / len(self.folds)


def detections_of(
    memberships: Iterable[Membership],
    articles: Mapping[str, Article],
    detector: Detector,
    classifier: Classifier,
    *,
    detected_at: datetime,
) -> list[Detection]:
    """Make one detection for each article and type that is judged to be in it, in order of publication, undated ones last.

    Evidence and status are the classifier's; where it misses the type, its best sentence for it and the type's first status.
    """
    items = sorted({(item.article_id, item.type) for item in memberships})
    found = []
    for article_id, kind in items:
        article = articles[article_id]
        (answer,) = classifier.classify([article])
        finding = next((each for each in answer.findings if each.type is kind), None)
        finding = finding or _best(article, kind, classifier)
        found.append(detector.detection(article, finding, None, detected_at))
    return sorted(found, key=lambda item: (item.published_at or detected_at, item.article_id, item.type))


def group_events(detections: Iterable[Detection], rules: Rules, families: Families) -> dict[Item, str]:
    """Return the event that the correlator puts each detection in, when no event is forgotten meanwhile."""
    lasting = {kind: replace(each, quiet=None) for kind, each in rules.types.items()}
    correlator = Correlator(replace(rules, types=lasting), families)
    for detection in detections:
        correlator.process(detection)
    return {
        (item.article_id, item.detection.type): event_id
        for event_id in correlator.entries
        for item in correlator.entry(event_id).supports
    }


def evaluate_events(
    memberships: Sequence[Membership], detections: Sequence[Detection], rules: Rules, families: Families
) -> EventEvaluation:
    """Measure the grouping of detections (of `detections_of`) against judged events, plainly and cross-validated."""
    judged = _judged(memberships)
    found = group_events(detections, rules, families)
    scores = {"all": bcubed(found, judged)}
    for kind in EVENT_TYPES:
        if part := {item: group for item, group in found.items() if item[1] is kind}:
            scores[kind.value] = bcubed(part, judged)
    merged, parted = wrong_pairs(found, judged)
    about = {(item.article_id, item.type): item for item in memberships}
    return EventEvaluation(
        events=len({item.event_id for item in memberships}),
        scores=scores,
        alone=bcubed({item: item for item in found}, judged),
        same_day=bcubed({(d.article_id, d.type): _type_country_day(d) for d in detections}, judged),
        folds=_folds(memberships, detections, rules, families),
        found=found,
        merged=tuple(merged),
        parted=tuple(parted),
        towns=tuple((one, other) for one, other in merged if _two_attacks(about[one], about[other])),
    )


def _folds(
    memberships: Sequence[Membership], detections: Sequence[Detection], rules: Rules, families: Families
) -> tuple[Chosen, Chosen]:
    first, second = ([item for item in memberships if item.event_id in half] for half in halves(memberships))
    return _fold(first, second, detections, rules, families), _fold(second, first, detections, rules, families)


def _fold(
    chosen_on: Sequence[Membership],
    measured_on: Sequence[Membership],
    detections: Sequence[Detection],
    rules: Rules,
    families: Families,
) -> Chosen:
    trials = [(alike, gap) for alike in THRESHOLDS for gap in GAPS]
    scored = [(_part(chosen_on, detections, _set(rules, *trial), families).f1, trial) for trial in trials]
    _, (alike, gap) = max(scored, key=lambda pair: (pair[0], pair[1]))
    return Chosen(
        alike=alike,
        gap=gap,
        measured=_part(measured_on, detections, _set(rules, alike, gap), families),
        shipped=_part(measured_on, detections, rules, families),
    )


def _part(
    memberships: Sequence[Membership], detections: Sequence[Detection], rules: Rules, families: Families
) -> BCubed:
    judged = _judged(memberships)
    part = [item for item in detections if (item.article_id, item.type) in judged]
    return bcubed(group_events(part, rules, families), judged)


def _set(rules: Rules, alike: float, gap: float) -> Rules:
    types = {
        kind: replace(each, alike=alike, gap=each.gap * gap, span=max(each.span, each.gap * gap))
        for kind, each in rules.types.items()
    }
    return replace(rules, types=types)


def _judged(memberships: Iterable[Membership]) -> dict[Item, frozenset[str]]:
    found: dict[Item, set[str]] = {}
    for item in memberships:
        found.setdefault((item.article_id, item.type), set()).add(item.event_id)
    return {item: frozenset(events) for item, events in found.items()}


def _two_attacks(one: Membership, other: Membership) -> bool:
    return one.type is ATTACK and one.event_start == other.event_start and one.place != other.place


def _type_country_day(detection: Detection) -> tuple[object, ...]:
    country = detection.place.country if detection.place else None
    day = detection.published_at.date() if detection.published_at else detection.article_id
    return detection.type, country, day


def _best(article: Article, kind: EventType, classifier: Classifier) -> Finding:
    pieces = [
        Evidence(
            field=each.field,
            start=each.span.start,
            end=each.span.end,
            sentence=candidate_text(article, each),
            confidence=0.0,
        )
        for each in all_sentences(article)
    ]
    best = max(pieces, key=lambda piece: classifier.decision(article, piece, kind))
    return Finding(type=kind, status=STATUSES[kind][0], confidence=0.0, threshold=0.0, evidence=(best,), why=())
