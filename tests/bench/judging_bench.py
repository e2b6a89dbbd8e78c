"""Measures the judging of kept runs: wall time and peak memory at 20,000 and 200,000 articles, without and with labels.

`python -m tests.bench.judging_bench` (or `make bench-judging`) writes archives of made-up articles, two in a hundred of which
carry each type, and runs `detector reports judge` on them, the page and all, in a process of its own each time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import numpy as np

from detector.cli.console import print_table
from detector.core.eventtypes import EVENT_TYPES, STATUSES
from tests.support.runs import THRESHOLD, Told, write_run

_SHARE: Final = 0.02
_HOURS: Final = 30 * 24
_KIBI: Final = 1024


def main() -> None:
    """Run the measurements and print their table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, nargs="*", default=[20_000, 200_000])
    rows = []
    for articles in parser.parse_args().articles:
        with tempfile.TemporaryDirectory() as folder:
            labels = _make(Path(folder), articles)
            for name, more in (
                ("no labels", []),
                ("all labelled, a what-if", [*labels, "--threshold", "atrocity=0.7"]),
            ):
                seconds, peak = _judge(Path(folder), more)
                rows.append((f"{articles:,}", name, f"{seconds:.1f} s", f"{peak / 1e6:.0f} MB"))
    print_table(("articles", "judged with", "wall time", "peak memory"), rows)


def _make(folder: Path, articles: int) -> list[str]:
    random = np.random.default_rng(11)
    present = random.random((articles, len(EVENT_TYPES))) < _SHARE
    sure = np.clip(random.beta(1, 12, present.shape) + present * random.beta(4, 2, present.shape), 0, 1).round(4)
    told = [
        Told(
            id=f"a{n}",
            hours=_HOURS * n / articles,
            outlet=f"Outlet {n % 300}",
            found={
                kind.value: (float(sure[n, column]), STATUSES[kind][0])
                for column, kind in enumerate(EVENT_TYPES)
                if sure[n, column] >= THRESHOLD
            },
        )
        for n in range(articles)
    ]
    write_run(folder / "run", told)
    labels = folder / "labels.jsonl"
    with labels.open("w") as target:
        for n in range(articles):
            types = {kind.value: STATUSES[kind][0] for column, kind in enumerate(EVENT_TYPES) if present[n, column]}
            target.write(json.dumps({"article_id": f"a{n}", "types": types}) + "\n")
    return ["--labels", str(labels)]


def _judge(folder: Path, more: list[str]) -> tuple[float, int]:
    """Wall seconds and peak bytes of one judging process."""
    began = time.monotonic()
    command = [sys.executable, "-m", "detector", "reports", "judge", str(folder / "run"), *more]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        message = f"judging ended with status {process.returncode}"
        raise RuntimeError(message)
    return time.monotonic() - began, usage.ru_maxrss * _KIBI


if __name__ == "__main__":
    main()
