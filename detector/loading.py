"""Loads what the pure core needs from files: the model and the gazetteer, from the package unless told otherwise."""

from importlib.resources import files
from pathlib import Path
from typing import Final

from detector.core.classifier import Classifier
from detector.core.detect import Detector
from detector.core.gazetteer import DATA_FILE, read_gazetteer
from detector.core.place import GazetteerPlaceFinder
from detector.errors import ModelError

_MODEL: Final = "models/default.npz"
_GAZETTEER: Final = f"data/{DATA_FILE}"


def read_model(model_file: Path | None = None) -> bytes:
    """Return the content of a model file, of the packaged one when none is named; raises `ModelError` when it is not there."""
    try:
        return model_file.read_bytes() if model_file else files("detector").joinpath(_MODEL).read_bytes()
    except OSError as error:
        raise ModelError(_unusable(model_file, error)) from error


def load_classifier(model_file: Path | None = None) -> Classifier:
    """Load a model file, the packaged one when none is named; raises `ModelError` that says what is wrong with it."""
    try:
        return Classifier.from_bytes(read_model(model_file))
    except ValueError as error:
        raise ModelError(_unusable(model_file, error)) from error


def load_places() -> GazetteerPlaceFinder:
    """Load the gazetteer in the package."""
    return GazetteerPlaceFinder(read_gazetteer(files("detector").joinpath(_GAZETTEER).read_bytes()))


def load_detector(model_file: Path | None = None) -> Detector:
    """Load classifier and gazetteer."""
    return Detector(classifier=load_classifier(model_file), places=load_places())


def _unusable(model_file: Path | None, error: Exception) -> str:
    return f"the model {model_file or 'in the package'} cannot be used: {error}"
