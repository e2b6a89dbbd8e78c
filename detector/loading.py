"""Loads what the pure core needs from files: the model and the gazetteer, from the package unless told otherwise."""

import gzip
from importlib.resources import files
from pathlib import Path
from typing import Final

from detector.core.classifier import Classifier
from detector.core.correlation import families, terms
from detector.core.detect import Detector
from detector.core.gazetteer import DATA_FILE, read_gazetteer
from detector.core.place import GazetteerPlaceFinder
from detector.errors import ModelError

_MODEL: Final = "models/default.npz"
_GAZETTEER: Final = f"data/{DATA_FILE}"
_TERM_WEIGHTS: Final = f"data/{terms.DATA_FILE}"
_FAMILIES: Final = f"data/{families.DATA_FILE}"


def load_classifier(model_file: Path | None = None) -> Classifier:
    """Load a model file, the packaged one when none is named; raises `ModelError` that says what is wrong with it."""
    try:
        data = model_file.read_bytes() if model_file else files("detector").joinpath(_MODEL).read_bytes()
        return Classifier.from_bytes(data)
    except (OSError, ValueError) as error:
        message = f"the model {model_file or 'in the package'} cannot be used: {error}"
        raise ModelError(message) from error


def load_detector(model_file: Path | None = None) -> Detector:
    """Load classifier, gazetteer and term weights."""
    gazetteer = read_gazetteer(files("detector").joinpath(_GAZETTEER).read_bytes())
    weights = terms.TermWeights(gzip.decompress(files("detector").joinpath(_TERM_WEIGHTS).read_bytes()))
    return Detector(classifier=load_classifier(model_file), places=GazetteerPlaceFinder(gazetteer), weights=weights)


def load_families() -> families.Families:
    """Load the table of publisher families."""
    return families.read_families(files("detector").joinpath(_FAMILIES).read_bytes())
