"""Tells copies of one text: wire copy in other outlets, edits, cut-down versions.

The head of a text is cut into sequences of four words, each is hashed, and of many a fixed quarter is kept (those whose
hash is divisible by four), the same quarter in every text. So two samples tell what share of the shorter text stands in
the longer one, which MinHash does not: it estimates the share of both together, which is small when an outlet ran only the
first paragraphs.
"""

import struct
from base64 import b64decode
from collections.abc import Sequence
from typing import Any, Final

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
    first, second = _hashes(one), _hashes(other)
    kept, also_kept = _kept(first), _kept(second)
    shared, shared_kept = len(first & second), len(kept & also_kept)
    return bool(_enough(shared, shared_kept, (len(first), len(kept)), (len(second), len(also_kept))))


def copies_among(samples: Sequence[bytes]) -> NDArray[np.bool_]:
    """Tell of every two samples whether they are copies: a symmetric matrix, one row a sample; its diagonal says nothing."""
    lengths = [len(sample) // _BYTES for sample in samples]
    hashes = np.frombuffer(b"".join(samples), "<u4").astype(np.uint64)
    held = np.unique(np.repeat(np.arange(len(samples), dtype=np.uint64), lengths) << np.uint64(32) | hashes)
    owner, values = (held >> np.uint64(32)).astype(np.intp), held.astype(np.uint32)
    size = np.bincount(owner, minlength=len(samples))
    kept = (values % KEPT == 0) | (size > FEW)[owner]
    size_kept = np.bincount(owner[kept], minlength=len(samples))
    shared, shared_kept = _shared(owner, values, len(samples)), _shared(owner[kept], values[kept], len(samples))
    copies: NDArray[np.bool_] = _enough(
        shared, shared_kept, (size[:, None], size_kept[:, None]), (size[None, :], size_kept[None, :])
    )
    return copies


def _enough(shared: Any, shared_kept: Any, one: tuple[Any, Any], other: tuple[Any, Any]) -> Any:  # noqa: ANN401 numbers or arrays
    """The rule for copies: `one` and `other` are the sizes of a sample and of its part that is kept of long texts.

    Where one of two holds only that part, that part of both is compared.
    """
    partly = (one[0] > FEW) | (other[0] > FEW)
    least = np.where(partly, np.minimum(one[1], other[1]), np.minimum(one[0], other[0]))
    share = np.where(least >= _SHORT, COPY, NEARLY_ALL)
    enough = np.where(partly, shared_kept, shared) >= share * least
    return enough & (least >= _LEAST) & (shared >= COPY * _LEAST)


def _hashes(sample: bytes) -> frozenset[int]:
    return frozenset(struct.unpack(f"<{len(sample) // _BYTES}I", sample))


def _kept(sample: frozenset[int]) -> frozenset[int]:
    return sample if len(sample) > FEW else frozenset(value for value in sample if value % KEPT == 0)


def _shared(owner: NDArray[np.intp], values: NDArray[np.uint32], count: int) -> NDArray[np.float32]:
    """Return how many values every two owners share."""
    _, column, holders = np.unique(values, return_inverse=True, return_counts=True)
    common = holders > 1
    place = np.cumsum(common) - 1
    chosen = common[column]
    matrix = np.zeros((count, int(common.sum())), dtype=np.float32)
    matrix[owner[chosen], place[column[chosen]]] = 1
    return matrix @ matrix.T
