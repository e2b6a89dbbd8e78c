"""`make demo`: alerts for every type on the sample articles, a summary, and nothing left behind however it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from detector.core.eventtypes import EVENT_TYPES
from tests.conftest import REPOSITORY

FIRST_ALERT_SECONDS = 120


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """The user's environment with data folders of its own; the jars already downloaded are used."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DETECTOR_")}
    return inherited | {"DETECTOR_EMBEDDED__DATA_DIR": str(tmp_path / "broker"), "MARK": str(tmp_path)}


@pytest.fixture
def left_behind(environment: dict[str, str]) -> Iterator[None]:
    """Fail when a process of the demo, recognised by its environment, outlives the test."""
    yield
    mark = f"MARK={environment['MARK']}".encode()
    survivors = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes():
                survivors.append((process / "cmdline").read_bytes()[:80])
        except OSError:
            continue
    assert not survivors


@pytest.mark.timeout(240)
@pytest.mark.usefixtures("left_behind")
def test_once_accounts_for_every_article_and_ends(environment: dict[str, str]) -> None:
    """The summary adds up, every type has an alert, and the exit status is 0."""
    done = subprocess.run(
        ["make", "demo", "ARGS=--once"], cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    figures = dict(re.findall(r"^([a-z: ]+)\t(\d+)$", done.stdout, flags=re.MULTILINE))
    articles = sum(len(list((REPOSITORY / "seeds" / folder).glob("*.json"))) for folder in ("articles", "story"))
    assert int(figures["articles published"]) == articles
    accounted = ("without an event", "with detections", "dead letters")
    assert sum(int(figures[name]) for name in accounted) == articles
    assert all(int(figures[f"alerts: {kind.value}"]) > 0 for kind in EVENT_TYPES)
    story = [line.split("\t") for line in done.stdout.splitlines() if "\tMa'rib, YE\t" in line]
    assert [(row[2], row[7]) for row in story] == [
        ("agreed", "alert"),
        ("agreed", "update"),
        ("violated", "update"),
        ("collapsed", "update"),
        ("agreed", "alert"),
    ]
    threads = [row[6].partition("#")[0] for row in story]
    assert len(set(threads[:4])) == 1
    assert threads[4] not in threads[:4]
    assert "a new truce after one that collapsed" in story[4][8]


@pytest.mark.timeout(240)
@pytest.mark.usefixtures("left_behind")
def test_runs_on_until_interrupted_and_says_what_to_try(environment: dict[str, str]) -> None:
    """It names a /metrics that answers; after Ctrl-C its ports are free again and its processes gone."""
    demo = subprocess.Popen(
        ["make", "demo"],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert demo.stdout is not None
    seen = ""
    deadline = time.monotonic() + FIRST_ALERT_SECONDS
    while "Ctrl-C stops everything" not in seen:
        line = demo.stdout.readline()
        assert line, f"the demo ended early: {seen}"
        assert time.monotonic() < deadline, seen
        seen += line
    ports = [int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", seen)]
    assert all(_is_open(port) for port in ports)
    os.killpg(demo.pid, signal.SIGINT)
    rest, _ = demo.communicate(timeout=60)
    assert "Stopped: worker and Kafka are down." in rest
    assert not any(_is_open(port) for port in ports)


def test_aleppo_raises_all_four_types_each_on_its_sentence() -> None:
    """The story that the detector began from, by the labels written with it."""
    from detector.core.parsing import parse_article  # noqa: PLC0415 only this test needs the core
    from detector.core.records import Article  # noqa: PLC0415 as above
    from detector.loading import load_detector  # noqa: PLC0415 as above

    lines = (REPOSITORY / "tests" / "data" / "seed_articles_expected.jsonl").read_text(encoding="utf-8").splitlines()
    expected = next(row["labels"] for row in map(json.loads, lines) if row["id"] == "seed-01-aleppo")
    article = parse_article((REPOSITORY / "seeds" / "articles" / "01-aleppo.json").read_bytes())
    assert isinstance(article, Article)
    (answer,) = load_detector().classifier.classify([article])
    assert {finding.type.value for finding in answer.findings} == set(expected)
    for finding in answer.findings:
        wanted = expected[finding.type.value]["evidence"][0]["text"]
        best = finding.evidence[0]
        assert best.sentence in wanted or wanted in best.sentence
        assert article.text[best.start : best.end] == best.sentence


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
