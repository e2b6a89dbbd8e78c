"""How far a replay is: a line now and then without a terminal, a bar with one."""

import io

import pytest
from rich.console import Console

from detector.cli import replay_progress
from detector.cli.replay_progress import replay_progress as shown


def watch(monkeypatch: pytest.MonkeyPatch, *, terminal: bool) -> io.StringIO:
    """Let the progress write into a string."""
    target = io.StringIO()
    console = Console(file=target, force_terminal=terminal, width=120, highlight=False)
    monkeypatch.setattr(replay_progress, "messages", lambda: console)
    return target


def test_lines_tell_rate_lag_and_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """None is due before its time, and a source of unknown length has neither lag nor end."""
    target = watch(monkeypatch, terminal=False)
    clock = iter([0.0, 1.0, 10.0, 11.0, 20.0])
    with shown("Replaying articles", clock=lambda: next(clock)) as report:
        report(100, 100, 4000)
        report(1000, 1000, 4000)
        report(1100, 1100, 4000)
        report(2000, 0, None)
    assert target.getvalue().splitlines() == [
        "Replaying articles ...",
        "Replaying articles: 1000 records, 100/s, 25%, lag 3000, 30 s left",
        "Replaying articles: 2000 records, 100/s",
    ]


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """With records and lag beside it."""
    target = watch(monkeypatch, terminal=True)
    with shown("Replaying articles") as report:
        report(1234, 1500, 4000)
    assert "1,234 records" in target.getvalue()
    assert "lag 2,500" in target.getvalue()
