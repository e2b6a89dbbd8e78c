"""Writes a judgement for programs: one JSON object with everything, or CSV with one figure a line."""

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from detector.core.eventtypes import EVENT_TYPES
from detector.core.judging.comparison import Comparison, Pair
from detector.core.judging.delays import DELAY_EDGES
from detector.replay.breakdown import Row, Table, by_country, by_outlet
from detector.replay.figures import Named, correctness_of
from detector.replay.judgement import Judgement
from detector.replay.wording import Checked, notes, summary, title_of

SCHEMA_VERSION: Final = 1
CSV_COLUMNS: Final = ("section", "item", "figure", "value", "low", "high", "p")


def as_json(judgement: Judgement, figures: Mapping[str, Named], requirements: Sequence[Checked]) -> dict[str, Any]:
    """Return everything that the page shows but the articles themselves; unknown values are null, times epoch seconds."""
    right, meta, ids = correctness_of(judgement), judgement.run.meta, judgement.run.articles.ids
    document = {
        "schema_version": SCHEMA_VERSION,
        "title": title_of(judgement.run),
        "summary": summary(judgement, figures),
        "notes": notes(judgement),
        "run": {name: value for name, value in meta.items() if name != "settings"},
        "labels": judgement.question.labels_source if judgement.truth else None,
        "drift_reference": judgement.drift_reference,
        "variants": [
            {"name": item.name, "digest": item.digest, "thresholds": _by_name(item.thresholds)}
            for item in judgement.variants
        ],
        "figures": {name: _figure(item) for name, item in figures.items()},
        "requirements": [{"rule": str(item.rule), "value": item.value, "met": item.met} for item in requirements],
        "detection": _plain(right.scores) if right else None,
        "confusion": right.confusion if right else None,
        "status_confusion": _by_name(right.status_confusion) if right else None,
        "precision_recall": _points(judgement.curves),
        "reliability": _points(judgement.reliability),
        "sweep": _points(judgement.sweep),
        "delay_edges_seconds": DELAY_EDGES,
        "delays": {name: asdict(item) if item else None for name, item in judgement.delays.items()},
        "live_source": judgement.question.live.source if judgement.question.live else None,
        "events": [
            {
                "type": event.type.value,
                "event_id": event.event_id,
                "articles": event.articles,
                "first_article": ids[event.first_row],
                "alert_article": None if event.alert_row is None else ids[event.alert_row],
                "articles_before_alert": event.before,
                "arrival_delay_seconds": event.arrival_delay,
                "publication_delay_seconds": event.publication_delay,
            }
            for event in judgement.events
        ],
        "comparisons": [_comparison(judgement, number) for number in range(len(judgement.compared))],
        "drift": [asdict(day) for day in judgement.drift],
        "outlets": _table(by_outlet(judgement)),
        "countries": _table(by_country(judgement)),
        "rejected": dict(judgement.run.rejected),
    }
    cleaned: dict[str, Any] = _finite(document)
    return cleaned


def as_csv(judgement: Judgement, figures: Mapping[str, Named]) -> str:
    """Return the figures in long form: `CSV_COLUMNS`, empty where a value is unknown or has no interval."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for row in _rows(judgement, figures):
        writer.writerow(["" if value is None else value for value in _finite(list(row))])
    return buffer.getvalue()


def _rows(judgement: Judgement, figures: Mapping[str, Named]) -> Iterator[tuple[object, ...]]:
    yield from (("figures", "", item.name, item.value, item.low, item.high, item.p) for item in figures.values())
    for section, item_name, values in _counted(judgement):
        yield from ((section, item_name, name, value, None, None, None) for name, value in values.items())


def _counted(judgement: Judgement) -> Iterator[tuple[str, object, Mapping[str, object]]]:
    """Give section, item and values of everything that has no interval."""
    for kind, points in judgement.sweep.items():
        for point in points:
            yield f"sweep {kind.value}", point.threshold, _without(asdict(point), "threshold")
    right = correctness_of(judgement)
    yield from (("confusion", labelled, fired) for labelled, fired in (right.confusion if right else {}).items())
    for name, delay in judgement.delays.items():
        if delay is None:
            continue
        bins = zip(DELAY_EDGES, delay.histogram, strict=True)
        yield "delays", name, {f"from_{edge:g}_seconds": count for edge, count in bins}
    yield from (("drift", day.day, day.index) for day in judgement.drift)
    for section, table in (("outlets", by_outlet(judgement)), ("countries", by_country(judgement))):
        yield from ((section, _text(row.name), _row(row)) for row in table.rows)


def _text(cell: str) -> str:
    """A cell that a spreadsheet takes for text and not for a formula (OWASP: CSV injection)."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _comparison(judgement: Judgement, number: int) -> dict[str, Any]:
    item, ids = judgement.compared[number], judgement.run.articles.ids
    return {
        "first": judgement.variants[item.first].name,
        "second": judgement.variants[item.second].name,
        "agreement": item.comparison.agreement,
        "kappa": _by_name(item.comparison.kappa),
        "deltas": _plain(item.deltas),
        **{
            name: [{"article_id": ids[row], "type": EVENT_TYPES[column].value} for row, column in pairs]
            for name, pairs in _changes(item.comparison).items()
        },
    }


def _changes(comparison: Comparison) -> dict[str, Sequence[Pair]]:
    return {"gained": comparison.gained, "lost": comparison.lost, "changed": comparison.changed}


def _table(table: Table) -> dict[str, Any]:
    return {"rows": [{"name": row.name, **_row(row)} for row in table.rows], "others": table.others}


def _row(row: Row) -> dict[str, int | None]:
    counts: dict[str, int | None] = {"articles": row.articles, **_by_name(row.alerts)}
    counts |= {"false_alarms": row.false_alarms, "misses": row.misses}
    return {name: value for name, value in counts.items() if value is not None}


def _points(by_type: Mapping[Any, Sequence[Any]]) -> dict[str, list[dict[str, Any]]]:
    return {kind.value: [asdict(point) for point in points] for kind, points in by_type.items()}


def _by_name(by_type: Mapping[Any, Any]) -> dict[str, Any]:
    return {kind.value: value for kind, value in by_type.items()}


def _plain(tables: Mapping[str, Any]) -> dict[str, Any]:
    """Dataclasses inside nested mappings as mappings."""
    return {name: _plain(value) if isinstance(value, dict) else asdict(value) for name, value in tables.items()}


def _without(fields: dict[str, Any], left_out: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name != left_out}


def _figure(item: Named) -> dict[str, float | None]:
    """The value, null when unknown, and what is known of its certainty."""
    extras = {"low": item.low, "high": item.high, "p": item.p}
    return {"value": item.value, **{name: value for name, value in extras.items() if value is not None}}


def _finite(value: Any) -> Any:  # noqa: ANN401 - JSON
    """NaN and infinities, which JSON does not have, become null."""
    if isinstance(value, Mapping):
        return {str(name): _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
