"""Counts what stands behind an event: articles, and sources that are independent of each other.

Articles of one publisher family, of one agency, or that are copies of one text are one source. An article whose
outlet is unknown adds no source of its own.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from detector.core.correlation.copies import copies_among
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
    number = np.array([names[item.source] for item in known])
    one, other = np.nonzero(np.triu(copies_among([item.sample for item in known]), 1))
    owner = list(range(len(names)))

    def root(source: int) -> int:
        while owner[source] != source:
            source = owner[source]
        return source

    for a, b in zip(number[one].tolist(), number[other].tolist(), strict=True):
        owner[root(b)] = root(a)
    return len({root(source) for source in owner})


def certainty_of(supports: Sequence[Support], status: str, independent: int) -> Certainty:
    """Return CAP's certainty: official or confirmed is observed, two independent sources likely, one possible."""
    if status == _CONFIRMED or any(item.official for item in supports):
        return "observed"
    return "likely" if independent >= _LIKELY else "possible"
