"""The cheap gate: tells where in an article the full features are worth computing.

Most news sentences hold nothing that could make the model fire. The gate is itself a linear model over hashed words and
pairs of words, learnt to foretell the full model's scores (`gatemodel`), and stored in the model file. It reads many
texts at once, in chunks between full stops and line ends, which costs a fraction of splitting and scoring their
sentences. Only sentences that touch a chunk of at least `Gate.threshold` are scored. Its recall is measured by
`detector evaluate --pool`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detector.core.records import Article
from detector.core.sentences import Span
from detector.core.vectors import Floats
from detector.core.wordhash import HashedTexts, chunk_sizes, fold, hash_texts

BLOCK_CHARS: Final = 200_000
"""Characters read at once; a longer article is read alone."""


@dataclass(frozen=True, slots=True)
class Passing:
    """What of an article passes the gate: its title, and chunks of its text in order."""

    title: bool
    chunks: tuple[Span, ...]


_NONE: Final = Passing(title=False, chunks=())


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Weights by slot, (SLOTS + 1, types), the last row zero; intercepts (types,); what a chunk's best score must reach.

    `article` is for the best chunk of an article, `sentence` for each chunk of such an article.
    """

    weights: NDArray[np.float32]
    intercepts: Floats
    article: float
    sentence: float

    def passing(self, articles: Sequence[Article]) -> list[Passing]:
        """Return what passes of each article, in order; an article's answer does not depend on the others."""
        found: list[Passing] = []
        for block in _blocks(articles):
            found += self._block(block)
        return found

    def scores(self, hashed: HashedTexts) -> Floats:
        """Return the best score over the types of each chunk."""
        if not len(hashed.first):
            return np.empty(0)
        terms = self.weights.take(hashed.words, axis=0)
        # The last row is that of slot -1: a word that opens a chunk has no pair, and the row is zero.
        terms += self.weights.take(hashed.pairs, axis=0)
        sums = np.add.reduceat(terms, hashed.first, axis=0)
        scores: Floats = (sums / np.sqrt(chunk_sizes(hashed))[:, None] + self.intercepts).max(axis=1)
        return scores

    def _block(self, articles: Sequence[Article]) -> list[Passing]:
        hashed = hash_texts([fold(part) for article in articles for part in (article.title or "", article.text)])
        scores = self.scores(hashed)
        owners = hashed.texts // 2
        best = np.full(len(articles), -np.inf)
        np.maximum.at(best, owners, scores)
        keep = (scores >= self.sentence) & (best >= self.article)[owners]
        titles: set[int] = set()
        chunks: dict[int, list[Span]] = {}
        texts, starts, ends = (array[keep].tolist() for array in (hashed.texts, hashed.starts, hashed.ends))
        for text, start, end in zip(texts, starts, ends, strict=True):
            if text % 2:
                chunks.setdefault(text // 2, []).append(Span(start, end))
            else:
                titles.add(text // 2)
        return [
            Passing(title=number in titles, chunks=tuple(chunks.get(number, ())))
            if number in titles or number in chunks
            else _NONE
            for number in range(len(articles))
        ]


def _blocks(articles: Sequence[Article]) -> Iterator[Sequence[Article]]:
    """Cut a batch where its texts together would pass `BLOCK_CHARS`."""
    start = size = 0
    for place, article in enumerate(articles):
        chars = len(article.text) + len(article.title or "")
        if size and size + chars > BLOCK_CHARS:
            yield articles[start:place]
            start, size = place, 0
        size += chars
    if start < len(articles):
        yield articles[start:]
