"""Learns the status of an event from its evidence sentences."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from detector.core.eventtypes import ALL_STATUSES, EVENT_TYPES, STATUSES
from detector.core.examples import POSITIVE, Examples
from detector.core.vectors import Floats

MINIMUM_SENTENCES: Final = 3
"""A feature in fewer evidence sentences tells nothing of status."""

_NEVER: Final = -40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusWeights:
    """Status scores are `row[columns] @ weights + intercepts`; columns (C,), weights (C, statuses), intercepts (statuses,)."""

    columns: NDArray[np.int32]
    weights: Floats
    intercepts: Floats


def fit_status(examples: Examples, matrix: "csr_matrix[Any]") -> StatusWeights:
    """Return the status model, one multinomial logistic regression per type over the evidence sentences of its articles.

    Every evidence sentence is taken to show the article's status. A status that never occurs is never predicted.
    """
    evidence = (examples.marks == POSITIVE).any(axis=1)
    frequency = np.asarray((matrix[evidence] > 0).sum(axis=0)).ravel()
    columns = np.flatnonzero(frequency >= MINIMUM_SENTENCES).astype(np.int32)
    weights = np.zeros((len(columns), len(ALL_STATUSES)))
    intercepts = np.full(len(ALL_STATUSES), _NEVER)
    for place, kind in enumerate(EVENT_TYPES):
        rows = np.flatnonzero(examples.marks[:, place] == POSITIVE)
        states = [examples.articles[examples.owners[row]].labels[kind].status for row in rows]
        classes = sorted(set(states), key=STATUSES[kind].index)
        targets = [ALL_STATUSES.index(status) for status in classes]
        if len(classes) == 1:
            intercepts[targets] = 0.0
            continue
        model = LogisticRegression(C=5.0, max_iter=1000)
        model.fit(matrix[rows][:, columns], [classes.index(status) for status in states])
        if len(classes) > 2:  # noqa: PLR2004 - scikit-learn keeps a single row for two classes
            weights[:, targets], intercepts[targets] = model.coef_.T, model.intercept_
        else:
            weights[:, targets[1]], intercepts[targets] = model.coef_[0], (0.0, model.intercept_[0])
    return StatusWeights(columns=columns, weights=weights, intercepts=intercepts)
