"""Learns the gate: which words and pairs of words foretell that the full model fires."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, diags

from detector.core.gate import Gate
from detector.core.vectors import Floats
from detector.core.wordhash import SLOTS, chunk_sizes, fold, hash_texts

MINIMUM_SENTENCES: Final = 3
"""Sentences that a slot's words must stand in."""

ARTICLE_MISSES: Final = 0.02
SENTENCE_MISSES: Final = 0.0075
"""Shares of firing sentences that stay below each threshold, by gates fitted on half of the articles. The gate that ships has
learnt from all and misses a tenth of that or less on news that it has not seen either (see the model card)."""

_RIDGE: Final = 1.0
_CLIP: Final = (-8.0, 4.0)
_NEAR: Final = -1.5
_NEAR_WEIGHT: Final = 5.0
"""Sentences with a score above `_NEAR` count more: it is they that the gate must place well."""

_TOLERANCE: Final = 3e-3
_BLOCK: Final = 4_000


def fit_gate(sentences: Sequence[str], scores: Floats, owners: NDArray[np.int64], fired: NDArray[np.bool_]) -> Gate:
    """Return the gate for a model.

    `scores` (sentences, types) are the full model's scores, which ridge regressions foretell; `owners` tells the
    article of each sentence; `fired` marks those on which a model that had not seen them fires. The threshold is set on
    these, by gates fitted on the other half of the articles each.
    """
    matrix = _matrix(sentences)
    frequency = np.asarray((matrix > 0).sum(axis=0)).ravel()
    kept = np.flatnonzero(frequency >= MINIMUM_SENTENCES)
    matrix = matrix[:, kept]
    target = np.clip(scores, *_CLIP)
    reached = np.full(len(sentences), np.inf)
    for half in (0, 1):
        outside = owners % 2 == half
        if outside.any() and not outside.all():
            weights, intercepts = _ridge(matrix[~outside], target[~outside])
            reached[outside] = (matrix[outside] @ weights + intercepts).max(axis=1)
    weights, intercepts = _ridge(matrix, target)
    table = np.zeros((SLOTS + 1, scores.shape[1]), dtype=np.float32)
    # Half precision is what the file keeps, so that a gate is the same before and after storing.
    table[kept] = weights.astype(np.float16)
    article, sentence = (
        np.quantile(reached[fired], (ARTICLE_MISSES, SENTENCE_MISSES)).tolist() if fired.any() else (-np.inf, -np.inf)
    )
    return Gate(weights=table, intercepts=intercepts, article=round(article, 4), sentence=round(sentence, 4))


def _matrix(sentences: Sequence[str]) -> "csr_matrix[Any]":
    """Hashed words and pairs, a row per sentence, scaled as the gate scales a chunk."""
    rows: list[NDArray[np.int64]] = []
    columns: list[NDArray[np.int64]] = []
    sizes = np.ones(len(sentences))
    for start in range(0, len(sentences), _BLOCK):
        # Inner full stops become blanks: here a sentence is one chunk.
        folded = [fold(sentence).replace(b".", b" ") for sentence in sentences[start : start + _BLOCK]]
        hashed = hash_texts(folded)
        chunks = np.repeat(hashed.texts, np.diff(np.append(hashed.first, len(hashed.words))))
        paired = hashed.pairs >= 0
        rows += [chunks + start, chunks[paired] + start]
        columns += [hashed.words, hashed.pairs[paired]]
        sizes[hashed.texts + start] = chunk_sizes(hashed)
    row, column = np.concatenate(rows), np.concatenate(columns)
    counts: csr_matrix[Any] = csr_matrix((np.ones(len(row)), (row, column)), shape=(len(sentences), SLOTS))
    return csr_matrix(diags(1 / np.sqrt(sizes)) @ counts)


def _ridge(matrix: "csr_matrix[Any]", target: Floats) -> tuple[Floats, Floats]:
    from sklearn.linear_model import Ridge  # noqa: PLC0415 - only training needs scikit-learn, which is slow to import

    near = np.where(target.max(axis=1) > _NEAR, _NEAR_WEIGHT, 1.0)
    models = [
        Ridge(alpha=_RIDGE, solver="sparse_cg", random_state=0, tol=_TOLERANCE).fit(matrix, column, sample_weight=near)
        for column in target.T
    ]
    return np.stack([model.coef_ for model in models], axis=1), np.array([model.intercept_ for model in models])
