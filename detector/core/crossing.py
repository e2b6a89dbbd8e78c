"""Measures robustness: trains again without each family of articles and tests on that family."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from detector.core.classifier import Classifier
from detector.core.eventtypes import EVENT_TYPES
from detector.core.labelled import LabelledArticle
from detector.core.training import TrainingOptions, train

MINIMUM_POSITIVES: Final = 15
"""Positives (articles times types, clear labels) that a family must have to be left out and judged."""

MINIMUM_OF_TYPE: Final = 5
"""Positives of a type in the family for the type to count in its macro F1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilyDrop:
    """Macro F1 on the clear labels of one family, by a model trained without the family and by one trained with it."""

    family: str
    types: tuple[str, ...]
    macro_f1_without: float
    macro_f1_with: float


def cross_by_family(
    sources: Mapping[str, Sequence[LabelledArticle]],
    labelled: Sequence[LabelledArticle],
    options: TrainingOptions = TrainingOptions(),  # noqa: B008 - frozen
) -> list[FamilyDrop]:
    """Return one row per family of `labelled` with enough positives; trains from `sources` once per family and once whole."""
    families = sorted({item.family for item in labelled})
    judged = [(family, [item for item in labelled if item.family == family]) for family in families]
    judged = [(family, items) for family, items in judged if _positives(items) >= MINIMUM_POSITIVES]
    if not judged:
        return []
    whole = Classifier.from_bytes(train(sources, options))
    rows: list[FamilyDrop] = []
    for family, items in judged:
        kept = {name: [item for item in articles if item.family != family] for name, articles in sources.items()}
        without = Classifier.from_bytes(train(kept, options))
        types, score_without = _macro_f1(without, items)
        _, score_with = _macro_f1(whole, items)
        rows.append(FamilyDrop(family=family, types=types, macro_f1_without=score_without, macro_f1_with=score_with))
    return rows


def _positives(items: Sequence[LabelledArticle]) -> int:
    return sum(len(set(item.labels) - item.ambiguous) for item in items)


def _macro_f1(classifier: Classifier, items: Sequence[LabelledArticle]) -> tuple[tuple[str, ...], float]:
    answers = classifier.classify([item.article for item in items])
    scores: dict[str, float] = {}
    for kind in EVENT_TYPES:
        decisions = [
            (kind in item.labels, any(finding.type == kind for finding in answer.findings))
            for item, answer in zip(items, answers, strict=True)
            if kind not in item.ambiguous
        ]
        real = sum(truth for truth, _ in decisions)
        if real >= MINIMUM_OF_TYPE:
            claimed = sum(fired for _, fired in decisions)
            scores[kind.value] = 2 * sum(truth and fired for truth, fired in decisions) / max(real + claimed, 1)
    return tuple(scores), float(np.mean(list(scores.values()))) if scores else 0.0
