"""Reads labelled files from disk, so that the core needs no file system."""

import gzip
import json
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from detector.article_files import open_maybe_gzip
from detector.core.labelled import LabelledArticle, LabelledDataError, read_labelled

CORPUS_FOLDER: Final = Path("seeds/corpus")
JUDGED_FILE: Final = Path("seeds/judged/pool.jsonl")


def default_corpus() -> Path:
    """Return the folder of the project's own corpus: under the working directory, else beside the package (a clone)."""
    return _in_clone(CORPUS_FOLDER)


def default_judged() -> Path:
    """Return the project's labels of news whose texts are not in the repository, found as the corpus is."""
    return _in_clone(JUDGED_FILE)


def read_sources(paths: Sequence[Path], texts: Sequence[Path] = ()) -> dict[str, list[LabelledArticle]]:
    """Return the labelled articles of each file; a folder stands for the `.jsonl` files in it, by name.

    `texts` are JSON Lines files of articles (`.gz` or not) for labelled lines without a text. Raises `LabelledDataError` for a
    faulty file, an unreadable one, or an article id that two files share.
    """
    files: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if not inside:
            raise LabelledDataError(str(path), None, None, "the folder holds no .jsonl file")
        files += [file for file in inside if file not in files]
    records = {str(record["id"]): record for path in texts for record in read_records(path)} if texts else None
    sources: dict[str, list[LabelledArticle]] = {}
    owner: dict[str, Path] = {}
    for file in files:
        sources[str(file)] = read_labelled(_bytes_of(file), str(file), records)
        for number, labelled in enumerate(sources[str(file)], 1):
            first = owner.setdefault(labelled.article.id, file)
            if first != file:
                problem = f"{labelled.article.id!r} (article {number}) is also in {first}"
                raise LabelledDataError(str(file), None, "id", problem)
    return sources


def read_records(path: Path) -> list[Mapping[str, Any]]:
    """Return the articles of an unlabelled JSON Lines file, gzipped when its name ends so; each has `id` and `text`."""
    try:
        with open_maybe_gzip(path) as stream:
            data = stream.read()
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise LabelledDataError(str(path), None, None, f"not gzip: {error}") from None
    except OSError as error:
        raise LabelledDataError(str(path), None, None, error.strerror or str(error)) from None
    records: list[Mapping[str, Any]] = []
    for number, line in enumerate(data.splitlines(), 1):
        try:
            record = json.loads(line)
            records.append({**record, "id": str(record["id"]), "text": str(record["text"])})
        except (KeyError, TypeError, ValueError) as error:
            raise LabelledDataError(str(path), number, None, f"no article: {error}") from None
    return records


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LabelledDataError(str(path), None, None, error.strerror or str(error)) from None


def _in_clone(path: Path) -> Path:
    beside_package = Path(__file__).resolve().parent.parent / path
    return path if path.exists() else beside_package
