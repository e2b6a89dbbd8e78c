"""Trains a model from labelled articles. Deterministic: the same sources in the same order give the same bytes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from detector.core.aggregation import BEST, article_features, article_scores, probability
from detector.core.eventtypes import ALL_STATUSES, EVENT_TYPES, STATUSES, EventType
from detector.core.examples import POSITIVE, UNKNOWN, Examples, build_examples
from detector.core.features import DOCUMENT, POSITION, TITLE
from detector.core.gate import derive_gate
from detector.core.labelled import LabelledArticle, require_all_types
from detector.core.modelfile import LinearModel, model_to_bytes
from detector.core.vectors import Floats, Vocabulary, build_vocabulary

Progress: TypeAlias = Callable[[str, float], None]
"""Called with what is being done and the share of the whole that is done, 0 to 1."""

NAME: Final = "news-events-linear"
MINIMUM_ARTICLES: Final = {"": 2, TITLE: 3, DOCUMENT: 5, POSITION: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """What a training run may vary; the defaults are the shipped choice (see the model card for what else was tried)."""

    version: str = "1"
    regularisation: float = 10.0
    """Inverse strength C of the L2 penalty."""
    positive_weight: float = 2.0
    folds: int = 5
    minimum_precision: float = 0.85
    """A threshold maximises F1 among those with this precision on held-out folds."""
    gate_probability: float = 0.50
    """Sentences that the model gives at least this chance must pass the gate."""


def train(
    sources: Mapping[str, Sequence[LabelledArticle]],
    options: TrainingOptions = TrainingOptions(),
    progress: Progress = lambda _step, _share: None,
    initial: bytes | None = None,  # noqa: ARG001
) -> bytes:
    """Return the file content of a model trained on all sources together.

    Raises `LabelledDataError` when a type is absent from the sources. Thresholds and calibration come from
    cross-validation over articles of the sources, never from other data.
    """
    require_all_types(sources)
    articles = [labelled for source in sources.values() for labelled in source]
    progress("reading sentences", 0.0)
    examples = build_examples(articles)
    vocabulary = build_vocabulary(_rows_by_article(examples), minimum_articles=MINIMUM_ARTICLES)
    matrix = _matrix(vocabulary, examples)
    held_out = np.empty((len(examples.rows), len(EVENT_TYPES)))
    fold_of = np.array([number % options.folds for number in range(len(articles))])[examples.owners]
    for fold in range(options.folds):
        progress(f"cross-validation {fold + 1} of {options.folds}", 0.1 + 0.6 * fold / options.folds)
        inside = fold_of != fold
        weights, intercepts = fit_sentences(matrix[inside], examples.marks[inside], options)
        held_out[~inside] = matrix[~inside] @ weights + intercepts
    progress("final weights", 0.7)
    weights, intercepts = fit_sentences(matrix, examples.marks, options)
    progress("calibration and thresholds", 0.85)
    aggregation, thresholds = fit_articles(examples, held_out, options)
    progress("status and gate", 0.9)
    columns, status_weights, status_intercepts = fit_status(examples, matrix)
    chances = probability(matrix @ weights + intercepts).max(axis=1)
    fired = [
        text for text, chance in zip(examples.sentences, chances, strict=True) if chance >= options.gate_probability
    ]
    model = LinearModel(
        name=NAME,
        version=options.version,
        features=vocabulary.features,
        idf=vocabulary.idf,
        weights=weights.astype(np.float32),
        intercepts=intercepts,
        aggregation=aggregation,
        thresholds=thresholds,
        gate=derive_gate(fired, examples.sentences),
        status_columns=columns,
        status_weights=status_weights.astype(np.float32),
        status_intercepts=status_intercepts,
        notes={"articles": len(articles), "sentences": len(examples.rows)},
    )
    progress("done", 1.0)
    return model_to_bytes(model)


def fit_sentences(
    matrix: "csr_matrix[Any]", marks: NDArray[np.int8], options: TrainingOptions
) -> tuple[Floats, Floats]:
    """Return weights (features, types) and intercepts (types,) of one logistic regression per type.

    Sentences marked unknown for a type are left out of that type.
    """
    weights = np.zeros((matrix.shape[1], len(EVENT_TYPES)))
    intercepts = np.zeros(len(EVENT_TYPES))
    for column in range(len(EVENT_TYPES)):
        known = marks[:, column] != UNKNOWN
        model = LogisticRegression(
            C=options.regularisation,
            solver="liblinear",
            class_weight={0: 1.0, 1: options.positive_weight},
            random_state=0,
        )
        model.fit(matrix[known], marks[known, column])
        weights[:, column] = model.coef_[0]
        intercepts[column] = model.intercept_[0]
    return weights, intercepts


def fit_articles(
    examples: Examples, held_out: Floats, options: TrainingOptions
) -> tuple[Floats, dict[EventType, float]]:
    """Return the aggregation matrix and the thresholds, from sentence scores of models that did not see the articles."""
    count, types = len(examples.articles), len(EVENT_TYPES)
    features = np.empty((count, types, BEST))
    bounds = np.searchsorted(examples.owners, np.arange(count + 1))
    for number in range(count):
        features[number] = article_features(held_out[bounds[number] : bounds[number + 1]])
    aggregation = np.empty((types, 1 + BEST))
    thresholds: dict[EventType, float] = {}
    for column, kind in enumerate(EVENT_TYPES):
        present = np.array([kind in labelled.labels for labelled in examples.articles])
        clear = np.array([kind not in labelled.ambiguous for labelled in examples.articles])
        model = LogisticRegression(C=1.0, solver="lbfgs", max_iter=1000)
        model.fit(features[:, column], present)
        aggregation[column] = [model.intercept_[0], *model.coef_[0]]
    scores = probability(np.array([article_scores(row, aggregation) for row in features]))
    for column, kind in enumerate(EVENT_TYPES):
        present = np.array([kind in labelled.labels for labelled in examples.articles])
        clear = np.array([kind not in labelled.ambiguous for labelled in examples.articles])
        thresholds[kind] = best_threshold(scores[clear, column], present[clear], options.minimum_precision)
    return aggregation, thresholds


def best_threshold(chances: Floats, present: NDArray[np.bool_], minimum_precision: float) -> float:
    """Return the threshold with the highest F1 among those of at least the precision asked for; of any, when none has it.

    Thresholds lie halfway between neighbouring chances and are rounded to four decimals, as confidences are.
    """
    order = np.argsort(-chances, kind="stable")
    ranked, hits = chances[order], np.cumsum(present[order])
    fired = np.arange(1, len(ranked) + 1)
    f1 = 2 * hits / (fired + present.sum())
    distinct = np.append(ranked[:-1] > ranked[1:], True)
    allowed = distinct & (hits / fired >= minimum_precision)
    usable = np.where(allowed if allowed.any() else distinct, f1, -1.0)
    cut = int(np.argmax(usable))
    below = ranked[cut + 1] if cut + 1 < len(ranked) else 0.0
    return round(float((ranked[cut] + below) / 2), 4)


def fit_status(examples: Examples, matrix: "csr_matrix[Any]") -> tuple[NDArray[np.int32], Floats, Floats]:
    """Return the status model: columns (C,), weights (C, statuses), intercepts (statuses,), learnt per type on evidence."""
    evidence = (examples.marks == POSITIVE).any(axis=1)
    frequency = np.asarray((matrix[evidence] > 0).sum(axis=0)).ravel()
    columns = np.flatnonzero(frequency >= 3).astype(np.int32)  # noqa: PLR2004 - rarer ones tell nothing of status
    weights = np.zeros((len(columns), len(ALL_STATUSES)))
    intercepts = np.zeros(len(ALL_STATUSES))
    for column, kind in enumerate(EVENT_TYPES):
        rows = np.flatnonzero(examples.marks[:, column] == POSITIVE)
        states = np.array([examples.articles[examples.owners[row]].labels[kind].status for row in rows])
        targets = [ALL_STATUSES.index(status) for status in STATUSES[kind]]
        if len(set(states)) == 1:
            intercepts[ALL_STATUSES.index(str(states[0]))] = 1.0
            continue
        model = LogisticRegression(C=5.0, solver="lbfgs", max_iter=500)
        model.fit(matrix[rows][:, columns], states)
        intercepts[targets] = -40.0
        binary = len(model.classes_) == 2  # noqa: PLR2004 - scikit-learn then keeps one row
        for place, status in enumerate(model.classes_):
            sign = (1 if place else -1) if binary else 1
            target = ALL_STATUSES.index(str(status))
            weights[:, target] = sign * model.coef_[0 if binary else place]
            intercepts[target] = sign * model.intercept_[0 if binary else place]
    return columns, weights, intercepts


def _rows_by_article(examples: Examples) -> list[list[Any]]:
    grouped: list[list[Any]] = [[context] for context in examples.contexts]
    for row, owner in zip(examples.rows, examples.owners, strict=True):
        grouped[owner].append(row)
    return grouped


def _matrix(vocabulary: Vocabulary, examples: Examples) -> "csr_matrix[Any]":
    """Sentence features and, in other columns of the same rows, those of the article."""
    own = vocabulary.rows(examples.rows)
    contexts = vocabulary.rows(examples.contexts)
    return csr_matrix(own + contexts[examples.owners])
