"""Renders an evaluation as one self-contained HTML page. Pure: figures in, text out."""

from collections.abc import Mapping, Sequence
from html import escape

from detector.core.evaluation import MODES, Evaluation
from detector.core.eventtypes import EVENT_TYPES
from detector.core.pairs import PairScore
from detector.core.resampling import Figure

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
table{border-collapse:collapse;margin:1rem 0}th,td{padding:.3rem .7rem;text-align:right;border-bottom:1px solid #ddd}
th:first-child,td:first-child{text-align:left}small{color:#666}li{margin:.4rem 0}
.miss{color:#9a3b00}.alarm{color:#7a0026}"""


def render_html(
    title: str,
    evaluations: Mapping[str, Evaluation],
    pairs: Mapping[str, PairScore],
    notes: Sequence[str],
) -> str:
    """Return the page: a table per detector, minimal pairs, notes, and the mistakes of the first detector with their text."""
    parts = [f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title><style>{_STYLE}</style>"]
    parts.append(f"<h1>{escape(title)}</h1>")
    for name, evaluation in evaluations.items():
        parts.append(f"<h2>{escape(name)}</h2>")
        parts += [_score_table(evaluation, mode) for mode in MODES]
        parts.append(_quality_table(evaluation))
    if pairs:
        parts.append(_pair_table(pairs))
    if notes:
        parts.append("<h2>Notes</h2><ul>" + "".join(f"<li>{escape(note)}" for note in notes) + "</ul>")
    first = next(iter(evaluations.values()), None)
    if first is not None:
        parts.append(_mistakes(first))
    return "\n".join(parts) + "</html>\n"


def _score_table(evaluation: Evaluation, mode: str) -> str:
    head = "<tr><th>labels: " + mode + "<th>positives<th>precision<th>recall<th>F1<th>average precision</tr>"
    rows = [
        f"<tr><td>{name}<td>{row.positives}"
        + "".join(f"<td>{_cell(figure)}" for figure in (row.precision, row.recall, row.f1, row.average_precision))
        + "</tr>"
        for name, row in evaluation.scores[mode].items()
    ]
    return f"<table>{head}{''.join(rows)}</table>"


def _quality_table(evaluation: Evaluation) -> str:
    head = "<tr><th>where the type is right<th>found<th>status right<th>evidence hit<th>calibration error (all)</tr>"
    rows = [
        f"<tr><td>{kind.value}<td>{item.found}<td>{item.status_accuracy:.3f}<td>{item.evidence_hit_rate:.3f}"
        f"<td>{item.calibration_error:.3f}</tr>"
        for kind, item in ((kind, evaluation.quality[kind]) for kind in EVENT_TYPES)
    ]
    return f"<table>{head}{''.join(rows)}</table>"


def _pair_table(pairs: Mapping[str, PairScore]) -> str:
    rows = [
        f"<tr><td>{escape(rule)}<td>{score.pairs}<td>{score.both_right / score.pairs:.2f}"
        f"<td>{score.sides_right / (2 * score.pairs):.2f}</tr>"
        for rule, score in pairs.items()
    ]
    head = "<tr><th>rule<th>pairs<th>both sides right<th>sides right</tr>"
    return f"<h2>Minimal pairs</h2><table>{head}{''.join(rows)}</table>"


def _mistakes(evaluation: Evaluation) -> str:
    items: list[str] = []
    for kind in EVENT_TYPES:
        for mistake in sorted(evaluation.mistakes, key=lambda item: (item.expected, -item.confidence)):
            if mistake.type != kind:
                continue
            name = "missed" if mistake.expected else "false alarm"
            unsure = ", unsure label" if mistake.ambiguous else ""
            items.append(
                f"<li class={'miss' if mistake.expected else 'alarm'}>{kind.value}, {name}{unsure}, confidence "
                f"{mistake.confidence:.2f} <small>{escape(mistake.article_id)}</small><br>{escape(mistake.sentence)}"
            )
    return f"<h2>Mistakes ({len(items)})</h2><ul>{''.join(items)}</ul>"


def _cell(figure: Figure) -> str:
    return f"{figure.value:.3f} <small>{figure.low:.2f} to {figure.high:.2f}</small>"
