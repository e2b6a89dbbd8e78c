"""Counts what stands behind an event: articles, and sources that are independent of each other.

Articles of one publisher family, of one agency, or that are copies of one text are one source. An article whose
outlet is unknown adds no source of its own.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from detector.core.correlation.copies import are_copies, copies_among
from detector.core.correlation.support import Support
from detector.core.records import Certainty

_LIKELY: Final = 2
_CONFIRMED: Final = "confirmed"


def independent_outlets(supports: Sequence[Support]) -> int:
    """Return the number of independent sources."""
    known = [item for item in supports if item.source is not None]
    names = {source: number for number, source in enumerate(dict.fromkeys(item.source for item in known))}
    if len(names) <= 1:
        return len(names)
    holders: dict[bytes, list[int]] = {}
    for item in known:
        holders.setdefault(item.sample, []).append(names[item.source])
    first = [numbers[0] for numbers in holders.values()]
    owner = list(range(len(names)))

    def root(source: int) -> int:
        while owner[source] != source:
            source = owner[source]
        return source

    for sample, numbers in holders.items():
        if len(numbers) > 1 and are_copies(sample, sample):
            for number in numbers[1:]:
                owner[root(number)] = root(numbers[0])
    one, other = np.nonzero(np.triu(copies_among(list(holders)), 1))
    for a, b in zip(one.tolist(), other.tolist(), strict=True):
        owner[root(first[b])] = root(first[a])
    return len({root(source) for source in owner})


def certainty_of(supports: Sequence[Support], status: str, independent: int) -> Certainty:
    """Return CAP's certainty: official or confirmed is observed, two independent sources likely, one possible."""
    if status == _CONFIRMED or any(item.official for item in supports):
        return "observed"
    return "likely" if independent >= _LIKELY else "possible"
