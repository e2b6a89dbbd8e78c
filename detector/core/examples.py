"""Turns labelled articles into training examples: every sentence with what is known of it for each type."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detector.core.document import Candidate, all_sentences, candidate_text, starts_in_text
from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.features import Row, sentence_features
from detector.core.labelled import LabelledArticle
from detector.core.tokens import words

OVERLAP: Final = 0.5
"""A sentence shows a type when an evidence span covers this share of it, or it covers this share of the span."""

POSITIVE: Final = 1
NEGATIVE: Final = 0
UNKNOWN: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """The sentences of many articles; the rows of an article stand together, in its order.

    `marks` has shape (sentences, types): `POSITIVE`, `NEGATIVE`, or `UNKNOWN` for sentences outside the evidence of an
    article that carries the type. `owners` (sentences,) is the number of each sentence's article, `titles` tells which
    are titles, `starts` where they begin in the text. `present` and `clear` (articles, types) tell what an article
    carries and what its coder was sure of.
    """

    articles: tuple[LabelledArticle, ...]
    sentences: tuple[str, ...]
    words: tuple[tuple[str, ...], ...]
    rows: tuple[Row, ...]
    marks: NDArray[np.int8]
    owners: NDArray[np.int64]
    titles: NDArray[np.bool_]
    starts: NDArray[np.int64]
    present: NDArray[np.bool_]
    clear: NDArray[np.bool_]

    def bounds(self) -> NDArray[np.int64]:
        """Return where the sentences of each article begin, and the end of the last, shape (articles + 1,)."""
        return np.searchsorted(self.owners, np.arange(len(self.articles) + 1))


def build_examples(articles: Sequence[LabelledArticle]) -> Examples:
    """Return the examples of labelled articles, without a gate: the model must learn what the gate then skips."""
    sentences: list[str] = []
    marks: list[list[int]] = []
    owners: list[int] = []
    titles: list[bool] = []
    starts: list[int] = []
    for number, labelled in enumerate(articles):
        found = all_sentences(labelled.article)
        starts += starts_in_text(found)
        for candidate in found:
            sentences.append(candidate_text(labelled.article, candidate))
            marks.append([_mark(labelled, kind, candidate) for kind in EVENT_TYPES])
            owners.append(number)
            titles.append(candidate.field == "title")
    normalised = tuple(tuple(words(sentence)) for sentence in sentences)
    return Examples(
        articles=tuple(articles),
        sentences=tuple(sentences),
        words=normalised,
        rows=tuple(map(sentence_features, normalised)),
        marks=np.array(marks, dtype=np.int8).reshape(-1, len(EVENT_TYPES)),
        owners=np.array(owners, dtype=np.int64),
        titles=np.array(titles, dtype=np.bool_),
        starts=np.array(starts, dtype=np.int64),
        present=np.array([[kind in labelled.labels for kind in EVENT_TYPES] for labelled in articles]),
        clear=np.array([[kind not in labelled.ambiguous for kind in EVENT_TYPES] for labelled in articles]),
    )


def rows_by_article(examples: Examples) -> list[list[Row]]:
    """Return the feature rows grouped by article."""
    grouped: list[list[Row]] = [[] for _ in examples.articles]
    for row, owner in zip(examples.rows, examples.owners, strict=True):
        grouped[owner].append(row)
    return grouped


def _mark(labelled: LabelledArticle, kind: EventType, candidate: Candidate) -> int:
    if kind not in labelled.labels:
        return NEGATIVE
    start, end = candidate.span
    for span in labelled.labels[kind].evidence:
        shared = min(end, span.end) - max(start, span.start)
        if span.field == candidate.field and shared >= OVERLAP * min(end - start, span.end - span.start):
            return POSITIVE
    return UNKNOWN
