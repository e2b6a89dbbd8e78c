"""Weighted terms as hashed whole numbers: similarity is exact, the same on every machine and in any order of summing."""

import math
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detector.core.correlation.terms import bucket
from detector.core.records import Term

_SCALE: Final = 10_000.0
"""Four decimals count."""


@dataclass(frozen=True, slots=True)
class Vector:
    """Buckets of the terms, the weight of each (packed, as all that live are held), and the square of its length."""

    buckets: "array[int]" = field(hash=False)
    weights: "array[int]" = field(hash=False)
    square: int

    @classmethod
    def of(cls, terms: Sequence[Term]) -> "Vector":
        """Return the vector of terms; terms that share a bucket are added up."""
        summed: dict[int, int] = {}
        for term in terms:
            place = bucket(term.term)
            summed[place] = summed.get(place, 0) + term.weight
        return cls.packed(summed, summed.values())

    @classmethod
    def packed(cls, buckets: Iterable[int], weights: Iterable[int]) -> "Vector":
        """Return the vector of these buckets and weights. Raises `OverflowError` for one above 65,535."""
        kept = array("H", weights)
        return cls(array("H", buckets), kept, sum(weight * weight for weight in kept))

    def dot(self, other: "Vector") -> int:
        """Return the inner product with another vector."""
        mine = dict(zip(self.buckets, self.weights, strict=True))
        pairs = zip(other.buckets, other.weights, strict=True)
        return sum(mine[place] * weight for place, weight in pairs if place in mine)


def cosine(dot: int, one: int, other: int) -> float:
    """Return the cosine of two vectors from their inner product and the squares of their lengths; 0 when one is empty."""
    return rounded(dot / math.sqrt(one * other)) if one and other else 0.0


def rounded(share: float) -> float:
    """Return a share to the decimals that count, by the very operations that `all_rounded` does."""
    return round(share * _SCALE) / _SCALE


def all_rounded(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return shares to the decimals that count."""
    return np.rint(shares * _SCALE) / _SCALE
