"""A model at thresholds that an operator chose instead of its own."""

from collections.abc import Mapping
from dataclasses import replace

from detector.core.classifier import Classifier
from detector.core.eventtypes import EventType
from detector.core.modelfile import digest_of, model_from_bytes


def classifier_at(data: bytes, thresholds: Mapping[str, float]) -> Classifier:
    """Return the classifier of a model file's content; types without a threshold keep the model's own.

    The digest stays that of the file: each finding says its threshold. Raises `ModelFileError` when the file is unusable.
    """
    model = model_from_bytes(data)
    chosen = {EventType(kind): threshold for kind, threshold in thresholds.items()}
    return Classifier(replace(model, thresholds={**model.thresholds, **chosen}), digest_of(data))
