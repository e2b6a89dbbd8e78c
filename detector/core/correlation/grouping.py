"""Puts detections into groups, each one event: a function of the set of detections, whatever order they came in.

Pairs that are alike are joined, the most alike first, unless that would put two together that must stay apart: two
that are too far apart in time or place (`relation.apart`), or the two sides of a truce's renewal (`renewals`). So a
round-up that speaks of two towns joins one of them and cannot tie both into one. Ties are broken by ids.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import numpy as np

from detector.core.correlation.relation import apart, kilometres, near_in_time, with_figures
from detector.core.correlation.rules import TypeRules
from detector.core.correlation.support import Support
from detector.core.correlation.vector import cosine
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
    members: list[Support]
    earliest: int | None
    latest: int | None
    places: list[Support]
    sides: dict[int, set[bool]] = field(default_factory=dict)


def group(supports: Sequence[Support], rules: TypeRules) -> Grouping:
    """Group detections of one key.

    Detections that no chain of alike pairs ties together do not bear on each other, so more of them may be given than
    needed: the groups of the others are the same.
    """
    ordered = sorted(supports, key=lambda item: item.order)
    edges = _edges(ordered, rules)
    home = list(range(len(ordered)))
    follows: list[tuple[int, int]] = []
    for tied in _components(len(ordered), edges):
        found = renewals([ordered[number] for number in tied], rules)
        clusters = {number: _cluster(ordered[number], found, rules) for number in tied}
        for _, one, other in edges:
            if one not in clusters:
                continue
            a, b = sorted((home[one], home[other]))
            if a != b and _can_join(clusters[a], clusters[b], rules):
                _join(clusters[a], clusters[b])
                for number in tied:
                    home[number] = a if home[number] == b else home[number]
        at = {ordered[number].article_id: number for number in tied}
        follows += [(at[each.renewal.article_id], at[each.collapse.article_id]) for each in found]
    rank = {owner: number for number, owner in enumerate(sorted(set(home)))}
    groups: list[list[Support]] = [[] for _ in rank]
    for item, owner in zip(ordered, home, strict=True):
        groups[rank[owner]].append(item)
    between = {tuple(sorted((rank[home[one]], rank[home[other]]))) for _, one, other in edges}
    after = dict.fromkeys((rank[home[new]], rank[home[old]]) for new, old in follows)
    return Grouping(
        groups=tuple(map(tuple, groups)),
        rivals=frozenset((pair[0], pair[1]) for pair in between if pair[0] != pair[1]),
        follows=tuple(pair for pair in after if pair[0] != pair[1]),
    )


def all_one(supports: Sequence[Support], rules: TypeRules) -> bool:
    """Tell whether nothing keeps any two of these apart, so that joined they are one event. Cheaper than grouping."""
    days = [item.day for item in supports if item.day is not None]
    if days and max(days) - min(days) > rules.span.days:
        return False
    cities = _cities(supports)
    if any(apart(one, other, rules) for number, one in enumerate(cities) for other in cities[:number]):
        return False
    return not renewals(sorted(supports, key=lambda item: item.order), rules)


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


def _components(count: int, edges: Sequence[tuple[float, int, int]]) -> list[list[int]]:
    """Return the numbers that edges tie together, each part ascending."""
    part = list(range(count))
    for _, one, other in edges:
        a, b = sorted((part[one], part[other]))
        if a != b:
            part = [a if each == b else each for each in part]
    found: dict[int, list[int]] = {}
    for number, each in enumerate(part):
        found.setdefault(each, []).append(number)
    return list(found.values())


def _edges(ordered: Sequence[Support], rules: TypeRules) -> list[tuple[float, int, int]]:
    """Return the pairs that are alike and may be one event: (minus similarity, number, number), the most alike first."""
    dots = _dots(ordered)
    edges = []
    # A first, generous cut by the terms alone spares comparing what cannot reach the threshold.
    for one, other in np.argwhere(np.triu(dots > 0, 1)).tolist():
        a, b = ordered[one], ordered[other]
        score = with_figures(cosine(int(dots[one, other]), a.vector.square, b.vector.square), a, b)
        if score >= rules.alike and near_in_time(a, b, rules) and not apart(a, b, rules):
            edges.append((-score, one, other))
    edges.sort(key=lambda edge: (edge[0], ordered[edge[1]].article_id, ordered[edge[2]].article_id))
    return edges


def _dots(ordered: Sequence[Support]) -> "np.ndarray[tuple[int, int], np.dtype[np.int64]]":
    columns: dict[int, int] = {}
    for item in ordered:
        for place in item.vector.buckets:
            columns.setdefault(place, len(columns))
    matrix = np.zeros((len(ordered), max(1, len(columns))), dtype=np.int64)
    for number, item in enumerate(ordered):
        matrix[number, [columns[place] for place in item.vector.buckets]] = item.vector.weights
    return matrix @ matrix.T


def _cluster(item: Support, found: Sequence[Renewal], rules: TypeRules) -> _Cluster:
    sides = {
        index: {item.seen_at >= each.renewal.seen_at}
        for index, each in enumerate(found)
        if not apart(item, each.collapse, rules)
    }
    return _Cluster([item], item.day, item.day, _cities([item]), sides)


def _can_join(one: _Cluster, other: _Cluster, rules: TypeRules) -> bool:
    days = [day for day in (one.earliest, one.latest, other.earliest, other.latest) if day is not None]
    if days and max(days) - min(days) > rules.span.days:
        return False
    if any(len(one.sides[index] | other.sides[index]) > 1 for index in one.sides.keys() & other.sides.keys()):
        return False
    return not any(apart(a, b, rules) for a in one.places for b in other.places)


def _join(one: _Cluster, other: _Cluster) -> None:
    one.members += other.members
    one.earliest = min((day for day in (one.earliest, other.earliest) if day is not None), default=None)
    one.latest = max((day for day in (one.latest, other.latest) if day is not None), default=None)
    one.places = _cities([*one.places, *other.places])
    for index, sides in other.sides.items():
        one.sides.setdefault(index, set()).update(sides)


def _cities(supports: Sequence[Support]) -> list[Support]:
    """Return one support for each different city."""
    distinct: dict[tuple[float, float], Support] = {}
    for item in supports:
        place = item.detection.place
        if place and kilometres(place, place) is not None:
            distinct.setdefault((place.lat, place.lon), item)
    return list(distinct.values())
