"""Tells copies of one text: wire copy in other outlets, edits, cut-down versions.

The head of a text is cut into sequences of four words, each is hashed, and of many a fixed quarter is kept (those whose
hash is divisible by four), the same quarter in every text. So two samples tell what share of the shorter text stands in
the longer one, which MinHash does not: it estimates the share of both together, which is small when an outlet ran only the
first paragraphs.
"""

import struct
from base64 import b64decode
from collections.abc import Set as AbstractSet
from typing import Final

COPY: Final = 0.5
"""Share of the shorter sample that must stand in the longer one. Judged news: rewritten agency copy 0.5 to 0.8, two reporters'
texts on one event below 0.3."""

FEW: Final = 96
"""Up to so many sequences all are kept, so that a flash of two sentences can be compared."""
KEPT: Final = 4
"""Of more, those whose hash is divisible by this."""
_LEAST: Final = 8
"""A sample smaller than this says nothing."""
_SHORT: Final = 32
NEARLY_ALL: Final = 0.8
"""What must be shared when the shorter sample has fewer than `_SHORT` values: two flashes on one event share their phrases."""


def read_sample(sample: str) -> frozenset[int]:
    """Return the hashes of a sample. Raises `ValueError` when it is none."""
    packed = b64decode(sample, validate=True)
    if len(packed) % 4:
        message = "not a row of 32-bit numbers"
        raise ValueError(message)
    return frozenset(struct.unpack(f"<{len(packed) // 4}I", packed))


def are_copies(one: AbstractSet[int], other: AbstractSet[int]) -> bool:
    """Tell whether of two samples the shorter stands for the most part in the longer."""
    shared = len(one & other)
    if shared < COPY * _LEAST:
        return False
    if len(one) > FEW or len(other) > FEW:  # one of the two holds only a part: compare that part of both
        one, other = _thinned(one), _thinned(other)
        shared = len(one & other)
    size = min(len(one), len(other))
    return size >= _LEAST and shared >= (COPY if size >= _SHORT else NEARLY_ALL) * size


def _thinned(sample: AbstractSet[int]) -> AbstractSet[int]:
    return {value for value in sample if value % KEPT == 0} if len(sample) <= FEW else sample
