"""Turns feature names into the sparse rows that the linear model multiplies."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from detector.core.features import BLOCK_LENGTHS, Row

Floats: TypeAlias = NDArray[np.float64]

MINIMUM_ARTICLES: Final = (2, 3, 3, 3, 3)
"""Articles that a feature of each block must stand in. One seen in a single article could carry over a piece of it; pairs and
relations seen twice only cost room: leaving them out changed no figure."""


class Vocabulary:
    """The features that the model knows, in column order."""

    def __init__(self, features: Sequence[str]) -> None:
        self.features = tuple(features)
        self._index: Mapping[str, int] = {name: column for column, name in enumerate(self.features)}

    def __len__(self) -> int:
        return len(self.features)

    def columns(self, names: Iterable[str]) -> list[int]:
        """Return the columns of the known ones among some feature names."""
        index = self._index
        return [index[name] for name in names if name in index]

    def rows(self, rows: Sequence[Row]) -> "csr_matrix[Any]":
        """Return one CSR row per input row, shape (len(rows), features), float64.

        Each block has equal values and the length of `BLOCK_LENGTHS`, over the known features only. A row depends on nothing
        but its own names, so batches of any size give the same values.
        """
        get = self._index.get
        columns: list[int] = []
        sizes: list[int] = []
        for row in rows:
            for block in row:
                known: dict[Any, None] = dict.fromkeys(map(get, block))
                known.pop(None, None)
                columns.extend(known)
                sizes.append(len(known))
        counts = np.array(sizes, dtype=np.int64)
        scales = np.tile(BLOCK_LENGTHS, len(rows)) / np.sqrt(np.maximum(counts, 1))
        ends = np.concatenate([[0], np.cumsum(counts)[len(BLOCK_LENGTHS) - 1 :: len(BLOCK_LENGTHS)]])
        shape = (len(rows), len(self.features))
        return csr_matrix(
            (np.repeat(scales, counts), np.array(columns, dtype=np.int32), ends.astype(np.int32)), shape=shape
        )


def build_vocabulary(articles: Iterable[Sequence[Row]]) -> Vocabulary:
    """Return the vocabulary of the features seen in enough articles (`MINIMUM_ARTICLES`), sorted by name.

    `articles` holds the rows of each article.
    """
    kept: set[str] = set()
    frequencies: list[Counter[str]] = [Counter() for _ in MINIMUM_ARTICLES]
    for rows in articles:
        for block, frequency in enumerate(frequencies):
            frequency.update(set(chain.from_iterable(row[block] for row in rows)))
    for frequency, minimum in zip(frequencies, MINIMUM_ARTICLES, strict=True):
        kept.update(name for name, count in frequency.items() if count >= minimum)
    return Vocabulary(sorted(kept))
