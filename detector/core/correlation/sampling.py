"""Takes the sample of a text that `copies` compares: hashes of its word sequences, of many a fixed quarter."""

from base64 import b64encode
from typing import Final
from zlib import crc32

import numpy as np

from detector.core.correlation.copies import FEW, KEPT

HEAD_WORDS: Final = 400
SEQUENCE: Final = 4

_BLANKS: Final = bytes(code if code >= 128 or chr(code).isalnum() else 32 for code in range(256))  # noqa: PLR2004 - ASCII
_LONGEST: Final = 8
"""Characters that a word takes on average at most, blanks among them: no more of an endless text is looked at."""
_FACTORS: Final = (1, 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D)
"""Odd numbers of 32 bits (those of xxHash), by which words at different places of a sequence count differently."""


def sample_text(text: str) -> str:
    """Return the sample of a text, ready for the wire: base64 of sorted little-endian 32-bit hashes."""
    head = text[: HEAD_WORDS * _LONGEST].lower().encode("utf-8", "surrogatepass")
    words = np.array([crc32(word) for word in head.translate(_BLANKS).split()[:HEAD_WORDS]], dtype=np.uint32)
    count = max(0, len(words) - SEQUENCE + 1)
    hashes = np.zeros(count, dtype=np.uint32)
    for place, factor in enumerate(_FACTORS):
        hashes += words[place : place + count] * np.uint32(factor)
    hashes = np.unique(hashes ^ (hashes >> np.uint32(15)))
    if len(hashes) > FEW:
        hashes = hashes[hashes % KEPT == 0]
    return b64encode(hashes.astype("<u4").tobytes()).decode("ascii")
