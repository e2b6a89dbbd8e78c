"""Programs of Debian that some tests need; `.ci/run` installs them."""

import shutil
import subprocess

import pytest

PACKAGES = {
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "alertmanager": "prometheus-alertmanager",
    "amtool": "prometheus-alertmanager",
}
NAMES = {"alertmanager": ("alertmanager", "prometheus-alertmanager")}
"""Debian calls Alertmanager otherwise than its makers do."""


def program(name: str) -> str:
    """Give the path of a program; skips the test, and says what to install, where it is not there."""
    for candidate in NAMES.get(name, (name,)):
        if path := shutil.which(candidate):
            return path
    pytest.skip(f"{name} is not installed (Debian: apt-get install {PACKAGES[name]}; .ci/run does that)")


def run_program(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    command = [program(name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
