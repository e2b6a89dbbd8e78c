"""How far a process is, in a file that others read at any time."""

import struct
import time
from pathlib import Path
from typing import Final

_PROGRESS: Final = struct.Struct("<qd")


def write_progress(file: Path, articles: int) -> None:
    """Keep how many articles this process has done and its processor seconds; whole whenever the process is stopped."""
    fresh = file.with_suffix(".new")
    fresh.write_bytes(_PROGRESS.pack(articles, time.process_time()))
    fresh.replace(file)


def read_progress(file: Path) -> tuple[int, float]:
    """Return what was kept last."""
    articles, seconds = _PROGRESS.unpack(file.read_bytes())
    return articles, seconds
