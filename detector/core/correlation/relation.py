"""Compares two detections of one key: can they be about one event at all, and are they?

Both questions are symmetric and look at the two alone, so that no order of arrival can change an answer.
"""

import math
from functools import lru_cache
from typing import Final

from detector.core.correlation.copies import are_copies
from detector.core.correlation.rules import TypeRules
from detector.core.correlation.support import Support
from detector.core.correlation.terms import shared_terms
from detector.core.correlation.vector import cosine, rounded
from detector.core.eventtypes import EventType
from detector.core.records import Comparison, Place

FIGURE: Final = 0.05
"""What a shared figure (`dead 22` in both) adds to the similarity, and `MOST_FIGURES` the most that count."""
MOST_FIGURES: Final = 2
OTHER_TOLL: Final = 0.1
"""What is taken off when two accounts of an attack both state tolls, and not one of them is the same: attacks in one war are
told in the same words, and their dead tell them apart. Of the pairs of judged attacks near the threshold, about half of
those with different tolls are two attacks, and next to none of those with the same or no toll."""

_EARTH_KM: Final = 6371.0
_SHOWN_TERMS: Final = 8


def apart(one: Support, other: Support, rules: TypeRules) -> bool:
    """Tell whether two detections can never be about one event: too long between them, or in two towns."""
    return _too_long(one, other, rules) or in_two_towns(one.detection.place, other.detection.place, rules.far_km)


def near_in_time(one: Support, other: Support, rules: TypeRules) -> bool:
    """Tell whether two detections are near enough in time to say something about each other; undated ones are near to all."""
    return one.day is None or other.day is None or abs(one.day - other.day) <= rules.gap.days


def similarity(one: Support, other: Support) -> float:
    """Return how alike two detections are: the cosine of their terms, and something for each figure that both state."""
    return with_figures(cosine(one.vector.dot(other.vector), one.vector.square, other.vector.square), one, other)


def with_figures(cosine_of_terms: float, one: Support, other: Support) -> float:
    """Return a cosine of terms with what shared figures add, or different tolls of attacks take off."""
    if shared := len(one.figures & other.figures):
        return rounded(min(1.0, cosine_of_terms + FIGURE * min(MOST_FIGURES, shared)))
    if one.dead and other.dead and one.detection.type is EventType.ATROCITY:
        return rounded(max(0.0, cosine_of_terms - OTHER_TOLL))
    return cosine_of_terms


def compare(one: Support, other: Support) -> Comparison:
    """Say what `one` and the article of `other` have in common, for people."""
    km = kilometres(one.detection.place, other.detection.place)
    return Comparison(
        article_id=other.article_id,
        similarity=similarity(one, other),
        terms=shared_terms(one.words.splitlines(), other.words.splitlines(), _SHOWN_TERMS),
        figures=tuple(f"{unit} {value}" for unit, value in sorted(one.figures & other.figures)),
        days=abs(one.day - other.day) if one.day is not None and other.day is not None else None,
        kilometres=round(km) if km is not None else None,
        copy=are_copies(one.sample, other.sample),
    )


def kilometres(one: Place | None, other: Place | None) -> float | None:
    """Return the great-circle distance of two cities; `None` when one of the places is not known to a city."""
    if one is None or other is None or one.precision != "city" or other.precision != "city":
        return None
    return _distance(one.lat, one.lon, other.lat, other.lon)


@lru_cache(maxsize=4096)
def _distance(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    lat1, lon1, lat2, lon2 = map(math.radians, (lat, lon, other_lat, other_lon))
    chord = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(chord)))


def _too_long(one: Support, other: Support, rules: TypeRules) -> bool:
    return one.day is not None and other.day is not None and abs(one.day - other.day) > rules.span.days


def in_two_towns(one: Place | None, other: Place | None, far_km: float) -> bool:
    """Tell whether two places are cities too far apart to be one."""
    distance = kilometres(one, other)
    return distance is not None and distance > far_km
