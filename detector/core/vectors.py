"""Turns feature names into the sparse rows that the linear model multiplies."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from detector.core.features import BLOCK_LENGTHS, block_of

Floats: TypeAlias = NDArray[np.float64]
Block: TypeAlias = Sequence[str]
"""Distinct feature names of one block of one row."""

Row: TypeAlias = Sequence[Block]

_MIN_NORM: Final = 1e-12


class Vocabulary:
    """The features that the model knows, with their weights of rarity (idf)."""

    def __init__(self, features: Sequence[str], idf: NDArray[np.float32]) -> None:
        """Take the feature names in column order and the idf of each (same length)."""
        self.features = tuple(features)
        self.idf = idf
        self._index: Mapping[str, int] = {name: column for column, name in enumerate(self.features)}
        self._lengths = {block_of(name): BLOCK_LENGTHS[block_of(name)] for name in ("", *BLOCK_LENGTHS)}

    def rows(self, rows: Sequence[Row]) -> "csr_matrix[Any]":
        """Return one CSR row per input row, shape (len(rows), features), float64.

        Each block is scaled to its length of `BLOCK_LENGTHS`, over the known features only. A row depends on nothing but
        its own names, so batches of any size give the same values.
        """
        index = self._index
        columns: list[int] = []
        block_sizes: list[int] = []
        block_lengths: list[float] = []
        row_ends: list[int] = [0]
        for row in rows:
            for block in row:
                if not block:
                    continue
                before = len(columns)
                columns.extend(column for name in block if (column := index.get(name)) is not None)
                block_sizes.append(len(columns) - before)
                block_lengths.append(BLOCK_LENGTHS[block_of(block[0])])
            row_ends.append(len(columns))
        indices = np.array(columns, dtype=np.int32)
        values = self.idf[indices].astype(np.float64)
        block_ids = np.repeat(np.arange(len(block_sizes)), block_sizes)
        norms = np.sqrt(np.bincount(block_ids, weights=values * values, minlength=len(block_sizes)))
        scales = np.array(block_lengths) / np.maximum(norms, _MIN_NORM)
        shape = (len(rows), len(self.features))
        return csr_matrix((values * scales[block_ids], indices, np.array(row_ends, dtype=np.int32)), shape=shape)


def build_vocabulary(articles: Iterable[Iterable[Row]], *, minimum_articles: Mapping[str, int]) -> Vocabulary:
    """Return the vocabulary of the features seen in enough articles, sorted by name.

    `articles` holds the rows of each article; `minimum_articles` the least document frequency per block, at least 2
    (a feature seen in one article only could carry over a piece of that article). idf is ln(1 + articles / df).
    """
    frequency: Counter[str] = Counter()
    total = 0
    for rows in articles:
        total += 1
        frequency.update(set(chain.from_iterable(chain.from_iterable(rows))))
    kept = sorted(name for name, count in frequency.items() if count >= max(2, minimum_articles[block_of(name)]))
    counts = np.array([frequency[name] for name in kept], dtype=np.float64)
    return Vocabulary(kept, np.log1p(total / np.maximum(counts, 1.0)).astype(np.float32))
