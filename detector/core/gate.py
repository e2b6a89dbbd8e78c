"""The cheap gate: tells where in an article the full features are worth computing.

Most news sentences hold nothing that could make the model fire. The gate is itself a small linear model over plain ASCII words,
learnt to foretell the full model's scores (`fit_gate`), and stored in the model file. It reads a text in chunks between full
stops and line ends, which costs a fraction of splitting and scoring its sentences. An article whose best chunk stays below
`Gate.article` is no event; in the others only sentences that touch a chunk of at least `Gate.sentence` are scored. Its
recall is measured by `detector evaluate --pool`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from detector.core.sentences import Span
from detector.core.vectors import Floats

MINIMUM_SENTENCES: Final = 5
"""Sentences that a gate word must stand in."""

SENTENCE_MISSES: Final = 0.006
ARTICLE_MISSES: Final = 0.03
"""Shares of held-out firing sentences, and of articles with one, that the two thresholds may lose in training."""

WORDS: Final = 1200
"""Gate words kept: those with the largest weight times root frequency; fewer make the gate faster."""

_NOTHING: Final = -1e9
_SHORTEST: Final = 4
_RIDGE: Final = 30.0
_CLIP: Final = (-4.0, 3.0)
_STOP: Final = ord(".")


def _folded(code: int) -> int:
    if 65 <= code <= 90:  # noqa: PLR2004 - A-Z
        return code + 32
    if 97 <= code <= 122:  # noqa: PLR2004 - a-z
        return code
    if 48 <= code <= 57:  # noqa: PLR2004 - figures become zeros: only their size tells
        return 48
    return _STOP if code in b".!?\n\r" else 32


_FOLD: Final = bytes(map(_folded, range(256)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Word weights, and the two thresholds on the sum of the words' weights in a chunk."""

    weights: Mapping[bytes, float]
    sentence: float
    article: float
    _words: frozenset[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Keep the words as a set: intersecting with it is the fastest look-up there is."""
        object.__setattr__(self, "_words", frozenset(self.weights))

    def hits(self, text: str, title: str) -> tuple[bool, list[Span]]:
        """Return whether the title passes, and the passing chunks of the text; nothing when the article does not pass."""
        best = self.best_chunk(title)
        in_title = best >= self.sentence
        weight_of, threshold = self.weights.__getitem__, self.sentence
        known = self._words
        spans: list[Span] = []
        position = 0
        for chunk in fold(text).split(b"."):
            if len(chunk) >= _SHORTEST and (found := known.intersection(chunk.split())):
                score = sum(map(weight_of, found))
                if score >= threshold:
                    spans.append(Span(position, position + len(chunk)))
                    best = max(best, score)
            position += len(chunk) + 1
        return (in_title, spans) if best >= self.article else (False, [])

    def best_chunk(self, sentence: str) -> float:
        """Return the best chunk score within a sentence."""
        weights = self.weights
        return max(
            sum([weights[word] for word in set(chunk.split()) if word in weights])
            for chunk in fold(sentence).split(b".")
        )


def fold(text: str) -> bytes:
    """Return ASCII letters in lower case, zeros for figures, full stops for sentence and line ends, blanks for the rest.

    Exactly one byte per character of the text, so that offsets hold; ten times as fast as a regular expression.
    """
    return text.encode("latin-1", "replace").translate(_FOLD)


def fit_gate(sentences: Sequence[str], scores: Floats, owners: NDArray[np.int64], fired: NDArray[np.bool_]) -> Gate:
    """Return the gate for a model.

    `scores` (sentences,) are the full model's best scores, which the gate's ridge regression foretells; `owners` tells the
    article of each sentence; `fired` marks those on which a model that had not seen them fires: they set the thresholds.
    """
    words = [sorted(set(fold(sentence).replace(b".", b" ").split())) for sentence in sentences]
    frequency: dict[bytes, int] = {}
    for found in words:
        for word in found:
            frequency[word] = frequency.get(word, 0) + 1
    target = np.clip(scores, *_CLIP)
    kept = sorted(word for word, count in frequency.items() if count >= MINIMUM_SENTENCES)
    telling = {
        word: abs(weight) * frequency[word] ** 0.5
        for word, weight in zip(kept, _ridge(words, kept, target), strict=True)
    }
    kept = sorted(sorted(kept, key=lambda word: (-telling[word], word))[:WORDS])
    weights = {word: round(float(weight), 4) for word, weight in zip(kept, _ridge(words, kept, target), strict=True)}
    gate = Gate(weights=weights, sentence=_NOTHING, article=_NOTHING)
    best: dict[int, float] = {}
    reached: list[float] = []
    for number in np.flatnonzero(fired).tolist():
        value = gate.best_chunk(sentences[number])
        reached.append(value)
        best[int(owners[number])] = max(best.get(int(owners[number]), _NOTHING), value)
    if not reached:
        return gate
    return Gate(
        weights=weights,
        sentence=round(float(np.quantile(reached, SENTENCE_MISSES)), 4),
        article=round(float(np.quantile(list(best.values()), ARTICLE_MISSES)), 4),
    )


def _ridge(words: Sequence[Sequence[bytes]], kept: Sequence[bytes], target: Floats) -> Floats:
    """Weights of a ridge regression of the target on the presence of words, without those of the intercept."""
    from sklearn.linear_model import Ridge  # noqa: PLC0415 - only training needs scikit-learn, which is slow to import

    column = {word: place for place, word in enumerate(kept)}
    indices = [column[word] for found in words for word in found if word in column]
    sizes = [sum(word in column for word in found) for found in words]
    matrix: csr_matrix[Any] = csr_matrix(
        (np.ones(len(indices)), indices, np.concatenate([[0], np.cumsum(sizes)])), shape=(len(words), len(kept))
    )
    weights: Floats = Ridge(alpha=_RIDGE, solver="sparse_cg", random_state=0).fit(matrix, target).coef_
    return weights
