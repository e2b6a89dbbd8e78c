"""Loads what the pure core needs from files: the model and the gazetteer, from the package unless told otherwise."""

import gc
import gzip
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Final

from detector.core.classifier import Classifier
from detector.core.correlation import families, terms
from detector.core.detect import Detector
from detector.core.gazetteer import DATA_FILE, read_gazetteer
from detector.core.judging.drift import DriftReference, reference_from_json
from detector.core.operating import classifier_at
from detector.core.place import GazetteerPlaceFinder
from detector.errors import ModelError, SettingsError

_MODEL: Final = "models/default.npz"
_GAZETTEER: Final = f"data/{DATA_FILE}"
_TERM_WEIGHTS: Final = f"data/{terms.DATA_FILE}"
_DRIFT_REFERENCE: Final = "data/drift_reference.json"
_FAMILIES: Final = f"data/{families.DATA_FILE}"


def read_model(model_file: Path | None = None) -> bytes:
    """Return the content of a model file, of the packaged one when none is named; raises `ModelError` when it is not there."""
    try:
        return model_file.read_bytes() if model_file else files("detector").joinpath(_MODEL).read_bytes()
    except OSError as error:
        raise ModelError(_unusable(model_file, error)) from error


def load_classifier(
    model_file: Path | None = None,
    thresholds: Mapping[str, float] | None = None,
    chosen_for: str | None = None,
) -> Classifier:
    """Load a model file, the packaged one when none is named; raises `ModelError` that says what is wrong with it.

    `thresholds` replace the model's own. When `chosen_for` names another model's digest they are refused, because a
    threshold of one model means nothing to another.
    """
    try:
        classifier = classifier_at(read_model(model_file), thresholds or {})
    except ValueError as error:
        raise ModelError(_unusable(model_file, error)) from error
    if thresholds and chosen_for and chosen_for != classifier.info.digest:
        message = (
            f"the thresholds were chosen for model {chosen_for}, but model {classifier.info.digest} is loaded: choose them "
            "anew with `detector replay --write-thresholds`, or unset DETECTOR_THRESHOLDS__..."
        )
        raise ModelError(message)
    return classifier


def load_places() -> GazetteerPlaceFinder:
    """Load the gazetteer in the package."""
    return GazetteerPlaceFinder(read_gazetteer(files("detector").joinpath(_GAZETTEER).read_bytes()))


def load_weights() -> terms.TermWeights:
    """Load the term weights in the package."""
    return terms.TermWeights(gzip.decompress(files("detector").joinpath(_TERM_WEIGHTS).read_bytes()))


def load_families() -> families.Families:
    """Load the table of publisher families in the package."""
    return families.read_families(files("detector").joinpath(_FAMILIES).read_bytes())


def load_drift_reference(file: Path | None = None) -> DriftReference | None:
    """Load what drift is measured against, the one in the package when no file is named; `None` when that has none.

    Raises `SettingsError` that says what is wrong with a file.
    """
    try:
        if file is None:
            packaged = files("detector").joinpath(_DRIFT_REFERENCE)
            return reference_from_json(packaged.read_text(encoding="utf-8")) if packaged.is_file() else None
        return reference_from_json(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"DETECTOR_DRIFT__REFERENCE_FILE: {file or 'the one in the package'} cannot be used: {error}"
        raise SettingsError(message) from error


def load_detector(
    model_file: Path | None = None,
    thresholds: Mapping[str, float] | None = None,
    chosen_for: str | None = None,
) -> Detector:
    """Load classifier, gazetteer and term weights; the arguments and errors are those of `load_classifier`."""
    classifier = load_classifier(model_file, thresholds, chosen_for)
    return Detector(classifier=classifier, places=load_places(), weights=load_weights())


def _unusable(model_file: Path | None, error: Exception) -> str:
    return f"the model {model_file or 'in the package'} cannot be used: {error}"


_COLLECT_AFTER: Final = (10_000, 20, 50)


def spare_loaded() -> None:
    """Have the garbage collector pass over what is loaded by now, for good: call it once, before the work begins.

    Model and gazetteer live as long as the process; to look through them costs 40 ms each time. Later it looks less often
    than it would: articles, features and events refer to each other in one direction only and go without it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
