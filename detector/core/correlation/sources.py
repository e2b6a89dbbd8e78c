"""Counts what stands behind an event: articles, and sources that are independent of each other.

Articles of one publisher family, of one agency, or that are copies of one text are one source. An article whose
outlet is unknown adds no source of its own.
"""

from collections.abc import Sequence
from typing import Final

from detector.core.correlation.copies import copy_pairs, read_sample
from detector.core.correlation.support import Support
from detector.core.records import Certainty

_LIKELY: Final = 2
_CONFIRMED: Final = "confirmed"


def independent_outlets(supports: Sequence[Support]) -> int:
    """Return the number of independent sources."""
    known = [item for item in supports if item.source is not None]
    owner: dict[str, str] = {item.source: item.source for item in known if item.source}

    def root(source: str) -> str:
        while owner[source] != source:
            source = owner[source]
        return source

    if len(owner) > 1:
        for one, other in copy_pairs([read_sample(item.detection.sketch.copies) for item in known]):
            a, b = sorted((root(known[one].source or ""), root(known[other].source or "")))
            owner[b] = a
    return len({root(source) for source in owner})


def certainty_of(supports: Sequence[Support], status: str, independent: int) -> Certainty:
    """Return CAP's certainty: official or confirmed is observed, two independent sources likely, one possible."""
    if status == _CONFIRMED or any(item.official for item in supports):
        return "observed"
    return "likely" if independent >= _LIKELY else "possible"
