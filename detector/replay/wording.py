"""What is said of a run in words: its title, the one sentence, what to know before trusting the figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from detector.core.judging.rules import Rule
from detector.replay.figures import Named
from detector.replay.judgement import Judgement
from detector.replay.runs import Run
from detector.report import numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A requirement and what was found."""

    rule: Rule
    value: float | None
    met: bool


def title_of(run: Run) -> str:
    """Name a run by what it read."""
    source = run.meta.get("source") or {}
    name = source.get("topic") or source.get("archive") or source.get("file") or "history"
    times = run.articles.times[run.articles.times == run.articles.times]
    if not len(times):
        return f"Replay of {name}"
    return f"Replay of {name}, {_day(times.min())} to {_day(times.max())}"


def summary(judgement: Judgement, figures: Mapping[str, Named]) -> str:
    """Say in one sentence what came out."""
    name, articles = judgement.candidate.name, len(judgement.run.articles)
    a_day = numbers.rate(figures["alerts_per_day"].value)
    if not judgement.correctness:
        return (
            f"{name} raises {numbers.count(figures['alerts'].value)} alerts on {articles:,} articles, {a_day} a day; "
            "without labels nothing about correctness follows."
        )
    precision, recall = figures["macro_precision"].value, figures["macro_recall"].value
    told = (
        f"{name} finds {numbers.percent(recall)} of what is there and is right in {numbers.percent(precision)} of its "
        f"alerts (means of the four types; macro F1 {numbers.number(figures['macro_f1'].value)}), with "
        f"{numbers.rate(figures['false_alarms_per_day'].value)} false alarms a day among the judged articles"
    )
    delay = figures["published_to_alert_median_seconds"].value
    return told + (f"; half of its alerts come within {numbers.duration(delay)} of publication." if delay else ".")


def notes(judgement: Judgement) -> list[str]:
    """Say what a reader must know before trusting the figures."""
    found = [str(warning) for warning in judgement.run.meta.get("warnings") or ()]
    found += judgement.question.label_warnings
    found += judgement.question.live.notes if judgement.question.live else ()
    truth, labels = judgement.truth, judgement.question.labels
    if labels is not None and truth is None:
        found.append(f"None of the {len(labels):,} labels is about an article of this run, so nothing could be judged.")
    if truth is not None and truth.unknown_articles:
        found.append(
            f"{truth.unknown_articles:,} labels are about articles that the run has not read; they count for nothing."
        )
    if truth is not None and truth.repeated:
        found.append(f"{truth.repeated:,} labelled articles were sent again later; their last version is judged.")
    if judgement.run.unscored:
        found.append(
            f"{judgement.run.unscored:,} answers are missing: a model could not score an article; it counts as silent."
        )
    arrived = judgement.run.articles.ingested
    if len(arrived) and np.isnan(arrived).all():
        found.append("No article has a time of arrival: delays are unknown, and days are those of publication.")
    if judgement.days == 1.0:
        found.append("The articles span a day or less: rates a day are of one day.")
    return found


def judged_share(judgement: Judgement) -> str:
    """Say how much of the run has labels; empty when nothing has."""
    truth = judgement.truth
    if truth is None:
        return ""
    judged, articles = int(truth.judged.sum()), len(judgement.run.articles)
    return (
        f"{judged:,} of {articles:,} articles ({numbers.percent(judged / articles)}) have labels and are judged; the others "
        "count neither for nor against."
    )


def _day(epoch_seconds: float) -> str:
    return f"{datetime.fromtimestamp(epoch_seconds, UTC):%Y-%m-%d}"
