"""The folder of past runs: what each read and how it was judged, newest first."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from detector.errors import UsageError
from detector.replay.archive import ARCHIVE_NAME, open_archive, read_meta

REPORT_NAME: Final = "report.html"
FIGURES_NAME: Final = "figures.json"
INDEX_NAME: Final = "index.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRun:
    """One run on the shelf. `title` and `figures` are there once it has been judged, `problem` when it cannot be read."""

    folder: Path
    started_at: str
    partial: bool
    source: str
    models: tuple[str, ...]
    title: str | None
    labels: str | None
    figures: dict[str, float | None]
    problem: str | None = None

    @property
    def page(self) -> Path | None:
        """The run's report, if there is one."""
        page = self.folder / REPORT_NAME
        return page if page.is_file() else None


def past_runs(folder: Path) -> list[PastRun]:
    """Return the runs in a folder, newest first; one that cannot be read says why."""
    if not folder.is_dir():
        return []
    runs = [_run(path.parent) for path in folder.glob(f"*/{ARCHIVE_NAME}")]
    return sorted(runs, key=lambda run: (run.started_at, run.folder.name), reverse=True)


def _run(folder: Path) -> PastRun:
    meta: dict[str, Any] = {}
    judged: dict[str, Any] = {}
    problem = None
    try:
        with open_archive(folder / ARCHIVE_NAME) as connection:
            meta = read_meta(connection)
        if (folder / FIGURES_NAME).is_file():
            judged = json.loads((folder / FIGURES_NAME).read_text(encoding="utf-8"))
    except (UsageError, ValueError) as error:
        problem = str(error)
    source = meta.get("source") or {}
    return PastRun(
        folder=folder,
        started_at=str(meta.get("started_at") or ""),
        partial=bool(meta.get("partial")),
        source=str(source.get("topic") or source.get("archive") or source.get("file") or ""),
        models=tuple(str(model.get("digest")) for model in meta.get("models") or ()),
        title=judged.get("title"),
        labels=judged.get("labels"),
        figures={name: item.get("value") for name, item in (judged.get("figures") or {}).items()},
        problem=problem,
    )
