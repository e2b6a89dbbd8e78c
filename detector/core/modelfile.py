"""The model as plain arrays, and its file: a NumPy archive without pickled objects."""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from detector.core.aggregation import ARTICLE_FEATURES
from detector.core.eventtypes import ALL_STATUSES, EVENT_TYPES, EventType
from detector.core.gate import Gate
from detector.core.statuscues import CUES
from detector.core.vectors import Floats
from detector.core.wordhash import SLOTS

FORMAT: Final = 6
"""Version of the file layout; a file of another version is refused."""

DIGEST_CHARS: Final = 16


class ModelFileError(ValueError):
    """The bytes are no model file that this version can use; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearModel:
    """Everything that a classifier needs, immutable.

    With F features, T types, S statuses, C features of the status model and A article features: `weights` (F, T) and
    `intercepts` (T,) give sentence scores in log-odds; `aggregation` (T, 1 + A), intercept first, turns an article's best
    sentence scores into its confidence; `status_columns` (C,) indexes the features that the status weights
    (C + CUES, S) are for; the last rows are those of the cues.
    `thresholds` and the lower ends of the abstain bands, `doubt`, are confidences: at least the threshold is a finding, between
    the two the model does not know.
    """

    name: str
    version: str
    features: tuple[str, ...]
    weights: NDArray[np.floating[Any]]
    intercepts: Floats
    aggregation: Floats
    thresholds: Mapping[EventType, float]
    doubt: Mapping[EventType, float]
    gate: Gate
    status_columns: NDArray[np.int32]
    status_weights: NDArray[np.float32]
    status_intercepts: Floats
    notes: Mapping[str, Any]


def model_to_bytes(model: LinearModel) -> bytes:
    """Return the model as file content; equal models give equal bytes."""
    head = {
        "format": FORMAT,
        "name": model.name,
        "version": model.version,
        "types": list(EVENT_TYPES),
        "statuses": list(ALL_STATUSES),
        "thresholds": {kind.value: model.thresholds[kind] for kind in EVENT_TYPES},
        "gate": [model.gate.article, model.gate.sentence],
        "doubt": {kind.value: model.doubt[kind] for kind in EVENT_TYPES},
        "notes": model.notes,
    }
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        head=_text_array(json.dumps(head, sort_keys=True)),
        features=_text_array("\n".join(model.features)),
        gate_weights=model.gate.weights.astype(np.float16),
        gate_intercepts=model.gate.intercepts,
        weights=model.weights,
        intercepts=model.intercepts,
        aggregation=model.aggregation,
        status_columns=model.status_columns,
        status_weights=model.status_weights,
        status_intercepts=model.status_intercepts,
    )
    return buffer.getvalue()


def model_from_bytes(data: bytes) -> LinearModel:
    """Return the model in a file's content; raises `ModelFileError` when it is damaged or of another version."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        head = json.loads(_text(arrays["head"]))
        if head["format"] != FORMAT:
            message = f"the model file has format {head['format']}, this version reads {FORMAT}; train it anew"
            raise ModelFileError(message)
        if head["types"] != list(EVENT_TYPES) or head["statuses"] != list(ALL_STATUSES):
            raise ModelFileError("the model file was trained for other types or statuses; train it anew")
        model = LinearModel(
            name=head["name"],
            version=head["version"],
            features=_lines(arrays["features"]),
            weights=arrays["weights"],
            intercepts=arrays["intercepts"],
            aggregation=arrays["aggregation"],
            thresholds={kind: float(head["thresholds"][kind.value]) for kind in EVENT_TYPES},
            doubt={kind: float(head["doubt"][kind.value]) for kind in EVENT_TYPES},
            gate=Gate(
                weights=arrays["gate_weights"].astype(np.float32),
                intercepts=arrays["gate_intercepts"],
                article=float(head["gate"][0]),
                sentence=float(head["gate"][1]),
            ),
            status_columns=arrays["status_columns"],
            status_weights=arrays["status_weights"],
            status_intercepts=arrays["status_intercepts"],
            notes=head["notes"],
        )
    except (BadZipFile, KeyError, OSError, EOFError, TypeError, ValueError) as error:
        if isinstance(error, ModelFileError):
            raise
        message = f"not a detector model file: {error}"
        raise ModelFileError(message) from error
    _check_shapes(model)
    return model


def digest_of(data: bytes) -> str:
    """Return the short digest that names a model file: the first hexadecimal digits of its SHA-256."""
    return hashlib.sha256(data).hexdigest()[:DIGEST_CHARS]


def _check_shapes(model: LinearModel) -> None:
    features, types, statuses = len(model.features), len(EVENT_TYPES), len(ALL_STATUSES)
    fits = (
        model.weights.shape == (features, types)
        and model.intercepts.shape == (types,)
        and model.gate.weights.shape == (SLOTS + 1, types)
        and model.gate.intercepts.shape == (types,)
        and model.aggregation.shape == (types, 1 + ARTICLE_FEATURES)
        and model.status_weights.shape == (len(model.status_columns) + CUES, statuses)
        and model.status_intercepts.shape == (statuses,)
        and bool(np.all((model.status_columns >= 0) & (model.status_columns < features)))
    )
    if not fits:
        raise ModelFileError("the arrays of the model file do not fit each other; the file is damaged")


def _text_array(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode("utf-8"), dtype=np.uint8)


def _text(array: NDArray[Any]) -> str:
    return array.astype(np.uint8).tobytes().decode("utf-8")


def _lines(array: NDArray[Any]) -> tuple[str, ...]:
    text = _text(array)
    return tuple(text.split("\n")) if text else ()
