"""Puts a judgement on a page: the sentence on top, the tiles, the plots and the provenance."""

import shlex
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any, Final

from detector.core.eventtypes import EVENT_TYPES
from detector.core.judging.comparison import SIGNIFICANT
from detector.core.judging.delays import INGESTED_TO_ALERT, PUBLISHED_TO_ALERT
from detector.core.resampling import draws_for
from detector.replay.breakdown import by_country, by_outlet, timeline
from detector.replay.examples import changes, mistakes
from detector.replay.figures import Named, correctness_of
from detector.replay.judgement import Compared, Judgement
from detector.replay.wording import Checked, judged_share, notes, summary, title_of
from detector.report import numbers

MOST_EVENTS: Final = 200


def replay_page(
    connection: sqlite3.Connection,
    judgement: Judgement,
    figures: Mapping[str, Named],
    requirements: Sequence[Checked],
    command: Sequence[str],
) -> str:
    """Return the whole report as one HTML page; `command` is what was typed, last of all to judge."""
    run, right = judgement.run, correctness_of(judgement)
    meta = {"partial": False, "partial_reason": None, **run.meta}
    line, times = timeline(judgement), run.articles.times
    from detector.report import pages  # noqa: PLC0415 - the extra `report` is needed for pages alone

    return pages.render(
        "replay.html",
        title=title_of(run),
        summary=summary(judgement, figures),
        notes=notes(judgement),
        tiles=_tiles(judgement, figures),
        requirements=requirements,
        judgement=judgement,
        right=right,
        figures=figures,
        article_count=len(run.articles),
        judged=judged_share(judgement),
        resamples=draws_for(int(judgement.truth.judged.sum())) if judgement.truth else 0,
        plots=_plots(judgement, line),
        timeline_caption=_timeline_caption(judgement),
        sweep={
            kind: [
                point
                for point in points
                if round(point.threshold * 100) % 5 == 0 or point.threshold == judgement.candidate.thresholds[kind]
            ]
            for kind, points in judgement.sweep.items()
        },
        events=judgement.events[:MOST_EVENTS],
        times={event.first_row: _known(times[event.first_row]) for event in judgement.events[:MOST_EVENTS]},
        compared=[_compared(connection, judgement, item) for item in judgement.compared],
        outlets=by_outlet(judgement),
        countries=by_country(judgement),
        mistakes=mistakes(connection, judgement),
        command=shlex.join(command),
        provenance=_provenance(judgement),
        partitions=[_partition(item) for item in (meta.get("source") or {}).get("partitions") or ()],
        settings=sorted((meta.get("settings") or {}).items()),
        meta=meta,
    )


def _known(value: float) -> float | None:
    return None if value != value else float(value)  # noqa: PLR0124 - NaN


def _tiles(judgement: Judgement, figures: Mapping[str, Named]) -> list[dict[str, str]]:
    def interval(name: str, decimals: int = 2) -> str:
        item = figures[name]
        return (
            "" if item.low is None else f"{numbers.number(item.low, decimals)} to {numbers.number(item.high, decimals)}"
        )

    run = judgement.run
    tiles = [
        ("articles", numbers.count(len(run.articles)), f"in {numbers.number(judgement.days, 1)} days"),
        (
            "alerts a day",
            numbers.rate(figures["alerts_per_day"].value),
            f"{numbers.count(figures['alerts'].value)} in all",
        ),
    ]
    if judgement.correctness:
        tiles += [
            ("macro F1", numbers.number(figures["macro_f1"].value), interval("macro_f1")),
            ("precision, macro", numbers.number(figures["macro_precision"].value), interval("macro_precision")),
            ("recall, macro", numbers.number(figures["macro_recall"].value), interval("macro_recall")),
            (
                "false alarms a day",
                numbers.rate(figures["false_alarms_per_day"].value),
                f"{numbers.count(figures['false_alarms'].value)} in all",
            ),
            ("status right", numbers.percent(figures["status_accuracy"].value), "where the type is"),
        ]
    for name in (PUBLISHED_TO_ALERT, INGESTED_TO_ALERT):
        delay = figures[f"{name}_median_seconds"]
        if delay.value is not None:
            tiles.append((name.replace("_", " "), numbers.duration(delay.value), "median"))
    return [{"name": name, "value": value, "detail": detail} for name, value, detail in tiles]


def _plots(judgement: Judgement, line: Any) -> dict[str, str | None]:  # noqa: ANN401 - a Timeline or None
    from detector.report import plots  # noqa: PLC0415 - as above

    thresholds, times = judgement.candidate.thresholds, judgement.run.articles.times
    events = {
        kind: [
            (float(times[event.first_row]), event.alert_row is not None)
            for event in judgement.events
            if event.type == kind and times[event.first_row] == times[event.first_row]
        ]
        for kind in EVENT_TYPES
    }
    counts = {name: getattr(line, name) for name in ("right", "wrong", "unjudged", "missed")} if line else {}
    labelled = bool(judgement.correctness)
    return {
        "precision_recall": plots.precision_recall_plot(judgement.curves, thresholds) if labelled else None,
        "reliability": plots.reliability_plot(judgement.reliability) if labelled else None,
        "sweep": plots.sweep_plot(judgement.sweep, thresholds) if labelled else None,
        "scores": plots.score_plot(judgement.candidate.scores),
        "delays": plots.delay_plot({name: delay for name, delay in judgement.delays.items() if delay}),
        "drift": plots.drift_plot(judgement.drift) if judgement.drift else None,
        "timeline": plots.timeline_plot(line.edges, counts, events) if line else None,
    }


def _timeline_caption(judgement: Judgement) -> str:
    caption = "Alerts by the arrival of their article."
    if judgement.correctness:
        caption += " Misses hang below the line."
    if judgement.events:
        caption += " A triangle is the first article of an event, hollow when the event was never told."
    return caption


def _compared(connection: sqlite3.Connection, judgement: Judgement, item: Compared) -> dict[str, Any]:
    first, second = judgement.variants[item.first], judgement.variants[item.second]
    costs = [
        f"{1000 * answers.seconds / len(judgement.run.articles):.2f} ms" if answers.seconds else None
        for answers in (first, second)
    ]
    told = (
        f"{len(item.comparison.gained):,} alerts gained, {len(item.comparison.lost):,} lost, "
        f"{len(item.comparison.changed):,} with another status or country; in {numbers.percent(item.comparison.agreement, 1)} "
        "of the articles both see the same types."
    )
    if all(costs) and first.digest != second.digest:
        told += f" Processor time an article: {costs[0]} and {costs[1]}."
    clear = item.deltas.get("clear")
    if clear:
        delta = clear["macro"]["f1"]
        verdict = "more than chance" if delta.p < SIGNIFICANT else "not more than chance would give"
        told += f" Macro F1 differs by {numbers.signed(delta.value)} (p {numbers.chance(delta.p)}): {verdict}."
    return {
        "title": f"{second.name} against {first.name}",
        "names": [first.name, second.name],
        "summary": told,
        "deltas": clear,
        "kappa": {kind.value: value for kind, value in item.comparison.kappa.items()},
        "examples": changes(connection, judgement, item),
    }


def _provenance(judgement: Judgement) -> list[tuple[str, str]]:
    meta = judgement.run.meta
    asked = {name: value for name, value in (meta.get("asked") or {}).items() if value not in (None, [], {})}
    rows = [
        ("run", str(meta.get("run_id", ""))),
        ("replayed by", shlex.join(str(word) for word in meta.get("command") or ())),
        ("began, ended", f"{meta.get('started_at')}, {meta.get('ended_at')}"),
        ("asked for", ", ".join(f"{name} {value}" for name, value in asked.items()) or "everything"),
        ("labels", judgement.question.labels_source or "none"),
        ("live times from", judgement.question.live.source if judgement.question.live else "none"),
        ("drift reference", judgement.drift_reference or "none"),
    ]
    source = meta.get("source") or {}
    rows += [(name, str(value)) for name, value in source.items() if name != "partitions"]
    return [(name, value) for name, value in rows if value]


def _partition(item: Mapping[str, Any]) -> dict[str, Any]:
    blank = dict.fromkeys(("partition", "from_offset", "to_offset", "first_timestamp", "last_timestamp", "note"))
    shown: dict[str, Any] = {**blank, **item}
    for name in ("first_timestamp", "last_timestamp"):
        if isinstance(shown[name], int | float):
            shown[name] = numbers.moment(shown[name])
    return shown
