"""`detector classify`: the stable offline interface, no broker needed."""

import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, Final

import click

from detector.article_files import open_maybe_gzip
from detector.cli.console import progress
from detector.cli.options import settings_for
from detector.core.offline import classify_lines
from detector.errors import DetectorError, UsageError
from detector.loading import load_detector

_BATCH_LINES: Final = 256


@click.command(epilog="Example: detector classify news.jsonl -o answers.jsonl")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option(
    "-o", "--output", "target", type=click.Path(path_type=Path, dir_okay=False), help="Default: standard output."
)
@click.option(
    "--model", "model_file", type=click.Path(path_type=Path), help="Model file; default: DETECTOR_MODEL_FILE."
)
def classify(file: Path, target: Path | None, model_file: Path | None) -> None:
    """Classify a file of articles (one JSON object a line, .gz is unpacked, - is standard input) without a broker.

    Writes one JSON object a line, in the same order: detections with evidence, reasons and place, and a score per type;
    or, for a bad line, the field and the reason.
    """
    if target and target.exists() and file.exists() and target.samefile(file):
        message = f"{target} is the input itself; name another file to write to"
        raise UsageError(message)
    settings = settings_for(None)
    detector = load_detector(
        model_file or settings.model_file, settings.thresholds.by_type(), settings.thresholds.model
    )
    with ExitStack() as stack:
        source = stack.enter_context(_open_input(file))
        sink = stack.enter_context(_open_output(target))
        advance = stack.enter_context(progress("Classifying", None)) if target else lambda _steps: None
        for lines in _batches(source):
            for answer in classify_lines(detector, lines):
                sink.write(answer + b"\n")
            advance(len(lines))


def _batches(source: IO[bytes]) -> Iterator[list[bytes]]:
    try:
        while batch := [line.rstrip(b"\r\n") for line in islice(source, _BATCH_LINES)]:
            yield batch
    except (OSError, EOFError, zlib.error) as error:
        message = f"{source.name} cannot be read: {error}"
        raise UsageError(message) from error


def _open_input(file: Path) -> IO[bytes]:
    if str(file) == "-":
        return click.get_binary_stream("stdin")
    try:
        return open_maybe_gzip(file)
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}"
        raise UsageError(message) from error


def _open_output(target: Path | None) -> IO[bytes]:
    if target is None:
        return click.get_binary_stream("stdout")
    try:
        return target.open("wb")
    except OSError as error:
        message = f"{target} cannot be written: {error.strerror}"
        raise DetectorError(message) from error
