"""Looks at the processes of a group by `/proc`: which they are, their memory and their processor time."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_SAMPLE_SECONDS: Final = 0.2
_TICKS: Final = os.sysconf("SC_CLK_TCK")


@contextmanager
def peak_memory(group: int) -> Iterator[list[int]]:
    """Watch the resident memory of a process group; the first item of the list is its peak in bytes."""
    peak, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(_SAMPLE_SECONDS):
            peak[0] = max(peak[0], sum(resident(pid) for pid in group_members(group)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def group_members(group: int) -> list[int]:
    """Give the processes of a group."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and os.getpgid(int(entry.name)) == group:
                found.append(int(entry.name))
        except ProcessLookupError:
            continue
    return found


def resident(pid: int) -> int:
    """Give a process's resident bytes, shared ones by their share; none when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024


def processor_seconds(pid: int) -> float:
    """Give the processor time of a process and of its children that have ended; none when it has ended itself."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11:15])) / _TICKS
