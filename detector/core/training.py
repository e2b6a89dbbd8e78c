"""Trains a model from labelled articles. Deterministic: the same sources in the same order give the same bytes."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detector.core.aggregation import probability
from detector.core.articlemodel import (
    HeldOut,
    best_thresholds,
    fit_aggregation,
    held_out_features,
    held_out_figures,
    held_out_scores,
)
from detector.core.eventtypes import EVENT_TYPES
from detector.core.examples import Examples, build_examples, rows_by_article
from detector.core.gatemodel import fit_gate
from detector.core.labelled import LabelledArticle, require_all_types
from detector.core.modelfile import LinearModel, digest_of, model_from_bytes, model_to_bytes
from detector.core.sentencemodel import SentenceWeights, fit_sentences, log_odds_scaling, scaled
from detector.core.statusmodel import fit_status, held_out_or_marked
from detector.core.vectors import Floats, Vocabulary, build_vocabulary
from detector.core.wordvectors import word_vectors

Progress: TypeAlias = Callable[[str, float], None]
"""Called with what is being done and the share of the whole that is done, 0 to 1."""

NAME: Final = "news-events-linear"
PASSAGES: Final = "corpus"
"""Family of passages that are no whole articles: learnt from, but no measure of articles where there are any."""

_WHOLE_MINIMUM: Final = 100
"""Whole articles below which passages are held out too."""

_FAMILY_POSITIVES: Final = 40
"""Articles with a type that a family must have to be held out: others tell little of how the model does elsewhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingOptions:
    """What a training run may vary; the defaults are the shipped choice (see the model card for what else was tried)."""

    version: str = "1"
    regularisation: float = 0.7
    """Inverse strength C of the L2 penalty."""
    positive_weight: float = 2.0
    folds: int = 5
    minimum_precision: float = 0.75
    """Thresholds have at least this precision on held-out clear labels; on news coded more than once it comes out higher."""
    false_alarms: float = 4.0
    """Wrong alarms that 1,000 articles drawn at random may raise, by held-out scores; 3 would cost 0.007 of macro F1 there."""
    doubt: float = 0.5
    """The abstain band reaches down to this share of the threshold."""


def train(
    sources: Mapping[str, Sequence[LabelledArticle]],
    options: TrainingOptions = TrainingOptions(),
    progress: Progress = lambda _step, _share: None,
    initial: bytes | None = None,
) -> bytes:
    """Return the file content of a model trained on all sources together.

    `initial` is the content of a model file to start from: its scores enter as one more input, so what the sources do
    not contradict stays. Thresholds and calibration come from cross-validation over the articles of the sources, at random
    and by family. Raises `LabelledDataError` when a type is absent, `ModelFileError` when `initial` is unusable.
    """
    require_all_types(sources)
    start = model_from_bytes(initial) if initial is not None else None
    articles = [labelled for source in sources.values() for labelled in source]
    progress("reading sentences", 0.0)
    examples = build_examples(articles)
    vocabulary = build_vocabulary(rows_by_article(examples))
    if start is not None:
        vocabulary = Vocabulary(sorted({*vocabulary.features, *start.features}))
    matrix = vocabulary.rows(examples.rows)
    projection = word_vectors(examples.words, vocabulary)
    if start is not None:
        projection = np.hstack([projection, _spread(start, vocabulary)])

    def fit(inside: NDArray[np.bool_]) -> SentenceWeights:
        return fit_sentences(
            matrix[inside],
            examples.marks[inside],
            projection,
            regularisation=options.regularisation,
            positive_weight=options.positive_weight,
        )

    parts = held_out_parts(articles, options.folds)
    margins: list[tuple[NDArray[np.int64], Floats]] = []
    for number, part in enumerate(parts):
        progress(f"cross-validation {number + 1} of {len(parts)}", 0.1 + 0.7 * number / len(parts))
        outside = np.isin(examples.owners, part)
        scores = np.zeros((len(examples.rows), len(EVENT_TYPES)))
        scores[outside] = fit(~outside).scores(matrix[outside])
        margins.append((part, scores))
    progress("final weights", 0.8)
    held = [np.isin(examples.owners, part) for part, _ in margins]
    scaling = log_odds_scaling(
        np.vstack([scores[rows] for (_, scores), rows in zip(margins, held, strict=True)]),
        np.vstack([examples.marks[rows] for rows in held]),
    )
    weights = scaled(fit(np.ones(len(examples.rows), dtype=np.bool_)), scaling)
    progress("calibration and thresholds", 0.9)
    order = np.concatenate([part for part, _ in margins])
    features = np.concatenate(
        [held_out_features(examples, scores * scaling[:, 0] + scaling[:, 1], part) for part, scores in margins]
    )
    aggregation = fit_aggregation(features, examples.present[order])
    at_random = sum(len(part) for part in parts[: options.folds])
    judged = _held_out(held_out_scores(features[:at_random], aggregation), examples, order[:at_random])
    cuts = best_thresholds(judged, minimum_precision=options.minimum_precision, false_alarms=options.false_alarms)
    chances = {kind: round(float(cut), 4) for kind, cut in zip(EVENT_TYPES, probability(cuts), strict=True)}
    progress("status and gate", 0.95)
    known = np.isin(examples.owners, order[:at_random])
    seen = sum(scores for _, scores in margins[: options.folds]) * scaling[:, 0] + scaling[:, 1]
    status = fit_status(examples, matrix, held_out_or_marked(seen, known, examples.marks))
    fired = np.zeros(len(examples.rows), dtype=np.bool_)
    for (_, scores), rows in zip(margins, held, strict=True):
        fired[rows] |= (scores[rows] * scaling[:, 0] + scaling[:, 1] >= 0).any(axis=1)
    model = LinearModel(
        name=NAME,
        version=options.version,
        features=vocabulary.features,
        weights=weights.weights.astype(np.float32),
        intercepts=weights.intercepts,
        aggregation=aggregation,
        thresholds=chances,
        doubt={kind: round(chance * options.doubt, 4) for kind, chance in chances.items()},
        gate=fit_gate(examples.sentences, weights.scores(matrix), examples.owners, fired),
        status_columns=status.columns,
        status_weights=status.weights.astype(np.float32),
        status_intercepts=status.intercepts,
        notes=_notes(sources, initial) | {"held_out": held_out_figures(judged, cuts)},
    )
    progress("done", 1.0)
    return model_to_bytes(model)


def held_out_parts(articles: Sequence[LabelledArticle], folds: int) -> list[NDArray[np.int64]]:
    """Return the parts to hold out in turn, as article numbers: random folds, then each large family.

    Folds follow a hash of the article id, so that adding articles moves no other. Passages are held out only when there
    is nothing else: they are unlike articles, and confidences must fit articles.
    """
    whole = [n for n, item in enumerate(articles) if item.family != PASSAGES]
    if len(whole) < _WHOLE_MINIMUM:
        whole = list(range(len(articles)))
    buckets = [
        int.from_bytes(hashlib.sha256(articles[n].article.id.encode()).digest()[:4], "big") % folds for n in whole
    ]
    parts = [np.array([n for n, bucket in zip(whole, buckets, strict=True) if bucket == fold]) for fold in range(folds)]
    families = sorted({articles[n].family for n in whole})
    by_family = [np.array([n for n in whole if articles[n].family == family]) for family in families]
    large = [
        part
        for part in by_family
        if len(part) < len(whole) and sum(bool(articles[n].labels) for n in part) >= _FAMILY_POSITIVES
    ]
    return [part for part in (*parts, *large) if len(part)]


def _held_out(scores: Floats, examples: Examples, order: NDArray[np.int64]) -> HeldOut:
    drawn = np.array([examples.articles[number].sample == "random" for number in order])
    return HeldOut(scores=scores, present=examples.present[order], clear=examples.clear[order], random=drawn)


def _spread(start: LinearModel, vocabulary: Vocabulary) -> Floats:
    """The initial model's weights as columns over the new vocabulary, scaled to be one strong feature each."""
    columns = {name: column for column, name in enumerate(vocabulary.features)}
    spread = np.zeros((len(vocabulary), len(EVENT_TYPES)))
    spread[[columns[name] for name in start.features]] = 0.3 * start.weights
    return spread


def _notes(sources: Mapping[str, Sequence[LabelledArticle]], initial: bytes | None) -> dict[str, Any]:
    return {
        "articles": {name.rsplit("/", 1)[-1]: len(articles) for name, articles in sources.items()},
        "initial": digest_of(initial) if initial is not None else None,
    }
