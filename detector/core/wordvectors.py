"""Word vectors from the training texts themselves: words used alike get alike weights.

The sentence model is also given the mean vector of a sentence's words. Being linear, what it learns of that is a weight per
word, which is added to the word's own (`fold_back`): the finished model is no larger or slower, but a word that was rare in
training borrows from the common ones that stand in the same places.
Method: positive pointwise mutual information with smoothed contexts, then a truncated SVD (Levy, Goldberg and Dagan 2015).
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.utils.extmath import randomized_svd

from detector.core.vectors import Floats, Vocabulary

DIMENSIONS: Final = 60
REACH: Final = 4
"""Words to the right that count as context (symmetric)."""

MINIMUM_COUNT: Final = 5
SCALE: Final = 0.7
"""Length of the vectors against the words themselves; chosen by cross-validation."""

_CONTEXT_POWER: Final = 0.75


def word_vectors(sentences: Sequence[Sequence[str]], vocabulary: Vocabulary) -> Floats:
    """Return a vector per feature of the vocabulary, shape (features, DIMENSIONS); zero for all but frequent words.

    `sentences` are the normalised words of the training sentences. Deterministic (fixed seed).
    """
    stream: list[int] = []
    for words in sentences:
        stream.extend(vocabulary.columns(words))
        stream.extend([-1] * REACH)
    tokens = np.array(stream, dtype=np.int64)
    counts = np.bincount(tokens[tokens >= 0], minlength=len(vocabulary))
    frequent = np.flatnonzero(counts >= MINIMUM_COUNT)
    vectors = np.zeros((len(vocabulary), DIMENSIONS))
    if len(frequent) <= DIMENSIONS:
        return vectors
    rank = np.full(len(vocabulary) + 1, -1, dtype=np.int64)
    rank[frequent] = np.arange(len(frequent))
    together = _cooccurrence(rank[tokens], len(frequent))
    left, scale, _ = randomized_svd(_information(together), DIMENSIONS, random_state=0, n_iter=3)
    found = left * np.sqrt(scale)
    found /= np.linalg.norm(found, axis=1, keepdims=True) + 1e-9
    vectors[frequent] = SCALE * (found - found.mean(axis=0))
    return vectors


def fold_back(weights: Floats, vector_weights: Floats, vectors: Floats) -> Floats:
    """Return word weights that give the same scores as the words and their vectors together."""
    folded: Floats = weights + vectors @ vector_weights
    return folded


def _cooccurrence(tokens: Any, size: int) -> "csr_matrix[Any]":  # noqa: ANN401 - an integer array
    total = csr_matrix((size, size))
    for distance in range(1, REACH + 1):
        left, right = tokens[:-distance], tokens[distance:]
        both = (left >= 0) & (right >= 0)
        total = total + csr_matrix((np.ones(int(both.sum())), (left[both], right[both])), shape=(size, size))
    return csr_matrix(total + total.T)


def _information(together: "csr_matrix[Any]") -> "csr_matrix[Any]":
    totals = np.asarray(together.sum(axis=1)).ravel()
    contexts = totals**_CONTEXT_POWER
    contexts /= contexts.sum()
    pairs = together.tocoo()
    values = np.log(pairs.data / (totals[pairs.row] * contexts[pairs.col]))
    positive = values > 0
    return csr_matrix((values[positive], (pairs.row[positive], pairs.col[positive])), shape=together.shape)
