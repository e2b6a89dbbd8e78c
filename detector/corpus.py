"""Reads labelled files from disk, so that the core needs no file system."""

from pathlib import Path
from typing import Final

from detector.core.labelled import LabelledArticle, LabelledDataError, read_labelled

CORPUS_FOLDER: Final = Path("seeds/corpus")


def default_corpus() -> Path:
    """Return the folder of the project's own corpus: under the working directory, else beside the package (a clone)."""
    beside_package = Path(__file__).resolve().parent.parent / CORPUS_FOLDER
    return CORPUS_FOLDER if CORPUS_FOLDER.is_dir() else beside_package


def read_sources(paths: list[Path]) -> dict[str, list[LabelledArticle]]:
    """Return the labelled articles of each file; a folder stands for the `.jsonl` files in it, by name.

    Raises `LabelledDataError` for a faulty file, an unreadable one, or an article id that two files share.
    """
    files: list[Path] = []
    for path in paths:
        inside = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        if not inside:
            raise LabelledDataError(str(path), None, None, "the folder holds no .jsonl file")
        files += [file for file in inside if file not in files]
    sources: dict[str, list[LabelledArticle]] = {}
    owner: dict[str, Path] = {}
    for file in files:
        try:
            data = file.read_bytes()
        except OSError as error:
            raise LabelledDataError(str(file), None, None, error.strerror or str(error)) from None
        sources[str(file)] = read_labelled(data, str(file))
        for number, labelled in enumerate(sources[str(file)], 1):
            first = owner.setdefault(labelled.article.id, file)
            if first != file:
                problem = f"{labelled.article.id!r} (article {number}) is also in {first}"
                raise LabelledDataError(str(file), None, "id", problem)
    return sources
