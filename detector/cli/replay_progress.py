"""Shows how far a long reading is: a bar with rate, lag and remaining time on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

from detector.cli.console import messages

_LINE_SECONDS: Final = 10.0
_SPEED_SECONDS: Final = 20.0

Report = Callable[[int, int, int | None], None]
"""Is told records done, offsets done, and how many offsets there are in all (`None`: unknown)."""


class _Figures(ProgressColumn):
    """Records done, how many a second lately, and the lag: offsets of the range that are still to do."""

    def render(self, task: Task) -> Text:
        """Show one task's figures."""
        rate = task.finished_speed or task.speed or 0.0
        lag = "" if task.total is None else f" · lag {max(0, task.total - task.completed):,.0f}"
        return Text(f"{task.fields['records']:,} records · {rate:,.0f}/s{lag}")


@contextmanager
def replay_progress(description: str, *, clock: Callable[[], float] = time.monotonic) -> Iterator[Report]:
    """Give the function that is told how far it is; shows on standard error."""
    console = messages()
    if not console.is_terminal:
        yield _plain(description, console.print, clock)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), _Figures(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, speed_estimate_period=_SPEED_SECONDS) as bar:
        task = bar.add_task(description, total=None, records=0)
        yield lambda records, done, total: bar.update(task, completed=done, total=total, records=records)


def _plain(description: str, say: Callable[[str], None], clock: Callable[[], float]) -> Report:
    began = told = clock()
    say(f"{description} ...")

    def report(records: int, done: int, total: int | None) -> None:
        nonlocal told
        now = clock()
        if now - told < _LINE_SECONDS:
            return
        told = now
        rate = records / (now - began)
        line = f"{description}: {records} records, {rate:.0f}/s"
        if total:
            left = (total - done) * (now - began) / max(1, done)
            line += f", {done / total:.0%}, lag {total - done}, {left:.0f} s left"
        say(line)

    return report
