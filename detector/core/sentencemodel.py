"""Learns the weights that score a sentence: one linear support vector machine per type, scaled to log-odds."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from detector.core.eventtypes import EVENT_TYPES
from detector.core.examples import NEGATIVE, POSITIVE, UNKNOWN
from detector.core.vectors import Floats
from detector.core.wordvectors import fold_back

UNKNOWN_WEIGHT: Final = 0.1
"""Weight of a sentence outside the evidence of an article that carries the type, taken as a negative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceWeights:
    """Scores are `rows @ weights + intercepts`: weights (features, types), intercepts (types,)."""

    weights: Floats
    intercepts: Floats

    def scores(self, matrix: "csr_matrix[Any]") -> Floats:
        """Return the scores of rows, shape (rows, types)."""
        scores: Floats = matrix @ self.weights + self.intercepts
        return scores


def fit_sentences(
    matrix: "csr_matrix[Any]",
    marks: NDArray[np.int8],
    projection: Floats,
    *,
    regularisation: float,
    positive_weight: float,
) -> SentenceWeights:
    """Return weights learnt from marked sentences.

    `matrix` (sentences, features) and `marks` (sentences, types) as in `Examples`. `projection` (features, dense) adds dense
    columns `matrix @ projection` (word vectors, scores of an initial model); what is learnt of them is folded back into the
    weights of the features, so the result needs the features alone. Squared hinge loss: it was ahead of logistic loss in
    cross-validation at every strength tried.
    """
    features = matrix.shape[1]
    dense = matrix @ projection
    columns = csr_matrix(hstack([matrix, csr_matrix(dense)]))
    weights = np.zeros((features, len(EVENT_TYPES)))
    intercepts = np.zeros(len(EVENT_TYPES))
    for kind in range(len(EVENT_TYPES)):
        model = LinearSVC(
            C=regularisation,
            class_weight={0: 1.0, 1: positive_weight},
            dual=False,
            tol=1e-2,
            max_iter=2000,
            random_state=0,
        )
        mark = marks[:, kind]
        model.fit(columns, mark == POSITIVE, sample_weight=np.where(mark == UNKNOWN, UNKNOWN_WEIGHT, 1.0))
        weights[:, kind] = fold_back(model.coef_[0][:features], model.coef_[0][features:], projection)
        intercepts[kind] = model.intercept_[0]
    return SentenceWeights(weights=weights, intercepts=intercepts)


def log_odds_scaling(scores: Floats, marks: NDArray[np.int8]) -> Floats:
    """Return slope and offset per type, shape (types, 2), that turn held-out margins into log-odds (Platt 1999)."""
    scaling = np.empty((len(EVENT_TYPES), 2))
    for kind in range(len(EVENT_TYPES)):
        known = (marks[:, kind] == POSITIVE) | (marks[:, kind] == NEGATIVE)
        model = LogisticRegression(C=100.0).fit(scores[known, kind : kind + 1], marks[known, kind] == POSITIVE)
        scaling[kind] = model.coef_[0, 0], model.intercept_[0]
    return scaling


def scaled(weights: SentenceWeights, scaling: Floats) -> SentenceWeights:
    """Return weights whose scores are the log-odds of `log_odds_scaling`."""
    return SentenceWeights(
        weights=weights.weights * scaling[:, 0], intercepts=weights.intercepts * scaling[:, 0] + scaling[:, 1]
    )
