"""The models of a run: file, name and thresholds, and their content for a scoring process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from detector.core.classifier import Classifier
from detector.core.modelfile import digest_of
from detector.core.records import ModelInfo
from detector.errors import ModelError, UsageError
from detector.loading import read_model
from detector.settings import ThresholdSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayModel:
    """A model file (`None`: the one in the package), what it says of itself, and the thresholds that it is run with."""

    file: Path | None
    info: ModelInfo
    thresholds: Mapping[str, float]


def load_models(files: Sequence[Path | None], live: ThresholdSettings | None = None) -> list[ReplayModel]:
    """Read model files, `None` being the one in the package.

    `live` are the thresholds of the live workers: they hold for the model that they were chosen for, and when they do not
    say for which, for all. Others run at their own.

    Raises `ModelError` for one that is absent, damaged or of another version, `UsageError` when two are the same model.
    """
    models = []
    for file in files:
        data = read_model(file)
        try:
            classifier = Classifier.from_bytes(data)
        except ValueError as error:
            message = f"the model {file or 'in the package'} cannot be used: {error}"
            raise ModelError(message) from error
        thresholds = {kind.value: value for kind, value in classifier.thresholds.items()}
        if live and live.model in (None, classifier.info.digest):
            thresholds |= live.by_type()
        models.append(ReplayModel(file=file, info=classifier.info, thresholds=thresholds))
    digests = [model.info.digest for model in models]
    if len(set(digests)) < len(digests):
        names = " and ".join(str(file or "the one in the package") for file in files)
        message = f"{names} are the same model, {digests[0]}: there is nothing to compare"
        raise UsageError(message)
    return models


def content_of(model: ReplayModel) -> bytes:
    """Read a model's file again; raises `ModelError` when it is not the same any more."""
    data = read_model(model.file)
    if digest_of(data) != model.info.digest:
        message = f"the model {model.file} was changed after the run had begun; begin it anew"
        raise ModelError(message)
    return data
