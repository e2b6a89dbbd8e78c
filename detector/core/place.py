"""Finds where an event happened: names near the evidence vote for a country, and the most precise one in it gives the place."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from detector.core import placecues as cues
from detector.core.eventtypes import EventType
from detector.core.gazetteer import Entry, Gazetteer
from detector.core.mentions import find_mentions
from detector.core.passage import cut, is_uniform
from detector.core.placegestures import find_gesture
from detector.core.placeroles import STRONG, Mention, nearness, trigger_positions
from detector.core.records import Article, Finding, Place

NO_PLACE: Final = "no place named near the evidence"
ONLY_ACTORS: Final = "only governments and people named, no place"
SEVERAL: Final = "several countries named alike"
REASONS: Final = (NO_PLACE, ONLY_ACTORS, SEVERAL)
"""The closed list of reasons for a place that is unknown."""

_NEAR_CHARS: Final = 200
"""How far the neighbouring text reaches on each side of the evidence."""
_LEAD_CHARS: Final = 300
_MAX_EVIDENCE: Final = 2
_MAX_PASSAGE: Final = 800

_DATELINE: Final = re.compile(r"\s*([A-Z][^\n]{1,60}?)\s*(?:\([^)\n]{2,40}\)\s*)?(?:--|[-–—])\s")

_ZONES: Final[Mapping[str, float]] = {
    "evidence": 1.0, "more": 0.6, "title": 0.5, "before": 0.4, "after": 0.2, "lead": 0.18, "dateline": 0.35,
}  # fmt: skip
_FURTHER_ZONES: Final = frozenset(("before", "after", "lead"))
"""Not read once the first evidence sentence names the scene outright: they cost time and change next to nothing."""
_FURTHER: Final = 0.6
"""What a country's next best vote counts of the one before."""
_WEAK_SUM: Final = 0.6
"""What all mentions of a country as actor, party or topic can add up to."""
_SETTLED: Final = 0.5
"""What other passages count once the first evidence sentence names the scene outright."""
_LATER: Final = 0.95
"""What each further name of a passage counts of the one before."""
_GROUP_TRUCE: Final = 1.5
"""What an armed group counts more where a truce is told of: it is kept where the group fights."""
_LEAST: Final = 0.08
_MARGIN: Final = 1.04
"""The winner must lead the second by this factor."""
_PRECISION: Final[Mapping[str, float]] = {"city": 1.25, "landmark": 1.25, "region": 1.0, "country": 0.45}
_OUTRIGHT: Final = frozenset(("scene", "target", "gesture"))
_GIVING: Final = frozenset(("host", "gesture"))
"""Who gives support is named first and acts at any distance."""
_PLACES: Final = frozenset(_PRECISION)
_ACTING: Final = frozenset(("actor", "ally", "government", "leader", "group"))


class _Vote(NamedTuple):
    """A mention, and how much it counts here."""

    mention: Mention
    score: float


@dataclass(frozen=True, slots=True)
class GazetteerPlaceFinder:
    """Locates findings with a gazetteer; holds no state, so the answer depends on the arguments alone."""

    gazetteer: Gazetteer

    def locate(self, article: Article, finding: Finding) -> tuple[Place | None, str | None]:
        """Return the place of the event, or `None` and one of `REASONS`.

        Reads the evidence, its neighbourhood, the title and the head of the text. What stands only elsewhere is not
        guessed at.
        """
        uniform = (
            is_uniform(article.text)
            if len(article.text) > len(article.title or "")
            else is_uniform(article.title or "")
        )
        votes: list[_Vote] = []
        settled = 1.0
        for zone, passage in _near(article, finding):
            if zone in _FURTHER_ZONES and settled < 1.0:
                continue
            read = list(self._read(zone, passage, settled, finding.type, uniform=uniform))
            votes.extend(read)
            if zone == "evidence" and any(vote.mention.role in _OUTRIGHT for vote in read):
                settled = _SETTLED
        scores = _count(votes)
        ranked = sorted(scores, key=lambda code: (-scores[code], code))
        if not ranked or scores[ranked[0]] < _LEAST:
            return None, ONLY_ACTORS if votes else NO_PLACE
        if len(ranked) > 1 and scores[ranked[0]] < _MARGIN * scores[ranked[1]]:
            return None, SEVERAL
        return self._place(ranked[0], votes), None

    def _read(self, zone: str, passage: str, scale: float, kind: EventType, *, uniform: bool) -> Iterator[_Vote]:
        """Yield what the names in one passage count."""
        weight = _ZONES[zone] * scale
        words = cut(passage, uniform=uniform or passage.isupper())
        mentions = find_mentions(words, self.gazetteer)
        if not mentions:
            return
        evidence = zone in ("evidence", "more")
        if kind is EventType.SOLIDARITY and (evidence or zone == "title"):
            find_gesture(words, mentions)
        triggers = trigger_positions(words, kind) if evidence and len(mentions) > 1 else []
        for number, mention in enumerate(mentions):
            factor = _LATER ** min(number, 4)
            if zone == "dateline" and mention.key in cues.HUBS:
                factor *= 0.35
            if mention.role == "group" and kind is EventType.CEASEFIRE:
                factor *= _GROUP_TRUCE
            if triggers and mention.role not in _GIVING:
                factor *= nearness(mention, triggers)
            yield _Vote(mention, weight * factor * mention.weight)

    def _place(self, country: str, votes: Iterable[_Vote]) -> Place | None:
        """Return the most precise place in the winning country, weighed by its votes."""
        best: dict[Entry, float] = defaultdict(float)
        for vote in votes:
            if vote.mention.role in _ACTING:
                continue
            entry = vote.mention.entries[0]
            if entry.country == country and entry.kind in _PLACES:
                best[entry] += vote.score * _PRECISION[entry.kind]
        top = max(best, key=lambda entry: (best[entry], entry.population, entry.name), default=None)
        chosen = top or self.gazetteer.country(country)
        if chosen is None:
            return None
        precision: Literal["city", "region", "country"] = "country"
        if chosen.kind in ("city", "landmark"):
            precision = "city"
        elif chosen.kind == "region":
            precision = "region"
        return Place(name=chosen.name, country=country, lat=chosen.lat, lon=chosen.lon, precision=precision)


def _near(article: Article, finding: Finding) -> Iterator[tuple[str, str]]:
    """Yield the passages around the evidence, each with its zone; datelines apart from what follows them."""
    dateline = _DATELINE.match(article.text[:120])
    head = dateline.end() if dateline else 0
    for number, evidence in enumerate(finding.evidence[:_MAX_EVIDENCE]):
        field = article.text if evidence.field == "text" else article.title or ""
        start = head if evidence.field == "text" and evidence.start < head < evidence.end else evidence.start
        yield "more" if number else "evidence", field[start : min(evidence.end, start + _MAX_PASSAGE)]
    if dateline:
        yield "dateline", dateline.group(1)
    first = finding.evidence[0] if finding.evidence else None
    if article.title and (first is None or first.field == "text"):
        yield "title", article.title[:300]
    lead = head
    if first is not None and first.field == "text":
        before = (
            article.text.find(" ", max(head, first.start - _NEAR_CHARS)) if first.start - _NEAR_CHARS > head else head
        )
        yield "before", article.text[max(before, head) : first.start]
        yield "after", article.text[first.end : first.end + _NEAR_CHARS]
        if first.start <= _LEAD_CHARS:
            return
    yield "lead", article.text[lead : lead + _LEAD_CHARS]


def _count(votes: list[_Vote]) -> dict[str, float]:
    """Return each country's score; names shared by countries are given to the one that the other names speak for."""
    clear: dict[str, float] = defaultdict(float)
    for vote in votes:
        if vote.mention.role in STRONG and len({entry.country for entry in vote.mention.entries}) == 1:
            clear[vote.mention.entries[0].country] += vote.score
            for entry in vote.mention.entries:
                if entry.area and entry.kind == "region":
                    clear[entry.country + entry.area] += vote.score
    strong: dict[str, list[float]] = defaultdict(list)
    weak: dict[str, list[float]] = defaultdict(list)
    for vote in votes:
        among = vote.mention.entries
        if len(among) > 1:
            ranks = [_likelihood(entry, among, clear) for entry in among]
            vote.mention.entries = (among[ranks.index(max(ranks))],)
        (strong if vote.mention.role in STRONG else weak)[vote.mention.entries[0].country].append(vote.score)
    scores = {country: min(_WEAK_SUM, _sum(listed)) for country, listed in weak.items()}
    for country, listed in strong.items():
        scores[country] = scores.get(country, 0.0) + _sum(listed)
    return scores


def _sum(scores: list[float]) -> float:
    """Return a sum in which each further vote counts less than the one before, the strongest first."""
    return sum(score * _FURTHER**rank for rank, score in enumerate(sorted(scores, reverse=True)))


def _likelihood(entry: Entry, among: tuple[Entry, ...], clear: Mapping[str, float]) -> tuple[float, int]:
    """Return how likely a shared name means this entry: votes for its country, then the share of the people who live there."""
    if entry.kind == "country":
        share = 0.6
    else:
        share = entry.population / max(1, sum(other.population for other in among if other.kind != "country"))
    usual = 0.3 if entry is among[0] else 0.05
    country = min(1.0, clear.get(entry.country, 0.0))
    area = min(1.0, clear.get(entry.country + entry.area, 0.0)) if entry.area else 0.0
    return (share + usual) * (1.0 + 6.0 * country + 12.0 * area), entry.population
