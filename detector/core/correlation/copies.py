"""Tells copies of one text: wire copy in other outlets, edits, cut-down versions.

The head of a text is cut into sequences of four words, each is hashed, and of many a fixed quarter is kept (those whose
hash is divisible by four), the same quarter in every text. So two samples tell what share of the shorter text stands in
the longer one, which MinHash does not: it estimates the share of both together, which is small when an outlet ran only the
first paragraphs.
"""

from base64 import b64decode
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_BYTES: Final = 4
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


def read_sample(sample: str) -> bytes:
    """Return the hashes of a sample, packed as on the wire. Raises `ValueError` when it is none."""
    packed = b64decode(sample, validate=True)
    if len(packed) % _BYTES:
        message = "not a row of 32-bit numbers"
        raise ValueError(message)
    return packed


def are_copies(one: bytes, other: bytes) -> bool:
    """Tell whether of two samples the shorter stands for the most part in the longer."""
    return bool(copies_among([one, other])[0, 1])


def copies_among(samples: Sequence[bytes]) -> NDArray[np.bool_]:
    """Tell of every two samples whether they are copies: a symmetric matrix, one row a sample."""
    sizes = [len(sample) // _BYTES for sample in samples]
    hashes = np.frombuffer(b"".join(samples), "<u4").astype(np.uint64)
    held = np.unique(np.repeat(np.arange(len(samples), dtype=np.uint64), sizes) << np.uint64(32) | hashes)
    owner, values = (held >> np.uint64(32)).astype(np.intp), held.astype(np.uint32)
    size = np.bincount(owner, minlength=len(samples))
    # Where one of two holds only a part of its hashes, that part of both is compared.
    kept = (values % KEPT == 0) | (size > FEW)[owner]
    shared = _shared(owner, values, len(samples))
    shared_kept = _shared(owner[kept], values[kept], len(samples))
    size_kept = np.bincount(owner[kept], minlength=len(samples))
    partly = np.maximum.outer(size, size) > FEW
    least = np.where(partly, np.minimum.outer(size_kept, size_kept), np.minimum.outer(size, size))
    enough = np.where(partly, shared_kept, shared) >= np.where(least >= _SHORT, COPY, NEARLY_ALL) * least
    copies: NDArray[np.bool_] = enough & (least >= _LEAST) & (shared >= COPY * _LEAST)
    return copies


def _shared(owner: NDArray[np.intp], values: NDArray[np.uint32], count: int) -> NDArray[np.float32]:
    """Return how many values every two owners share."""
    _, column, holders = np.unique(values, return_inverse=True, return_counts=True)
    common = holders > 1
    place = np.cumsum(common) - 1
    chosen = common[column]
    matrix = np.zeros((count, int(common.sum())), dtype=np.float32)
    matrix[owner[chosen], place[column[chosen]]] = 1
    return matrix @ matrix.T
