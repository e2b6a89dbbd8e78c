"""Runs the command line as a user would: a process of its own, an environment of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path


def run_detector(
    *arguments: str | Path,
    environment: Mapping[str, str] | None = None,
    stdin: bytes = b"",
    timeout: float = 120,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `detector ARGUMENTS` to its end; no setting comes from outside but those given."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DETECTOR_")}
    done = subprocess.run(
        [sys.executable, "-m", "detector", *map(str, arguments)],
        env=inherited | dict(environment or {}),
        input=stdin,
        capture_output=True,
        timeout=timeout,
        cwd=cwd,
        check=False,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
