"""Finds articles in files and folders: JSON Lines, one JSON object, or plain text whose first line is the title."""

import codecs
import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Final, cast

from detector.errors import UsageError

_HEAD_LINES: Final = 20
"""Looked at where the name does not say what a file is: one whole object among them means JSON Lines."""

_SUFFIXES: Final = (".json", ".jsonl", ".txt", ".json.gz", ".jsonl.gz", ".txt.gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSource:
    """One article's bytes and where they stood, for messages to people."""

    where: str
    value: bytes


def read_articles(paths: Iterable[Path], *, standard_input: IO[bytes]) -> Iterator[ArticleSource]:
    """Yield the articles of each path in order; `-` is standard input, a folder means its files by name.

    Files are streamed line by line where they are JSON Lines. Raises `UsageError` for what is not there or not readable.
    """
    for path in paths:
        if str(path) == "-":
            yield from _read(standard_input, "standard input", suffix="")
            continue
        for file in _files(path):
            try:
                with open_maybe_gzip(file) as stream:
                    yield from _read(stream, str(file), suffix="".join(file.suffixes).removesuffix(".gz"))
            except (OSError, EOFError, zlib.error) as error:
                message = f"{file} cannot be read: {error}"
                raise UsageError(message) from error


def open_maybe_gzip(file: Path) -> IO[bytes]:
    """Open a file for reading, unpacked when its name ends in .gz."""
    return cast(IO[bytes], gzip.open(file)) if file.suffix == ".gz" else file.open("rb")


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.is_file() and file.name.endswith(_SUFFIXES))
        if not found:
            message = f"{path} holds no {', '.join(_SUFFIXES)} file"
            raise UsageError(message)
        return found
    if not path.exists():
        message = f"{path} does not exist"
        raise UsageError(message)
    return [path]


def _read(stream: IO[bytes], where: str, *, suffix: str) -> Iterator[ArticleSource]:
    stream = _without_mark(stream)
    if suffix.endswith(".jsonl"):
        yield from _lines(stream, where, first_number=1)
        return
    if suffix.endswith(".txt"):
        whole = stream.read()
    else:
        head = list(islice(stream, _HEAD_LINES))
        if sum(map(_is_object, head)) > (suffix.endswith(".json") and len(head) == 1):
            yield from _lines(chain(head, stream), where, first_number=1)
            return
        whole = b"".join(head) + stream.read()
    if suffix.endswith(".json") or (not suffix.endswith(".txt") and whole.lstrip()[:1] in (b"{", b"[")):
        yield ArticleSource(where=where, value=whole.strip())
    elif whole.strip():
        yield ArticleSource(where=where, value=_from_plain_text(whole))


def _without_mark(stream: IO[bytes]) -> IO[bytes]:
    """Skip the byte order mark that some editors write in front."""
    buffered = io.BufferedReader(stream) if not hasattr(stream, "peek") else stream  # type: ignore[type-var]  # gzip's and stdin's have peek
    if buffered.peek(3)[:3] == codecs.BOM_UTF8:
        buffered.read(3)
    return buffered


def _lines(stream: Iterable[bytes], where: str, *, first_number: int) -> Iterator[ArticleSource]:
    for number, line in enumerate(stream, first_number):
        if line.strip():
            yield ArticleSource(where=f"{where}:{number}", value=line.rstrip(b"\r\n"))


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _from_plain_text(whole: bytes) -> bytes:
    try:
        decoded = whole.decode("utf-8")
    except UnicodeDecodeError:
        return whole  # the parser says precisely what is wrong with it
    title, _, text = decoded.strip().partition("\n")
    fields = {"title": title.strip(), "text": text.strip()} if text.strip() else {"text": title}
    return json.dumps(fields, ensure_ascii=False).encode("utf-8")
