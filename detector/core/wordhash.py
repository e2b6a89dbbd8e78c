"""Hashes the words, and pairs of words, of many texts at once: a few passes over an array instead of a loop over words.

Letters are compared in lower case, figures only by their number of digits, every other character is a blank; full
stops, exclamation marks and line ends cut a text into chunks. A word's hash is a polynomial of its bytes modulo 2**64,
read off running sums (Karp and Rabin 1987); a slot is its upper bits. Different words may share a slot, as in any
feature hashing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detector.core.vectors import Floats

SLOT_BITS: Final = 18
SLOTS: Final = 1 << SLOT_BITS

_FACTOR: Final = 0x9E3779B97F4A7C15
_MIX: Final = np.uint64(0xFF51AFD7ED558CCD)
_PAIR: Final = np.uint64(0xC2B2AE3D27D4EB4F)
_SHIFT: Final = np.uint64(29)
_TOP: Final = np.uint64(64 - SLOT_BITS)
_STOP: Final = ord(".")
_USUAL_BYTES: Final = 1 << 18


def _folded(code: int) -> int:
    if 65 <= code <= 90:  # noqa: PLR2004 - A-Z
        return code + 32
    if 97 <= code <= 122:  # noqa: PLR2004 - a-z
        return code
    if 48 <= code <= 57:  # noqa: PLR2004 - figures become zeros: only their size tells
        return 48
    # A question mark is also what stands for each character beyond Latin-1, curly quotes above all: no end of a sentence.
    return _STOP if code in b".!\n\r" else 32


_FOLD: Final = bytes(map(_folded, range(256)))
_VALUES: Final = np.array(
    [(code * 0xD6E8FEB86659FD93 + 0x2545F4914F6CDD1D) % 2**64 if code > _STOP else 0 for code in range(256)],
    dtype=np.uint64,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HashedTexts:
    """The chunks of several texts in order, and the slots of their words.

    Chunk `n` has the words `first[n]` to `first[n + 1]`, and lies in text `texts[n]` at `starts[n]` to `ends[n]`.
    `words` holds a slot per word, `pairs` a slot per word and the one before it in the chunk; a chunk's first word has
    no pair: -1.
    """

    texts: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    first: NDArray[np.int64]
    words: NDArray[np.int64]
    pairs: NDArray[np.int64]


def fold(text: str) -> bytes:
    """Return a text with one byte per character, so that offsets hold: letters, zeros, blanks and full stops only."""
    return text.encode("latin-1", "replace").translate(_FOLD)


def hash_texts(texts: Sequence[bytes]) -> HashedTexts:
    """Return the hashed chunks of folded texts; memory is about 60 bytes per byte of text."""
    joined = np.frombuffer(b".".join(texts) + b".", dtype=np.uint8)
    starts, ends = _word_bounds(joined)
    powers, inverses = _powers(len(joined))
    values = _VALUES[joined]
    values *= powers[: len(joined)]
    np.cumsum(values, out=values)
    before = values[starts - 1]
    # A word at the very beginning has nothing before it; index -1 is the end, whose byte is a full stop of value 0.
    before[starts == 0] = 0
    hashes = _mixed((values[ends - 1] - before) * inverses[starts])
    chunk_of = np.cumsum(joined == _STOP)[starts]
    opens = np.flatnonzero(np.diff(chunk_of, prepend=-1))
    pairs = np.empty(len(hashes), dtype=np.int64)
    pairs[1:] = _slots(_mixed(hashes[:-1] * _PAIR + hashes[1:]))
    pairs[opens] = -1
    closes = np.append(opens, len(hashes))[1:] - 1
    offsets = np.array([0, *accumulate(len(text) + 1 for text in texts)])
    owners = np.searchsorted(offsets, starts[opens], side="right") - 1
    return HashedTexts(
        texts=owners,
        starts=starts[opens] - offsets[owners],
        ends=ends[closes] - offsets[owners],
        first=opens,
        words=_slots(hashes),
        pairs=pairs,
    )


def chunk_sizes(hashed: HashedTexts) -> Floats:
    """Return the number of words and pairs in each chunk."""
    sizes = np.diff(np.append(hashed.first, len(hashed.words)))
    return (2 * sizes - 1).astype(np.float64)


def _word_bounds(joined: NDArray[np.uint8]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    inside = joined > _STOP
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    if inside[0]:
        edges = np.insert(edges, 0, 0)
    return edges[::2], edges[1::2]


def _mixed(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    hashes ^= hashes >> _SHIFT
    hashes *= _MIX
    return hashes


def _slots(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    return (hashes >> _TOP).astype(np.int64)


def _powers(size: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    return _usual_powers() if size <= _USUAL_BYTES else _power_tables(size)


@lru_cache(maxsize=1)
def _usual_powers() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    return _power_tables(_USUAL_BYTES)


def _power_tables(size: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """The powers of the factor and of its inverse modulo 2**64."""
    inverse = pow(_FACTOR, -1, 2**64)
    tables = [np.multiply.accumulate(np.full(size, base, dtype=np.uint64)) for base in (_FACTOR, inverse)]
    return tables[0], tables[1]
