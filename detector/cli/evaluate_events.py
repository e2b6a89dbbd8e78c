"""`detector evaluate --events`: measures correlation on judged events and shows what was put together or parted wrongly."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from detector.article_files import open_maybe_gzip
from detector.cli.console import progress, visible
from detector.core.correlation.bcubed import BCubed
from detector.core.correlation.evaluation import EventEvaluation, Item, detections_of, evaluate_events
from detector.core.correlation.judged import Membership, read_memberships
from detector.core.correlation.rules import Rules
from detector.core.detect import Detector
from detector.core.labelled import LabelledDataError
from detector.core.parsing import parse_article
from detector.core.records import Article
from detector.errors import UsageError
from detector.loading import load_classifier, load_families, load_places, load_weights

_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""Stands for the time of detection, which must not date an undated article."""
_BESIDE: Final = ("dev.jsonl", "train.jsonl", "pool.jsonl.gz", "../news/pool.jsonl.gz")
_TITLE_CHARS: Final = 70


def measure_events(events: Path, articles: Sequence[Path], model: Path | None, console: Console) -> None:
    """Measure and print. Raises `LabelledDataError` or `UsageError` for files that do not fit together."""
    memberships = read_memberships(events.read_bytes(), str(events))
    files = list(articles) or [path for name in _BESIDE if (path := events.parent / name).is_file()]
    known = _articles(files, {item.article_id for item in memberships})
    missing = sorted({item.article_id for item in memberships} - known.keys())
    if missing:
        where = ", ".join(map(str, files)) or f"beside {events}"
        message = f"{len(missing)} articles of {events} are not in {where}, {missing[0]} among them; use --articles"
        raise UsageError(message)
    classifier = load_classifier(model)
    detector = Detector(classifier=classifier, places=load_places(), weights=load_weights())
    with progress("grouping the judged articles, and again for each choice of thresholds", None):
        detections = detections_of(memberships, known, detector, classifier, detected_at=_NEVER)
        result = evaluate_events(memberships, detections, Rules(), load_families())
    _print_scores(console, result)
    _print_pairs(console, result, memberships, known)


def _articles(files: Iterable[Path], wanted: set[str]) -> dict[str, Article]:
    found: dict[str, Article] = {}
    for file in files:
        with open_maybe_gzip(file) as stream:
            for number, line in enumerate(stream, 1):
                if not line.strip():
                    continue
                try:
                    name = json.loads(line)["id"]
                except (ValueError, TypeError, KeyError) as error:
                    raise LabelledDataError(str(file), number, None, f"no article: {error}") from None
                if name in wanted and name not in found and isinstance(article := parse_article(line), Article):
                    found[name] = article
    return found


def _print_scores(console: Console, result: EventEvaluation) -> None:
    total = result.scores["all"]
    table = Table(title=f"B-cubed, {total.items} articles in {result.events} events", title_justify="left")
    for heading in ("what", "articles", "precision", "recall", "F1"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    rows: list[tuple[str, BCubed]] = [
        *result.scores.items(),
        *(
            (f"other half, alike {fold.alike:g} and gaps x {fold.gap:g} chosen on the one", fold.measured)
            for fold in result.folds
        ),
        ("baseline: each article alone", result.alone),
        ("baseline: type, country and day", result.same_day),
    ]
    for name, row in rows:
        table.add_row(name, str(row.items), f"{row.precision:.3f}", f"{row.recall:.3f}", f"{row.f1:.3f}")
    console.print(table)
    console.print(
        f"F1 {total.f1:.3f}; on halves: {result.cross_validated:.3f} with thresholds chosen on the other half, "
        f"{result.shipped_on_halves:.3f} as shipped (each half has fewer events to confuse)",
        highlight=False,
    )
    console.print(
        f"pairs put together wrongly: {len(result.merged)}; pairs parted wrongly: {len(result.parted)}; "
        f"attacks in different places on one day put together: {len(result.towns)}",
        highlight=False,
    )


def _print_pairs(
    console: Console, result: EventEvaluation, memberships: Sequence[Membership], articles: Mapping[str, Article]
) -> None:
    titles: dict[Item, str] = {}
    for item in memberships:
        titles.setdefault((item.article_id, item.type), item.event_title)
    for heading, pairs in (("put together, but two events", result.merged), ("parted, but one event", result.parted)):
        if not pairs:
            continue
        table = Table(title=heading, title_justify="left")
        for column in ("type", "the one", "its event", "the other", "its event"):
            table.add_column(column, overflow="fold")
        for one, other in pairs:
            sides = [cell for item in (one, other) for cell in (_title(articles[item[0]]), titles[item])]
            table.add_row(one[1].value, *(visible(cell) for cell in sides))
        console.print(table)


def _title(article: Article) -> str:
    return (article.title or article.text)[:_TITLE_CHARS]
