"""Judges a finished run for `detector replay` and `detector reports judge`: prints, writes files, decides the exit status."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from detector.cli.console import messages, output, print_table, visible
from detector.cli.judging_options import JudgingOptions
from detector.core.eventtypes import EVENT_TYPES
from detector.core.judging.drift import DriftReference, run_histograms
from detector.errors import UsageError
from detector.replay.archive import ARCHIVE_NAME, open_archive
from detector.replay.export import as_csv, as_json
from detector.replay.figures import Named, named_figures
from detector.replay.judgement import Judgement, Question, Reference, judge_run
from detector.replay.label_sources import Labels, read_labels
from detector.replay.live import LiveReader, require_topics
from detector.replay.page import replay_page
from detector.replay.runs import read_run
from detector.replay.shelf import FIGURES_NAME, REPORT_NAME
from detector.replay.thresholds import thresholds_file
from detector.replay.wording import Checked, notes, summary
from detector.report.extra import PAGES_MISSING, pages_available
from detector.report.numbers import number, rate
from detector.settings import Settings

_STANDARD_OUTPUT: Final = Path("-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What judging needs beside the run, read before the run begins so that a fault costs nothing."""

    options: JudgingOptions
    labels: Labels | None
    reference: Reference | None
    settings: Settings
    live_alerts: str | None
    """The topic of the live alerts, where times are to be read from it."""


def prepare(options: JudgingOptions, settings: Settings) -> Prepared:
    """Read labels and reference; raises `DetectorError` for what cannot work, before anything long begins."""
    if options.report and not pages_available():
        raise UsageError(PAGES_MISSING)
    labels = read_labels(options.labels, settings, options.events) if options.labels else None
    reference = None
    if isinstance(options.reference, str):
        path = run_folder(options.reference, settings) / ARCHIVE_NAME
        reference = Reference(histograms=drift_reference(path).histograms, description=f"run {path.parent.name}")
    live = None if options.live_alerts is None else options.live_alerts or settings.topics.alerts
    if live:
        require_topics(settings, live)
    return Prepared(options=options, labels=labels, reference=reference, settings=settings, live_alerts=live)


def judge_replay(archive: Path, prepared: Prepared, command: Sequence[str]) -> int:
    """Judge a run that is kept in an archive; returns the exit status: 1 when a requirement is not met, else 0.

    Keeps `figures.json` and, where the extra `report` is installed, `report.html` beside the archive.
    """
    options, labels = prepared.options, prepared.labels
    period = options.reference if isinstance(options.reference, tuple) else None
    with open_archive(archive) as connection:
        run = read_run(connection)
        live = None
        if prepared.live_alerts:
            live = LiveReader(prepared.settings, prepared.live_alerts, connection, run.models[-1].digest).times()
        judgement = judge_run(
            run,
            Question(
                labels=labels.by_article if labels else None,
                labels_source=labels.source if labels else None,
                label_warnings=labels.warnings if labels else (),
                thresholds=options.what_if,
                choosing=options.operating_point is not None,
                choice=options.operating_point[0] if options.operating_point else None,
                reference=prepared.reference or period,
                live=live,
            ),
        )
        figures = named_figures(judgement)
        checked = [
            Checked(rule=rule, value=figures[rule.figure].value, met=rule.holds(figures[rule.figure].value))
            for rule in options.require
        ]
        document = json.dumps(as_json(judgement, figures, checked), ensure_ascii=False, allow_nan=False)
        (archive.parent / FIGURES_NAME).write_text(document + "\n", encoding="utf-8")
        if pages_available():
            page = replay_page(connection, judgement, figures, checked, command)
            _write(archive.parent / REPORT_NAME, page)
            if options.report:
                _write(options.report, page)
    if options.json_file:
        _write(options.json_file, document + "\n")
    if options.csv_file:
        _write(options.csv_file, as_csv(judgement, figures))
    if options.write_thresholds:
        _write(options.write_thresholds, thresholds_file(judgement, figures))
    if not options.on_standard_output:
        _print(judgement, figures)
    return _say(judgement, prepared, checked, archive)


def run_folder(name: str, settings: Settings) -> Path:
    """Return the folder of a run that is named by its id or path; raises `UsageError` when there is none."""
    given = Path(name).parent if Path(name).name == ARCHIVE_NAME else Path(name)
    for folder in (given, settings.replay.runs_dir / name):
        if (folder / ARCHIVE_NAME).is_file():
            return folder
    where = settings.replay.runs_dir
    message = f"there is no run {name}, neither as a folder nor in {where}; `detector reports list` names them"
    raise UsageError(message)


def drift_reference(archive: Path) -> DriftReference:
    """Return the distributions of a kept run, by its last model."""
    with open_archive(archive) as connection:
        run = read_run(connection)
    if not len(run.articles):
        message = f"{archive.parent} holds no article: nothing can be measured against it"
        raise UsageError(message)
    answers, source = run.models[-1], run.meta.get("source") or {}
    named = Path(str(source.get("topic") or source.get("archive") or archive.parent)).name
    return DriftReference(
        model=answers.digest,
        thresholds={kind.value: value for kind, value in answers.thresholds.items()},
        description=f"{len(run.articles)} articles of {named}",
        histograms=run_histograms(run.articles, answers, np.arange(len(run.articles))),
    )


def _write(target: Path, text: str) -> None:
    if target == _STANDARD_OUTPUT:
        sys.stdout.write(text)
    else:
        target.write_text(text, encoding="utf-8")


def _print(judgement: Judgement, figures: Mapping[str, Named]) -> None:
    output().print(visible(summary(judgement, figures)), markup=False)
    labelled = bool(judgement.correctness)
    names = ("precision", "recall", "f1", "average_precision", "status_accuracy", "misses") if labelled else ()
    rows = []
    for kind in EVENT_TYPES:
        row = [
            kind.value,
            number(judgement.candidate.thresholds[kind], 4),
            f"{figures[f'{kind.value}_alerts'].value:.0f}",
        ]
        row.append(rate(figures[f"{kind.value}_alerts_per_day"].value))
        for name in names:
            value = figures[f"{kind.value}_{name}"].value
            row.append(number(value, 0 if name == "misses" else 3))
        if labelled:
            row.append(rate(figures[f"{kind.value}_false_alarms_per_day"].value))
        rows.append(row)
    headers = ["type", "threshold", "alerts", "a day", *(name.replace("_", " ") for name in names)]
    print_table([*headers, "false alarms a day"] if labelled else headers, rows)


def _say(judgement: Judgement, prepared: Prepared, checked: Sequence[Checked], archive: Path) -> int:
    options = prepared.options
    say = messages().print
    for warning in _own_notes(judgement):
        say(visible(f"warning: {warning}"), markup=False)
    for item in checked:
        found = "no value in this run" if item.value is None else f"{item.value:.4f}"
        say(f"{'met' if item.met else 'NOT met'}: {item.rule} ({found})", markup=False)
    written = [options.report, options.json_file, options.csv_file, options.write_thresholds]
    if pages_available():
        written.append(archive.parent / REPORT_NAME)
    for target in written:
        if target and target != _STANDARD_OUTPUT:
            say(visible(f"written: {target}"), markup=False)
    if not pages_available():
        say(f"No page was made: {PAGES_MISSING}", markup=False)
    return 0 if all(item.met for item in checked) else 1


def _own_notes(judgement: Judgement) -> list[str]:
    """What judging has to say; the run itself has told its own warnings."""
    told = {str(warning) for warning in judgement.run.meta.get("warnings") or ()}
    return [note for note in notes(judgement) if note not in told]
