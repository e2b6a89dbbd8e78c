"""Turns labelled articles into training examples: every sentence with what is known of it for each type."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detector.core.document import Candidate, candidate_text, candidates, context_row, sentence_row
from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.labelled import LabelledArticle
from detector.core.vectors import Row

OVERLAP: Final = 0.5
"""A sentence shows a type when an evidence span covers this share of it, or it covers this share of the span."""

POSITIVE: Final = 1
NEGATIVE: Final = 0
UNKNOWN: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """The sentences of many articles; the rows of an article stand together, in its order.

    `marks` has shape (sentences, types): `POSITIVE`, `NEGATIVE`, or `UNKNOWN` for sentences outside the evidence of an article
    that carries the type. `owners` (sentences,) is the number of each sentence's article.
    """

    articles: tuple[LabelledArticle, ...]
    sentences: tuple[str, ...]
    rows: tuple[Row, ...]
    contexts: tuple[Row, ...]
    marks: NDArray[np.int8]
    owners: NDArray[np.int64]


def build_examples(articles: Sequence[LabelledArticle]) -> Examples:
    """Return the examples of labelled articles, without a gate: the model must learn what the gate then skips."""
    sentences: list[str] = []
    rows: list[Row] = []
    contexts: list[Row] = []
    marks: list[list[int]] = []
    owners: list[int] = []
    for number, labelled in enumerate(articles):
        contexts.append(context_row(labelled.article))
        for candidate in candidates(labelled.article, None):
            sentences.append(candidate_text(labelled.article, candidate))
            rows.append(sentence_row(labelled.article, candidate))
            marks.append(_marks(labelled, candidate))
            owners.append(number)
    return Examples(
        articles=tuple(articles),
        sentences=tuple(sentences),
        rows=tuple(rows),
        contexts=tuple(contexts),
        marks=np.array(marks, dtype=np.int8).reshape(-1, len(EVENT_TYPES)),
        owners=np.array(owners, dtype=np.int64),
    )


def _marks(labelled: LabelledArticle, candidate: Candidate) -> list[int]:
    return [
        NEGATIVE if kind not in labelled.labels else POSITIVE if _shows(labelled, kind, candidate) else UNKNOWN
        for kind in EVENT_TYPES
    ]


def _shows(labelled: LabelledArticle, kind: EventType, candidate: Candidate) -> bool:
    start, end = candidate.span
    for span in labelled.labels[kind].evidence:
        if span.field != candidate.field:
            continue
        shared = min(end, span.end) - max(start, span.start)
        if shared >= OVERLAP * min(end - start, span.end - span.start):
            return True
    return False
