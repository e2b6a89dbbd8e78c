"""Gives the JSON Schemas of the records, which ship with the package in `detector/core/schemas`."""

import json
from importlib.resources import files
from typing import Any, Literal, TypeAlias, cast

SchemaName: TypeAlias = Literal["article", "detection", "retraction", "alert", "event", "answer"]


def schema(name: SchemaName) -> dict[str, Any]:
    """Read a schema (JSON Schema draft 2020-12): of a topic's records, or of a line that `detector classify` writes."""
    text = files("detector.core").joinpath("schemas", f"{name}.schema.json").read_text(encoding="utf-8")
    return cast(dict[str, Any], json.loads(text))
