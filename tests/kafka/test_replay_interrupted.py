"""A replay that is interrupted or whose processes die leaves a valid, partial archive and nothing running."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from detector.errors import UsageError
from detector.replay.run import INTERRUPTED
from tests.support.replaying import meta, rows, seed_articles
from tests.support.topics import MILLISECOND, NOON, fill, new_topic

PROCESSES = 3


@pytest.fixture(scope="module")
def long_topic(broker: str) -> str:
    """More articles than are scored in a moment."""
    topic = new_topic(broker, partitions=2)
    lines = seed_articles("long", 20_000)
    fill(broker, topic, [(n % 2, NOON + n * MILLISECOND, line) for n, line in enumerate(lines)], linger_ms=50)
    return topic


def start_long_replay(broker: str, topic: str, folder: Path) -> "subprocess.Popen[str]":
    """Start a replay as a process of its own and wait until it has kept something."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DETECTOR_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "detector", "replay", "--topic", topic, "--run-folder", folder],
        env=environment | {"DETECTOR_BROKER": broker, "DETECTOR_REPLAY__PROCESSES": f"{PROCESSES}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not has_articles(folder):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.1)
    return process


def has_articles(folder: Path) -> bool:
    """Whether a run has kept something yet; there may be no archive, or one that is just being made."""
    with suppress(UsageError):
        return bool(rows(folder, "SELECT n FROM articles LIMIT 1"))
    return False


def test_ctrl_c_leaves_a_valid_partial_run(broker: str, long_topic: str, tmp_path: Path) -> None:
    """What is kept is the beginning of the whole, nothing else; no process stays, no stack trace is shown."""
    process = start_long_replay(broker, long_topic, tmp_path / "run")
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to the whole group
    output, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"The run is partial: {INTERRUPTED}" in said
    assert "Traceback" not in said
    assert output.startswith("model\t")
    about = meta(tmp_path / "run")
    assert (about["partial"], about["partial_reason"]) == (True, INTERRUPTED)
    count = about["counts"]["records"]
    assert 0 < count < 20_000
    found = rows(tmp_path / "run", "SELECT n, article_id FROM articles ORDER BY n")
    assert found == [(n + 1, f"long-{n}") for n in range(count)]
    assert sum(one["read_to"] for one in about["source"]["partitions"]) == count
    wait_for_the_end_of(process.pid)


def test_a_run_that_is_killed_leaves_a_valid_archive_and_no_process(
    broker: str, long_topic: str, tmp_path: Path
) -> None:
    """Not a line of its own code runs any more: the archive says partial all the same."""
    process = start_long_replay(broker, long_topic, tmp_path / "run")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert meta(tmp_path / "run")["partial"] is True
    assert rows(tmp_path / "run", "SELECT count(*) FROM scores") == rows(
        tmp_path / "run", "SELECT count(*) FROM articles"
    )
    wait_for_the_end_of(process.pid)


@pytest.mark.parametrize("which", [0, -1], ids=["the first", "a forked one"])
def test_a_scoring_process_that_dies_ends_the_run_with_a_reason(
    which: int, broker: str, long_topic: str, tmp_path: Path
) -> None:
    """What was kept stays, and the run says that it is partial."""
    process = start_long_replay(broker, long_topic, tmp_path / "run")
    scoring = scoring_processes(process.pid)
    assert len(scoring) == PROCESSES
    os.kill(scoring[which], signal.SIGKILL)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.strip().splitlines()[-1].startswith("Error: A scoring process ended by itself")
    assert "Traceback" not in said
    about = meta(tmp_path / "run")
    assert about["partial"] is True
    assert about["partial_reason"].startswith("A scoring process ended by itself")
    assert about["counts"]["articles"] == rows(tmp_path / "run", "SELECT count(*) FROM articles")[0][0] > 0


def scoring_processes(parent: int) -> list[int]:
    """Find the child that scores, and those that it forked."""
    first = [child for child in children(parent) if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
    return [*first, *(forked for child in first for forked in children(child))]


def children(parent: int) -> list[int]:
    """Give the children of a process."""
    return [int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def wait_for_the_end_of(group: int) -> None:
    """Wait until no process of a process group is left."""
    deadline = time.monotonic() + 30
    while True:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        assert time.monotonic() < deadline, "scoring processes stayed"
        time.sleep(0.1)
