"""Tells copies of one text: wire copy in other outlets, edits, cut-down versions.

The head of a text is cut into sequences of four words, each is hashed, and of many a fixed quarter is kept (those
whose hash is divisible by four), the same quarter in every text. So two samples tell what share of the shorter text
stands in the longer one, which MinHash does not: it estimates the share of both together, which is small when an
outlet ran only the first paragraphs.
"""

import re
import struct
from base64 import b64decode, b64encode
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import Final
from zlib import crc32

COPY: Final = 0.5
"""Share of the shorter sample that must stand in the longer one. Judged news: rewritten agency copy 0.5 to 0.8, two reporters'
texts on one event below 0.3."""

HEAD_WORDS: Final = 400
_SEQUENCE: Final = 4
_FEW: Final = 96
"""Up to so many sequences all are kept, so that a flash of two sentences can be compared."""
_KEPT: Final = 4
_LEAST: Final = 8
"""A sample smaller than this says nothing."""
_SHORT: Final = 32
NEARLY_ALL: Final = 0.8
"""What must be shared when the shorter sample has fewer than `_SHORT` values: two flashes on one event share their phrases."""

_WORD: Final = re.compile(r"\w+")


def sample_text(text: str) -> str:
    """Return the sample of a text, ready for the wire: base64 of sorted little-endian 32-bit hashes."""
    words = _WORD.findall(text[: HEAD_WORDS * 12].lower())[:HEAD_WORDS]
    hashes = {crc32(" ".join(words[at : at + _SEQUENCE]).encode()) for at in range(len(words) - _SEQUENCE + 1)}
    if len(hashes) > _FEW:
        hashes = {value for value in hashes if value % _KEPT == 0}
    return b64encode(struct.pack(f"<{len(hashes)}I", *sorted(hashes))).decode("ascii")


def read_sample(sample: str) -> tuple[int, ...]:
    """Return the hashes of a sample. Raises `ValueError` when it is none."""
    packed = b64decode(sample, validate=True)
    if len(packed) % 4:
        message = "not a row of 32-bit numbers"
        raise ValueError(message)
    return struct.unpack(f"<{len(packed) // 4}I", packed)


def are_copies(one: Sequence[int], other: Sequence[int]) -> bool:
    """Tell whether of two samples the shorter stands for the most part in the longer."""
    return bool(copy_pairs([one, other]))


def copy_pairs(samples: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """Return the pairs (numbers, ascending) of samples that are copies of each other."""
    holders: dict[int, list[int]] = defaultdict(list)
    for number, sample in enumerate(samples):
        for value in sample:
            holders[value].append(number)
    shared: Counter[tuple[int, int]] = Counter()
    for numbers in holders.values():
        if len(numbers) > 1:
            shared.update(combinations(numbers, 2))
    thinned = [sum(value % _KEPT == 0 for value in sample) for sample in samples]
    found = []
    for (one, other), count in sorted(shared.items()):
        whole = len(samples[one]) <= _FEW and len(samples[other]) <= _FEW
        sizes = (len(samples[one]), len(samples[other])) if whole else (thinned[one], thinned[other])
        least = COPY if min(sizes) >= _SHORT else NEARLY_ALL
        if min(sizes) >= _LEAST and count >= least * min(sizes):
            found.append((one, other))
    return found
