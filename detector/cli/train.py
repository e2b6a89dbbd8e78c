"""`detector train`: builds a model file from labelled news."""

import time
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from threadpoolctl import threadpool_limits

from detector.core.labelled import LabelledDataError
from detector.core.modelfile import ModelFileError, digest_of
from detector.core.training import train as train_model
from detector.corpus import default_corpus, read_sources


@click.command(
    epilog="Example: detector train --gold my-news.jsonl -o my-model.npz    (own corpus and your labelled news together)"
)
@click.option(
    "--corpus",
    "corpora",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Labelled .jsonl file, or folder of such files. May be repeated. Default: seeds/corpus.",
)
@click.option(
    "--gold",
    "gold",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Labelled news in the same format, added to the corpus. May be repeated.",
)
@click.option(
    "--texts",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Articles (.jsonl or .jsonl.gz) whose texts labelled lines without one take, by id. May be repeated.",
)
@click.option(
    "--init", "initial", type=click.Path(path_type=Path), help="Model file to start from; its weights are adapted."
)
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Model file to write."
)
def train(
    corpora: tuple[Path, ...], gold: tuple[Path, ...], texts: tuple[Path, ...], initial: Path | None, output: Path
) -> None:
    """Train a model on labelled news and write it to a file.

    The same input gives the same file, byte for byte.
    """
    started = time.monotonic()
    console = Console(stderr=True)
    paths = [*(corpora or (default_corpus(),)), *gold]
    try:
        start_bytes = initial.read_bytes() if initial else None
        sources = read_sources(paths, texts)
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        ) as bar:
            task = bar.add_task("training", total=1.0)

            def show(step: str, share: float) -> None:
                bar.update(task, description=step, completed=share)
                if not console.is_terminal:
                    click.echo(f"{share:4.0%} {step}", err=True)

            # Several threads add the same numbers in another order; one gives the same bytes on every machine size.
            with threadpool_limits(limits=1):
                data = train_model(sources, initial=start_bytes, progress=show)
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(data)
    except (LabelledDataError, ModelFileError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        message = f"{error.filename}: {error.strerror}"
        raise click.ClickException(message) from None
    articles = sum(map(len, sources.values()))
    click.echo(
        f"{output}: {len(data) / 1e6:.1f} MB, digest {digest_of(data)}, from {articles} articles in {len(sources)} files, "
        f"{time.monotonic() - started:.0f} s"
    )
