"""Writes the dashboards: `python -m deploy.grafana.build`. A test compares them with what is committed."""

from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.grafana.events import events
from deploy.grafana.model import model
from deploy.grafana.pipeline import pipeline
from deploy.grafana.runbook import runbook
from deploy.grafana.workers import workers

FOLDER: Final = Path(__file__).parent / "dashboards"


def built() -> dict[str, str]:
    """Return the content of each file, by name."""
    encoder = JSONEncoder(sort_keys=True, indent=2)
    dashboards = {"events": events, "pipeline": pipeline, "model": model, "workers": workers, "runbook": runbook}
    return {f"{name}.json": encoder.encode(build().build()) + "\n" for name, build in dashboards.items()}


if __name__ == "__main__":
    for name, content in built().items():
        (FOLDER / name).write_text(content, encoding="utf-8")
