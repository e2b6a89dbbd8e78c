"""How the program speaks to people: colour and progress on a terminal, plain lines elsewhere, nothing that text can forge."""

import sys
import threading
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from detector.core.telling import telling_spans

_COLUMNS: Final = (
    SpinnerColumn(),
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeRemainingColumn(),
)
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_TYPE_STYLES: Final = {
    "ceasefire": "bold green",
    "evacuation": "bold yellow",
    "atrocity": "bold red",
    "solidarity": "bold blue",
}


def output() -> Console:
    """Give the console on standard output."""
    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def messages() -> Console:
    """Give the console on standard error, for everything that is not the result itself."""
    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def visible(text: str) -> str:
    r"""Show control, bidirectional and zero-width characters as escapes, so that no article can move the cursor.

    A line break or tab becomes a space.
    """
    if text.isascii() and text.isprintable():
        return text
    spaced = text.translate({9: " ", 10: " ", 13: " "})
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if unicodedata.category(character) in _INVISIBLE
        else character
        for character in spaced
    )


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print rows on standard output: a table on a terminal, tab-separated lines elsewhere."""
    console = output()
    if not console.is_terminal:
        for row in (headers, *rows):
            sys.stdout.write("\t".join(row) + "\n")
        return
    table = Table(*headers)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def type_label(event_type: str) -> Text:
    """Give an event type in its colour."""
    return Text(event_type.upper(), style=_TYPE_STYLES.get(event_type, "bold"))


def marked(sentence: str, telling: Sequence[str]) -> Text:
    """Give a sentence with the telling words and phrases highlighted."""
    shown = visible(sentence)
    text = Text(shown)
    for start, end in telling_spans(shown, telling):
        text.stylize("bold underline", start, end)
    return text


@contextmanager
def progress(description: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Show how far a long step is, on standard error; the yielded function is told of each advance.

    Off a terminal it says one line when the step begins and one when it is done.
    """
    console = messages()
    if not sys.stderr.isatty():
        console.print(f"{description} ...")
        yield lambda _steps: None
        console.print(f"{description} done")
        return
    with Progress(*_COLUMNS, console=console, transient=True) as bar:
        task = bar.add_task(description, total=total)
        yield lambda steps: bar.advance(task, steps)


@contextmanager
def download_progress(description: str, folder: Path, megabytes: float) -> Iterator[None]:
    """Show on a terminal how far a folder has grown towards its expected size, while something else fills it."""
    console = messages()
    if not console.is_terminal:
        yield
        return
    done = threading.Event()
    with Progress(*_COLUMNS, console=console, transient=True) as bar:
        task = bar.add_task(description, total=megabytes)

        def watch() -> None:
            while not done.wait(0.3):
                bar.update(task, completed=round(min(megabytes, folder_megabytes(folder)), 1))

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()


def folder_megabytes(folder: Path) -> float:
    """Sum the sizes of a folder's files; a file that vanishes meanwhile counts as nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return total / 1e6
