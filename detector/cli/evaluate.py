"""`detector evaluate`: measures a model on labelled news, beside two baselines."""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path
from time import process_time
from typing import Final

import click
from rich.console import Console
from rich.progress import Progress as Bar
from rich.table import Table

from detector.cli.evaluate_events import measure_events
from detector.core.baselines import DocumentBaseline, classify_by_keywords
from detector.core.classifier import Classifier
from detector.core.crossing import cross_by_family
from detector.core.evaluation import MODES, Evaluation
from detector.core.evaluation import evaluate as measure
from detector.core.labelled import LabelledArticle, LabelledDataError, read_labelled
from detector.core.pairs import PairScore, pair_scores, read_pairs
from detector.core.records import Article, Classification
from detector.corpus import default_corpus, default_judged, read_records, read_sources
from detector.errors import ModelError, UsageError
from detector.loading import load_classifier, spare_loaded
from detector.report.extra import PAGES_MISSING, pages_available
from detector.settings import WorkerSettings

BATCH: Final = WorkerSettings().batch_articles
"""Articles at once: what a worker takes, as its speed is measured."""
_PAIRS: Final = Path("seeds/pairs/pairs.jsonl")


@click.command(epilog="Example: detector evaluate --gold ../shared/gold/dev.jsonl --html report.html")
@click.option("--gold", type=click.Path(path_type=Path), help="Labelled news to measure the classifier on.")
@click.option(
    "--events",
    type=click.Path(path_type=Path),
    help="Judged events (.jsonl) to measure correlation on: B-cubed, wrong pairs.",
)
@click.option(
    "--articles",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Articles of the judged events. May be repeated. Default: dev.jsonl, train.jsonl and pool.jsonl.gz beside --events.",
)
@click.option("--model", type=click.Path(path_type=Path), help="Model file. Default: the shipped model.")
@click.option("--against", type=click.Path(path_type=Path), help="Second model file to compare with.")
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Write a report with every mistake to this file."
)
@click.option(
    "--pairs", type=click.Path(path_type=Path), help="Minimal pairs. Default: seeds/pairs/pairs.jsonl when there."
)
@click.option(
    "--pool", type=click.Path(path_type=Path), help="Unlabelled news (.jsonl or .jsonl.gz): alarms per 1,000, speed."
)
@click.option(
    "--train",
    "training",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Labelled files that the document baseline and --cross train on. May be repeated. Default: seeds/corpus, and "
    "train.jsonl beside the --gold file when there.",
)
@click.option(
    "--texts",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Articles whose texts labelled lines without one take, by id. May be repeated. Default: the --pool file, with "
    "seeds/judged as labels, unless --train is given.",
)
@click.option(
    "--cross", type=click.Choice(["family"]), help="Train again without each family of --gold; report the drop."
)
def evaluate(  # noqa: PLR0917 - one parameter per option, passed by name
    gold: Path | None,
    events: Path | None,
    articles: tuple[Path, ...],
    model: Path | None,
    against: Path | None,
    html: Path | None,
    pairs: Path | None,
    pool: Path | None,
    training: tuple[Path, ...],
    texts: tuple[Path, ...],
    cross: str | None,
) -> None:
    """Measure a model on labelled news, and correlation on judged events.

    With --gold: precision, recall, F1, calibration, status, evidence, baselines. With --events: B-cubed precision, recall, F1.
    """
    if html and not pages_available():
        raise UsageError(PAGES_MISSING)
    console = Console(width=None if Console().is_terminal else 120)
    if gold is None and events is None:
        message = "Missing option '--gold' or '--events'."
        raise click.UsageError(message)
    of_gold: dict[str, object] = {
        "--against": against,
        "--html": html,
        "--pairs": pairs,
        "--pool": pool,
        "--cross": cross,
    }
    of_gold |= {"--train": training, "--texts": texts}
    if gold is None and (unused := [name for name, value in of_gold.items() if value]):
        message = f"{', '.join(unused)} needs --gold; --events does not use it."
        raise click.UsageError(message)
    try:
        if events:
            measure_events(events, articles, model, console)
        if gold:
            classifiers = [load_classifier(model), *([load_classifier(against)] if against else [])]
            judged = pool if pool and not training and not texts and default_judged().is_file() else None
            sources = read_sources(
                [*(training or _default_training(gold)), *([default_judged()] if judged else [])],
                [*texts, *([judged] if judged else [])],
            )
            _measure_gold(gold, classifiers, sources, html=html, pairs=pairs, pool=pool, cross=cross, console=console)
    except (LabelledDataError, ModelError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        message = f"{error.filename}: {error.strerror}"
        raise click.ClickException(message) from None


def _measure_gold(
    gold: Path,
    classifiers: Sequence[Classifier],
    sources: dict[str, list[LabelledArticle]],
    *,
    html: Path | None,
    pairs: Path | None,
    pool: Path | None,
    cross: str | None,
    console: Console,
) -> None:
    """Measure the first classifier beside the others and the baselines."""
    labelled = read_labelled(gold.read_bytes(), str(gold))
    known = [item for source in sources.values() for item in source]
    classifier = classifiers[0]
    detectors: dict[str, Callable[[Sequence[Article]], list[Classification]]] = {
        f"model {each.info.digest}" + (" (--against)" if number else ""): each.classify
        for number, each in enumerate(classifiers)
    }
    detectors["keyword list"] = classify_by_keywords
    with _status(console, "training the document baseline"):
        baseline = DocumentBaseline(known)
    detectors["document TF-IDF + logistic regression"] = baseline.classify
    results: dict[str, Evaluation] = {}
    for name, classify in detectors.items():
        answers = _classify(classify, [item.article for item in labelled], name, console)
        results[name] = measure(labelled, answers)
        _print_scores(console, name, results[name])
    tested = _pairs(classifier, pairs, console)
    notes = [*_held_out_note(classifier), *_random_alarms(classifier, labelled)]
    if pool:
        notes += _pool_notes(classifier, baseline, pool, {item.article.id for item in known}, console)
    if cross:
        notes += _cross_notes(sources, labelled, console)
    for note in notes:
        console.print(note, highlight=False)
    if html:
        from detector.report.evaluation import render_html  # noqa: PLC0415 - the extra `report` is needed for pages alone

        html.write_text(render_html(f"Evaluation on {gold.name}", results, tested, notes), encoding="utf-8")
        console.print(f"report: {html}", highlight=False)


def _default_training(gold: Path) -> list[Path]:
    beside = gold.parent / "train.jsonl"
    return [default_corpus(), *([beside] if beside.is_file() and beside != gold else [])]


@contextmanager
def _status(console: Console, what: str) -> Iterator[None]:
    if console.is_terminal:
        with console.status(what):
            yield
    else:
        click.echo(what, err=True)
        yield


def _classify(
    classify: Callable[[Sequence[Article]], list[Classification]], articles: list[Article], name: str, console: Console
) -> list[Classification]:
    answers: list[Classification] = []
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        for start in bar.track(range(0, len(articles), BATCH), description=name):
            answers += classify(articles[start : start + BATCH])
    return answers


def _print_scores(console: Console, name: str, result: Evaluation) -> None:
    for mode in MODES:
        table = Table(title=f"{name}, {mode} labels, {result.articles} articles", title_justify="left")
        for heading in ("type", "positives", "precision", "recall", "F1", "avg. precision"):
            table.add_column(heading, justify="left" if heading == "type" else "right")
        for kind, row in result.scores[mode].items():
            figures = (row.precision, row.recall, row.f1, row.average_precision)
            table.add_row(kind, str(row.positives), *(f"{x.value:.3f} ({x.low:.2f}-{x.high:.2f})" for x in figures))
        console.print(table)
    if result.evidence_hit_rate:
        table = Table(title="where the type is right", title_justify="left")
        for heading in ("type", "found", "status right", "evidence hit", "calibration error"):
            table.add_column(heading, justify="left" if heading == "type" else "right")
        for kind, item in result.quality.items():
            table.add_row(
                kind,
                str(item.found),
                f"{item.status_accuracy:.3f}",
                f"{item.evidence_hit_rate:.3f}",
                f"{item.calibration_error:.3f}",
            )
        table.add_row("all", "", f"{result.status_accuracy:.3f}", f"{result.evidence_hit_rate:.3f}", "")
        console.print(table)


def _pairs(classifier: Classifier, path: Path | None, console: Console) -> dict[str, PairScore]:
    beside_package = Path(__file__).resolve().parents[2] / _PAIRS
    path = path or (_PAIRS if _PAIRS.is_file() else beside_package if beside_package.is_file() else None)
    if path is None:
        return {}
    items = read_pairs(path.read_bytes(), str(path))
    sides = [side.article for pair in items for side in pair.sides]
    scores = pair_scores(items, _classify(classifier.classify, sides, "pairs", console))
    table = Table(title=f"minimal pairs, {path}", title_justify="left")
    for heading in ("rule", "pairs", "both right", "sides right"):
        table.add_column(heading, justify="left" if heading == "rule" else "right")
    for rule, score in scores.items():
        table.add_row(
            rule,
            str(score.pairs),
            f"{score.both_right / score.pairs:.2f}",
            f"{score.sides_right / (2 * score.pairs):.2f}",
        )
    console.print(table)
    return scores


def _held_out_note(classifier: Classifier) -> list[str]:
    held_out = classifier.notes.get("held_out")
    if not held_out:
        return []
    by_type = ", ".join(
        f"{kind} {figures['precision']:.3f} / {figures['recall']:.3f}" for kind, figures in held_out["types"].items()
    )
    notes = [f"training articles, by models that had not seen them, precision / recall on clear labels: {by_type}"]
    at_random = held_out["random"]
    if drawn := at_random["articles"]:
        wrong, doubtful = (1000 * at_random[name] / drawn for name in ("wrong", "doubtful"))
        notes.append(
            f"those drawn at random, by models that had not seen them: {at_random['firing']} of {drawn} fire; "
            f"{wrong:.1f} per 1,000 wrongly for sure, {doubtful:.1f} more against a doubtful label"
        )
    return notes


def _random_alarms(classifier: Classifier, labelled: Sequence[LabelledArticle]) -> list[str]:
    drawn = [item for item in labelled if item.sample == "random"]
    if not drawn:
        return []
    answers = classifier.classify([item.article for item in drawn])
    false = sum(
        any(f.type not in item.labels for f in answer.findings) for item, answer in zip(drawn, answers, strict=True)
    )
    return [f"false alarms on sample=random of the labelled file: {false} of {len(drawn)} articles"]


def _pool_notes(
    classifier: Classifier, baseline: DocumentBaseline, path: Path, known: AbstractSet[str], console: Console
) -> list[str]:
    records = read_records(path)
    articles = [Article(id=item["id"], title=item.get("title") or None, text=item["text"]) for item in records]
    answers: list[Classification] = []
    ours = theirs = 0.0
    spare_loaded()  # as a worker does; the training articles are none of the cost of either
    with Bar(console=console, transient=True, disable=not console.is_terminal) as bar:
        for start in bar.track(range(0, len(articles), BATCH), description="pool"):
            batch = articles[start : start + BATCH]
            # Processor time, taken in turns: what else the machine does meanwhile must not decide the comparison.
            began = process_time()
            answers += classifier.classify(batch)
            between = process_time()
            baseline.chances(batch)
            ours, theirs = ours + between - began, theirs + process_time() - between
    drawn = [
        (bool(answer.findings), bool(answer.doubts), item["id"] in known)
        for item, answer in zip(records, answers, strict=True)
        if item.get("sample", "random") == "random"
    ]
    fires = [
        _alarm_note(name, [(fired, doubt) for fired, doubt, learnt in drawn if learnt == whether])
        for name, whether in (("in the training data", True), ("never trained on", False))
    ]
    speed = (
        f"speed, processor time: model {len(articles) / ours:,.0f} articles/s, document TF-IDF + logistic regression "
        f"{len(articles) / theirs:,.0f} articles/s, ratio {theirs / ours:.1f}"
    )
    return [*filter(None, fires), speed, _gate_recall(classifier, articles)]


def _alarm_note(name: str, drawn: Sequence[tuple[bool, bool]]) -> str | None:
    if not drawn:
        return None
    fired, doubted = sum(fired for fired, _ in drawn), sum(doubt for _, doubt in drawn)
    return (
        f"pool, drawn at random, {name}: {fired} of {len(drawn)} articles fire, {1000 * fired / len(drawn):.1f} per "
        f"1,000, true ones among them; {doubted} are in the abstain band of a type, {1000 * doubted / len(drawn):.1f} per 1,000"
    )


def _gate_recall(classifier: Classifier, articles: Sequence[Article]) -> str:
    kept, firing = classifier.gate_recall(articles)
    return f"gate: passes {kept} of {firing} sentences on which the model fires without it, {kept / max(firing, 1):.4f}"


def _cross_notes(
    sources: dict[str, list[LabelledArticle]], labelled: Sequence[LabelledArticle], console: Console
) -> list[str]:
    with _status(console, "training again without each family"):
        rows = cross_by_family(sources, labelled)
    notes = [
        f"family {row.family}: macro F1 clear {row.macro_f1_without:.3f} when left out of training, "
        f"{row.macro_f1_with:.3f} when in ({', '.join(row.types)})"
        for row in rows
    ]
    mean = sum(row.macro_f1_without for row in rows) / max(len(rows), 1)
    return [*notes, f"mean over {len(rows)} families left out: {mean:.3f}"]
