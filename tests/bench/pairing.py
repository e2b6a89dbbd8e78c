"""Runs a program and the bare core in turns of a few seconds, so that whatever else the machine does slows both alike.

While one of them has its turn, the processes of the other are stopped (SIGSTOP). Reads `/proc`, so it needs Linux.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.bench import contenders
from tests.bench.processes import group_members, peak_memory, processor_seconds
from tests.bench.progress import read_progress

TURN_SECONDS: Final = 2.0
_LOOK_SECONDS: Final = 0.2


@dataclass(slots=True)
class Turns:
    """What both came to. `mine` and `core` are the wall clock's (begin, end) of each turn of the program and of the core."""

    mine: list[tuple[float, float]] = field(default_factory=list)
    core: list[tuple[float, float]] = field(default_factory=list)
    core_articles: int = 0
    core_seconds: float = 0.0
    """Processor time of all core processes together."""
    processor: list[tuple[float, float]] = field(default_factory=list)
    """Wall clock, and processor seconds of the program so far, at each look."""
    peak_bytes: int = 0

    def active(self, begin: float, end: float) -> float:
        """Return how many seconds between two times the program had its turn."""
        return sum(max(0.0, min(end, last) - max(begin, first)) for first, last in self.mine)

    def processor_until(self, end: float) -> float:
        """Return the processor seconds that the program had used at the last look before a time."""
        return max((used for moment, used in self.processor if moment <= end), default=0.0)

    @property
    def core_rate(self) -> float:
        """Return the bare core's articles a second, all its processes together."""
        return self.core_articles / sum(last - first for first, last in self.core)


def run_in_turns(
    command: Sequence[str], environment: Mapping[str, str], articles: Path, cores: int, records: int
) -> Turns:
    """Run a program to its end, in turns with one core process for each processor; the articles become `records`."""
    turns = Turns()
    with bare_core(articles, cores, records) as (group, progress):
        before = [read_progress(file) for file in progress]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        ) as program:
            with peak_memory(program.pid) as peak:
                while _turn(program, turns):
                    os.killpg(program.pid, signal.SIGSTOP)
                    os.killpg(group, signal.SIGCONT)
                    began = time.time()
                    time.sleep(TURN_SECONDS)
                    os.killpg(group, signal.SIGSTOP)
                    turns.core.append((began, time.time()))
                    os.killpg(program.pid, signal.SIGCONT)
            turns.peak_bytes = peak[0]
            assert program.returncode == 0, f"{command} ended with status {program.returncode}"
        after = [read_progress(file) for file in progress]
    turns.core_articles = sum(now[0] - then[0] for then, now in zip(before, after, strict=True))
    turns.core_seconds = sum(now[1] - then[1] for then, now in zip(before, after, strict=True))
    return turns


def _turn(program: "subprocess.Popen[bytes]", turns: Turns) -> bool:
    """Let the program run for a turn, its processor time looked at often; false when it ended in it."""
    began = time.time()
    while program.returncode is None and time.time() < began + TURN_SECONDS:
        try:
            program.wait(_LOOK_SECONDS)
        except subprocess.TimeoutExpired:
            turns.processor.append((time.time(), sum(map(processor_seconds, group_members(program.pid)))))
    turns.mine.append((began, time.time()))
    return program.returncode is None


@contextmanager
def bare_core(articles: Path, cores: int, records: int) -> Iterator[tuple[int, list[Path]]]:
    """Have the bare core loop over articles in processes of one group, stopped once warm; the group and their progress."""
    with tempfile.TemporaryDirectory() as folder:
        progress = [Path(folder) / f"core-{number}" for number in range(cores)]
        running: list[subprocess.Popen[bytes]] = []
        try:
            for number, file in enumerate(progress):
                # At the priority that scoring has: what else the machine does takes as much from the one as from the other.
                share = [str(records), str(number), str(cores)]
                command = ["nice", "-n", "10", sys.executable, "-m", contenders.__name__]
                command += ["endless", str(file), str(articles), *share]
                running.append(subprocess.Popen(command, process_group=running[0].pid if running else 0))
            while not all(file.exists() for file in progress):
                assert all(one.poll() is None for one in running)
                time.sleep(0.1)
            os.killpg(running[0].pid, signal.SIGSTOP)
            yield running[0].pid, progress
        finally:
            for one in running:
                one.kill()
                one.wait()
