"""Counts what stands behind an event: articles, and sources that are independent of each other.

Articles of one publisher family, of one agency, or that are copies of one text are one source. An article whose
outlet is unknown adds no source of its own.
"""

from collections.abc import Sequence
from itertools import combinations
from typing import Final

from detector.core.correlation.copies import are_copies
from detector.core.correlation.support import Support
from detector.core.records import Certainty

_LIKELY: Final = 2
_CONFIRMED: Final = "confirmed"


def independent_outlets(supports: Sequence[Support]) -> int:
    """Return the number of independent sources."""
    by_source: dict[str, list[Support]] = {}
    for item in supports:
        if item.source is not None:
            by_source.setdefault(item.source, []).append(item)
    owner = {source: source for source in by_source}

    def root(source: str) -> str:
        while owner[source] != source:
            source = owner[source]
        return source

    for one, other in combinations(sorted(by_source), 2):
        a, b = root(one), root(other)
        if a != b and any(are_copies(x.sample, y.sample) for x in by_source[one] for y in by_source[other]):
            owner[max(a, b)] = min(a, b)
    return len({root(source) for source in owner})


def certainty_of(supports: Sequence[Support], status: str, independent: int) -> Certainty:
    """Return CAP's certainty: official or confirmed is observed, two independent sources likely, one possible."""
    if status == _CONFIRMED or any(item.official for item in supports):
        return "observed"
    return "likely" if independent >= _LIKELY else "possible"
