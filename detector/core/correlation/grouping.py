"""Puts detections into groups, each one event: a function of the set of detections, whatever order they came in.

Pairs that are alike are joined, the most alike first, unless that would put two together that must stay apart: two
that are too far apart in time or place (`relation.apart`), or the two sides of a truce's renewal (`renewals`). So a
round-up that speaks of two towns joins one of them and cannot tie both into one. Ties are broken by ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from detector.core.correlation.pairs import alike_pairs
from detector.core.correlation.relation import apart, near_in_time
from detector.core.correlation.rules import TypeRules
from detector.core.correlation.support import Support
from detector.core.eventtypes import EventType

COLLAPSED: Final = "collapsed"
RENEWING: Final = frozenset(("proposed", "agreed", "in_force"))
"""What a truce begins with; after a collapse it is another truce."""
SURELY: Final = timedelta(hours=24)
"""From so long after a collapse on, such a report is taken for a new truce even where its words do not say so; before, an
outlet that lags behind is likelier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """A truce that was agreed after another one had collapsed: what is older than `renewal` belongs to the old one."""

    collapse: Support
    renewal: Support


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """The groups, each in order of data time, in the order of their first members; and what lies between them."""

    groups: tuple[tuple[Support, ...], ...]
    rivals: frozenset[tuple[int, int]]
    """Pairs of groups (ascending) with members that are alike, but were kept apart."""
    follows: tuple[tuple[int, int], ...]
    """Pairs of groups (new, old) of which the first renews the second."""


@dataclass(slots=True)
class _Cluster:
    members: list[int]
    earliest: int | None
    latest: int | None
    places: list[Support]
    sides: dict[int, set[bool]] = field(default_factory=dict)
    barred: set[int] = field(default_factory=set)
    """Clusters that it cannot be joined with; a cluster only grows, and what keeps two apart stays."""


def group(supports: Sequence[Support], rules: TypeRules) -> Grouping:
    """Group detections of one key.

    Detections that no chain of alike pairs ties together do not bear on each other, so more of them may be given than
    needed: the groups of the others are the same.
    """
    ordered = sorted(supports, key=lambda item: item.order)
    pairs = alike_pairs(ordered, rules)
    home = list(range(len(ordered)))
    follows: list[tuple[int, int]] = []
    for tied, within in _components(len(ordered), pairs):
        found = renewals([ordered[number] for number in tied], rules)
        clusters = {number: _cluster(number, ordered[number], found, rules) for number in tied}
        for one, other in within:
            a, b = home[one], home[other]
            if a == b or b in clusters[a].barred:
                continue
            a, b = min(a, b), max(a, b)
            if _can_join(clusters[a], clusters[b], rules):
                _join(clusters, a, b, home)
            else:
                clusters[a].barred.add(b)
                clusters[b].barred.add(a)
        at = {ordered[number].article_id: number for number in tied}
        follows += [(at[each.renewal.article_id], at[each.collapse.article_id]) for each in found]
    rank = {owner: number for number, owner in enumerate(sorted(set(home)))}
    groups: list[list[Support]] = [[] for _ in rank]
    for item, owner in zip(ordered, home, strict=True):
        groups[rank[owner]].append(item)
    between = {(home[one], home[other]) for one, other in pairs if home[one] != home[other]}
    after = dict.fromkeys((rank[home[new]], rank[home[old]]) for new, old in follows)
    return Grouping(
        groups=tuple(map(tuple, groups)),
        rivals=frozenset((min(rank[a], rank[b]), max(rank[a], rank[b])) for a, b in between),
        follows=tuple(pair for pair in after if pair[0] != pair[1]),
    )


def all_one(ordered: Sequence[Support], rules: TypeRules) -> bool:
    """Tell whether nothing keeps any two of these apart, so that joined they are one event. Cheaper than grouping."""
    days = [item.day for item in ordered if item.day is not None]
    if days and max(days) - min(days) > rules.span.days:
        return False
    cities = _cities(ordered)
    if any(apart(one, other, rules) for number, one in enumerate(cities) for other in cities[:number]):
        return False
    return not renewals(ordered, rules)


def renewals(ordered: Sequence[Support], rules: TypeRules) -> list[Renewal]:
    """Return the renewals among the detections of ceasefires, given in order of data time; none for other types."""
    if not ordered or ordered[0].detection.type is not EventType.CEASEFIRE:
        return []
    found: dict[str, Renewal] = {}
    for collapse in ordered:
        if collapse.detection.status != COLLAPSED:
            continue
        for later in ordered:
            if later.seen_at <= collapse.seen_at or later.detection.status not in RENEWING:
                continue
            surely = later.renews or later.seen_at - collapse.seen_at >= SURELY
            if surely and near_in_time(collapse, later, rules) and not apart(collapse, later, rules):
                found.setdefault(later.article_id, Renewal(collapse=collapse, renewal=later))
                break
    return list(found.values())


def _components(count: int, pairs: Sequence[tuple[int, int]]) -> list[tuple[list[int], list[tuple[int, int]]]]:
    """Return the numbers that pairs tie together, each part ascending, with its pairs in their order."""
    part = list(range(count))
    members = {number: [number] for number in part}
    for one, other in pairs:
        if part[one] != part[other]:
            a, b = sorted((part[one], part[other]))
            for number in members[b]:
                part[number] = a
            members[a] += members.pop(b)
    within: dict[int, list[tuple[int, int]]] = {number: [] for number in members}
    for pair in pairs:
        within[part[pair[0]]].append(pair)
    return [(sorted(members[number]), within[number]) for number in sorted(members)]


def _cluster(number: int, item: Support, found: Sequence[Renewal], rules: TypeRules) -> _Cluster:
    sides = {
        index: {item.seen_at >= each.renewal.seen_at}
        for index, each in enumerate(found)
        if not apart(item, each.collapse, rules)
    }
    return _Cluster([number], item.day, item.day, _cities([item]), sides)


def _can_join(one: _Cluster, other: _Cluster, rules: TypeRules) -> bool:
    days = [day for day in (one.earliest, one.latest, other.earliest, other.latest) if day is not None]
    if days and max(days) - min(days) > rules.span.days:
        return False
    if any(len(one.sides[index] | other.sides[index]) > 1 for index in one.sides.keys() & other.sides.keys()):
        return False
    return not any(apart(a, b, rules) for a in one.places for b in other.places)


def _join(clusters: dict[int, _Cluster], a: int, b: int, home: list[int]) -> None:
    """Take cluster `b` into `a`."""
    one, other = clusters[a], clusters.pop(b)
    for number in other.members:
        home[number] = a
    one.members += other.members
    one.earliest = min((day for day in (one.earliest, other.earliest) if day is not None), default=None)
    one.latest = max((day for day in (one.latest, other.latest) if day is not None), default=None)
    one.places = _cities([*one.places, *other.places])
    for index, sides in other.sides.items():
        one.sides.setdefault(index, set()).update(sides)
    for rival in other.barred:
        clusters[rival].barred.discard(b)
        clusters[rival].barred.add(a)
    one.barred |= other.barred


def _cities(supports: Sequence[Support]) -> list[Support]:
    """Return one support for each different city."""
    distinct: dict[tuple[float, float], Support] = {}
    for item in supports:
        place = item.detection.place
        if place and place.precision == "city":
            distinct.setdefault((place.lat, place.lon), item)
    return list(distinct.values())
