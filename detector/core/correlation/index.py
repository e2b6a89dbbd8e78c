"""Finds the detections that a new one is like, without looking at all: by key and day, with all of a day compared at once.

Memory: some 300 bytes a detection, beside the entries.
"""

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detector.core.correlation.rules import TypeRules
from detector.core.correlation.support import Support
from detector.core.correlation.terms import BUCKETS, MOST_TERMS
from detector.core.correlation.vector import Vector, all_rounded

_Day = tuple[str, int | None]
_MARGIN: Final = 1e-3
"""How far below the least likeness the first cut lies, so that no rounding leaves out what reaches it."""
_FEW: Final = 4
"""Rows that a block begins with."""


class Block:
    """The term vectors of one key and day, in rows."""

    __slots__ = ("articles", "buckets", "squares", "weights")

    def __init__(self) -> None:
        self.articles: list[str] = []
        self.buckets: NDArray[np.uint16] = np.zeros((_FEW, MOST_TERMS), dtype=np.uint16)
        self.weights: NDArray[np.uint16] = np.zeros((_FEW, MOST_TERMS), dtype=np.uint16)
        self.squares: NDArray[np.float64] = np.zeros(_FEW)

    def add(self, article: str, vector: Vector) -> None:
        """Append a row; its unused columns weigh nothing."""
        row = len(self.articles)
        if row == len(self.buckets):
            self.buckets = np.concatenate([self.buckets, np.zeros_like(self.buckets)])
            self.weights = np.concatenate([self.weights, np.zeros_like(self.weights)])
            self.squares = np.concatenate([self.squares, np.zeros_like(self.squares)])
        used = len(vector.buckets)
        self.buckets[row, :used] = vector.buckets
        self.weights[row, :used] = vector.weights
        self.weights[row, used:] = 0
        self.squares[row] = vector.square
        self.articles.append(article)

    def remove(self, article: str) -> None:
        """Take a row out; the last one takes its place."""
        row, last = self.articles.index(article), len(self.articles) - 1
        self.buckets[row], self.weights[row] = self.buckets[last], self.weights[last]
        self.squares[row] = self.squares[last]
        self.articles[row] = self.articles[last]
        self.articles.pop()

    def dots(self, dense: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the inner product of each row with a dense vector."""
        rows = len(self.articles)
        products: NDArray[np.int64] = (dense[self.buckets[:rows]] * self.weights[:rows]).sum(axis=1)
        return products


class Index:
    """The supports of all live events of a partition, ready to be compared with."""

    def __init__(self) -> None:
        self._blocks: dict[_Day, Block] = {}
        self._days: defaultdict[str, set[int]] = defaultdict(set)
        self._dense: NDArray[np.int64] = np.zeros(BUCKETS, dtype=np.int64)

    def add(self, key: str, article: str, day: int | None, vector: Vector) -> None:
        """Add a support, which must not be in it."""
        self._blocks.setdefault((key, day), Block()).add(article, vector)
        if day is not None:
            self._days[key].add(day)

    def remove(self, key: str, article: str, day: int | None) -> None:
        """Remove a support, which must be in it."""
        block = self._blocks[key, day]
        block.remove(article)
        if not block.articles:
            del self._blocks[key, day]
            if day is not None:
                self._days[key].discard(day)
                if not self._days[key]:
                    del self._days[key]

    def near(self, key: str, support: Support, rules: TypeRules, least: float) -> list[tuple[str, float]]:
        """Return the articles near in time whose terms alone are about as much alike as `least` or more, with their cosines."""
        vector = support.vector
        if not vector.square:
            return []
        places = np.array(vector.buckets, dtype=np.intp)
        self._dense[places] = vector.weights
        found: list[tuple[str, float]] = []
        bound = max(0.0, least - _MARGIN) * math.sqrt(vector.square)
        for block in self._near_blocks(key, support.day, rules):
            dots = block.dots(self._dense)
            close = np.flatnonzero(dots > bound * np.sqrt(block.squares[: len(dots)]))
            if not close.size:  # as in most blocks
                continue
            cosines = all_rounded(dots[close] / np.sqrt(block.squares[close] * vector.square))
            found += zip([block.articles[row] for row in close.tolist()], cosines.tolist(), strict=True)
        self._dense[places] = 0
        return found

    def _near_blocks(self, key: str, day: int | None, rules: TypeRules) -> Iterator[Block]:
        gap = rules.gap.days
        days: list[int | None] = [None]
        if day is None or len(self._days.get(key, ())) <= 2 * gap:
            days += sorted(other for other in self._days.get(key, ()) if day is None or abs(other - day) <= gap)
        else:
            days += list(range(day - gap, day + gap + 1))
        for chosen in days:
            if (block := self._blocks.get((key, chosen))) is not None:
                yield block
