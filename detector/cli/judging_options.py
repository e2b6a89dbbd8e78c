"""The options by which a command judges a run, and their types; each is checked before the long work begins."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.judging.rules import Rule, RuleError, parse_choice, parse_rule
from detector.core.parsing import parse_time
from detector.replay.figures import figure_names

_KINDS: Final = ", ".join(EVENT_TYPES)


class ThresholdType(click.ParamType):
    """`TYPE=SHARE`, like `atrocity=0.7`."""

    name = "TYPE=SHARE"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[EventType, float]:
        """Read the option's value."""
        if isinstance(value, tuple):
            return value
        kind, _, share = str(value).partition("=")
        try:
            threshold = float(share)
        except ValueError:
            threshold = 0.0
        if kind not in EVENT_TYPES or not 0 < threshold <= 1:
            self.fail(f"{value!r} is no threshold like atrocity=0.7; types are {_KINDS}", param, ctx)
        return EventType(kind), threshold


class RequirementType(click.ParamType):
    """`FIGURE>=NUMBER`, like `macro_f1>=0.85`."""

    name = "FIGURE>=NUMBER"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Rule:
        """Read the option's value; a figure that does not exist is refused."""
        if isinstance(value, Rule):
            return value
        try:
            rule = parse_rule(str(value))
        except RuleError as error:
            self.fail(str(error), param, ctx)
        known = figure_names()
        if rule.figure not in known:
            self.fail(f"there is no figure {rule.figure}; {_alike(rule.figure, known)}", param, ctx)
        return rule


class ChoiceType(click.ParamType):
    """`f1`, or a rule on a figure of the threshold sweep; given as a tuple, so that `f1` is not taken for none."""

    name = "RULE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Rule | None]:
        """Read the option's value."""
        if isinstance(value, tuple):
            return value
        try:
            return (parse_choice(str(value)),)
        except RuleError as error:
            self.fail(str(error), param, ctx)


class ReferenceType(click.ParamType):
    """`FROM/TO`, two times; or the folder or id of another run."""

    name = "FROM/TO|RUN"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[datetime, datetime] | str:
        """Read the option's value; what is no pair of times names a run."""
        if isinstance(value, tuple):
            return value
        text = str(value)
        first, separator, last = text.partition("/")
        start, end = parse_time(first), parse_time(last)
        if separator and start and end:
            if start >= end:
                self.fail(f"{text}: the period ends before it begins", param, ctx)
            return start, end
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgingOptions:
    """What was asked for; the fields are the options of `judging_options`."""

    labels: str | None = None
    events: Path | None = None
    thresholds: tuple[tuple[EventType, float], ...] = ()
    operating_point: tuple[Rule | None] | None = None
    write_thresholds: Path | None = None
    reference: tuple[datetime, datetime] | str | None = None
    live_alerts: str | None = None
    report: Path | None = None
    json_file: Path | None = None
    csv_file: Path | None = None
    require: tuple[Rule, ...] = ()

    @property
    def what_if(self) -> Mapping[EventType, float]:
        """The thresholds asked for, by type."""
        return dict(self.thresholds)

    @property
    def on_standard_output(self) -> bool:
        """Whether standard output is for a program, so that nothing else may stand there."""
        return Path("-") in (self.json_file, self.csv_file)


_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_OPTIONS: Final = (
    click.option(
        "--labels",
        metavar="FILE|topic:NAME",
        help="What is true: JSON Lines or a topic of article id, types, status. Articles without labels are not judged.",
    ),
    click.option("--events", type=_FILE, help="Which articles report one event: lines of article_id, type, event_id."),
    click.option(
        "--threshold",
        "thresholds",
        type=ThresholdType(),
        multiple=True,
        help="What if, like atrocity=0.7, of scores already computed. Repeatable.",
    ),
    click.option(
        "--operating-point",
        type=ChoiceType(),
        help="Choose each type's threshold: f1, or a rule like 'false_alarms_per_day<=2' or 'precision>=0.9'.",
    ),
    click.option(
        "--write-thresholds", type=_FILE, help="Write the thresholds of --threshold or --operating-point as settings."
    ),
    click.option(
        "--reference",
        type=ReferenceType(),
        help="What drift is against: a period FROM/TO of this run, or another run. Default: its first quarter.",
    ),
    click.option(
        "--live-alerts",
        is_flag=False,
        flag_value="",
        metavar="[TOPIC]",
        help="Read from the live topics what workers took from arrival to alert. Default: DETECTOR_TOPICS__ALERTS.",
    ),
    click.option("--report", type=_FILE, help="Write the report to this file too (.html); it is kept with the run."),
    click.option(
        "--json",
        "json_file",
        type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
        help="Write everything judged as one JSON object; - is standard output.",
    ),
    click.option(
        "--csv",
        "csv_file",
        type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
        help="Write the figures as CSV, one a line; - is standard output.",
    ),
    click.option(
        "--require",
        type=RequirementType(),
        multiple=True,
        help="Exit 1 unless it holds, like 'macro_f1>=0.85'. Repeatable; --json lists the figures.",
    ),
)


def judging_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the judging options; it takes them as one argument, `judging`."""
    names = [item.name for item in fields(JudgingOptions)]

    @wraps(command)
    def collected(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401 - click's
        judging = JudgingOptions(**{name: options.pop(name) for name in names})
        if judging.write_thresholds and not (judging.thresholds or judging.operating_point):
            message = "--write-thresholds has nothing to write: choose with --threshold or --operating-point"
            raise click.UsageError(message)
        if judging.events and not judging.labels:
            raise click.UsageError("--events groups labelled articles: it needs --labels")
        return command(*arguments, judging=judging, **options)

    for option in reversed(_OPTIONS):
        collected = option(collected)
    return collected


def _alike(name: str, known: frozenset[str]) -> str:

    close = difflib.get_close_matches(name, known, n=3)
    return f"did you mean {' or '.join(close)}?" if close else "`--json -` lists them all"
