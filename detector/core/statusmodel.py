"""Learns the status of an event from the sentences of an article that tell of it."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from sklearn.linear_model import LogisticRegression

from detector.core.eventtypes import ALL_STATUSES, EVENT_TYPES, STATUSES, EventType
from detector.core.examples import POSITIVE, Examples
from detector.core.statuscues import CUES, article_row, own_cues, sentence_shares
from detector.core.vectors import Floats

MINIMUM_ARTICLES: Final = 3
"""A feature in fewer articles with the type tells nothing of its status."""

_NEVER: Final = -40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusWeights:
    """Status scores are `row[columns] @ weights + intercepts`: columns (C,), weights (C + CUES, statuses), intercepts.

    The last weights are those of the cues (see `statuscues`).
    """

    columns: NDArray[np.int32]
    weights: Floats
    intercepts: Floats


def fit_status(examples: Examples, matrix: "csr_matrix[Any]", scores: Floats) -> StatusWeights:
    """Return the status model, one multinomial logistic regression per type over the articles that carry it.

    `scores` (sentences, types) are the log-odds of sentences by models that had not seen them, which weigh the sentences of
    an article as they will in the news. A status that never occurs is never predicted.
    """
    found = {kind: _articles(examples, matrix, scores, place) for place, kind in enumerate(EVENT_TYPES)}
    features = matrix.shape[1]
    own = {kind: np.flatnonzero(_frequent(rows)[:features]) for kind, (rows, _) in found.items()}
    columns = np.unique(np.concatenate(list(own.values()))).astype(np.int32)
    weights = np.zeros((len(columns) + CUES, len(ALL_STATUSES)))
    intercepts = np.full(len(ALL_STATUSES), _NEVER)
    for kind, (rows, states) in found.items():
        classes = sorted(set(states), key=STATUSES[kind].index)
        targets = [ALL_STATUSES.index(status) for status in classes]
        if len(classes) == 1:
            intercepts[targets] = 0.0
            continue
        cues = np.array(own_cues(STATUSES[kind]))
        used = np.concatenate([own[kind], features + cues])
        places = np.concatenate([np.searchsorted(columns, own[kind]), len(columns) + cues])
        model = LogisticRegression(C=5.0, max_iter=1000)
        model.fit(rows[:, used], [classes.index(status) for status in states])
        if len(classes) > 2:  # noqa: PLR2004 - scikit-learn keeps a single row for two classes
            weights[places[:, None], targets], intercepts[targets] = model.coef_.T, model.intercept_
        else:
            weights[places, targets[1]], intercepts[targets] = model.coef_[0], (0.0, model.intercept_[0])
    return StatusWeights(columns=columns, weights=weights, intercepts=intercepts)


def held_out_or_marked(scores: Floats, known: NDArray[np.bool_], marks: NDArray[np.int8]) -> Floats:
    """Return scores where they are `known`, shape (sentences,); else, for passages, scores that follow the marks."""
    return np.where(known[:, None], scores, np.where(marks == POSITIVE, 2.0, -4.0))


def _articles(
    examples: Examples, matrix: "csr_matrix[Any]", scores: Floats, place: int
) -> tuple["csr_matrix[Any]", list[str]]:
    """The rows of the articles with a type, and its status in each."""
    kind: EventType = EVENT_TYPES[place]
    bounds = examples.bounds()
    rows: list[csr_matrix[Any]] = []
    states: list[str] = []
    for number, labelled in enumerate(examples.articles):
        start, end = bounds[number], bounds[number + 1]
        if kind not in labelled.labels or start == end:
            continue
        shares = sentence_shares(scores[start:end, place], first_is_title=bool(examples.titles[start]))
        columns, values = article_row(shares, matrix, start, examples.words[start:end], STATUSES[kind])
        row = csr_matrix((values, columns, [0, len(columns)]), shape=(1, matrix.shape[1] + CUES))
        row.sum_duplicates()
        rows.append(row)
        states.append(labelled.labels[kind].status)
    return csr_matrix(vstack(rows)), states


def _frequent(rows: "csr_matrix[Any]") -> NDArray[np.bool_]:
    return np.asarray((rows > 0).sum(axis=0)).ravel() >= MINIMUM_ARTICLES
