"""`detector reports`: past replays, the page that compares them, and judging one again without replaying."""

import sys
import webbrowser
from pathlib import Path
from typing import Final

import click

from detector.cli.console import messages, output, print_table, visible
from detector.cli.judging_options import JudgingOptions, judging_options
from detector.cli.options import settings_for
from detector.cli.replay_judging import drift_reference, judge_replay, prepare, run_folder
from detector.core.judging.drift import reference_to_json
from detector.errors import UsageError
from detector.replay.archive import ARCHIVE_NAME
from detector.replay.shelf import INDEX_NAME, REPORT_NAME, past_runs
from detector.report.extra import PAGES_MISSING, pages_available
from detector.report.numbers import count, number, rate
from detector.settings import Settings

_COLUMNS: Final = {
    "articles": "articles",
    "alerts_per_day": "alerts a day",
    "macro_f1": "macro F1",
    "macro_precision": "precision",
    "macro_recall": "recall",
    "false_alarms_per_day": "false alarms a day",
}
_WHOLE: Final = ("articles",)


@click.group(epilog="Example: detector reports list")
def reports() -> None:
    """Show past replays; they are kept in DETECTOR_REPLAY__RUNS_DIR."""


@reports.command("list", epilog="Example: detector reports list")
def list_runs() -> None:
    """List the runs, newest first, with the figures of those that were judged."""
    rows = [
        (
            run.folder.name,
            run.problem or ("partial" if run.partial else "whole"),
            run.source,
            " ".join(run.models),
            run.labels or "",
            *(_written(name, run.figures.get(name)) for name in _COLUMNS),
        )
        for run in past_runs(settings_for(None).replay.runs_dir)
    ]
    headers = ("run", "state", "source", "models", "labels", *_COLUMNS.values())
    print_table(headers, [tuple(visible(cell) for cell in row) for row in rows])


@reports.command("open", epilog="Example: detector reports open --print")
@click.argument("run", required=False)
@click.option("--print", "print_only", is_flag=True, help="Say where the page is instead of opening it.")
def open_page(run: str | None, print_only: bool) -> None:  # noqa: FBT001 click passes flags so
    """Open the page that compares all runs, or the report of one RUN, in the web browser."""
    settings = settings_for(None)
    page = run_folder(run, settings) / REPORT_NAME if run else _index(settings)
    if not page.is_file():
        message = f"{run} has no report yet; `detector reports judge {run}` makes one"
        raise UsageError(message)
    output().print(visible(str(page)), markup=False)
    if not print_only and not webbrowser.open(page.resolve().as_uri()):
        raise UsageError("no web browser was found; open the page named above yourself, or use --print")


@reports.command(epilog="Example: detector reports judge 20260301T120000Z-1a2b3c --labels labels.jsonl")
@click.argument("run")
@judging_options
def judge(run: str, judging: JudgingOptions) -> int:
    """Judge a kept RUN again: other labels, thresholds or requirements, on the scores it has."""
    settings = settings_for(None)
    return judge_replay(
        run_folder(run, settings) / ARCHIVE_NAME, prepare(judging, settings), ["detector", *sys.argv[1:]]
    )


@reports.command(epilog="Example: detector reports reference 20260301T120000Z-1a2b3c -o reference.json")
@click.argument("run")
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file to write.",
)
def reference(run: str, target: Path) -> None:
    """Make a RUN the reference of a worker's drift metrics: how its model answered about news it is trusted on.

    A worker takes the file by DETECTOR_DRIFT__REFERENCE_FILE. Of a comparison the second model counts.
    """
    path = run_folder(run, settings_for(None)) / ARCHIVE_NAME
    made = drift_reference(path)
    target.write_text(reference_to_json(made), encoding="utf-8")
    messages().print(visible(f"written: {target}: {made.articles:,} articles, model {made.model}"), markup=False)


def _index(settings: Settings) -> Path:
    if not pages_available():
        raise UsageError(PAGES_MISSING)
    from detector.report.pages import render  # noqa: PLC0415 - the extra `report` is needed for pages alone

    folder = settings.replay.runs_dir
    folder.mkdir(parents=True, exist_ok=True)
    page = folder / INDEX_NAME
    text = render("runs.html", title="Replays", runs=past_runs(folder), columns=_COLUMNS, whole=_WHOLE)
    page.write_text(text, encoding="utf-8")
    return page


def _written(name: str, value: float | None) -> str:
    if value is None:
        return ""
    return count(value) if name in _WHOLE else rate(value) if name.endswith("_per_day") else number(value)
