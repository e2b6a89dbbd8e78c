"""Where alerts go, by Alertmanager's own tools: receivers by label, and what a running Alertmanager silences."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.expressions import DEPLOY, alert_rules
from tests.support.programs import program, run_program

CONFIG = DEPLOY / "alertmanager/alertmanager.yml"
RECEIVERS = {"info": "newsroom", "warning": "operations", "critical": "pager"}


def test_the_configuration_is_valid() -> None:
    done = run_program("amtool", "check-config", str(CONFIG))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 receivers" in done.stdout


@pytest.mark.parametrize("rule", alert_rules(), ids=lambda rule: rule["alert"])
def test_each_alert_reaches_who_can_act_on_it(rule: dict[str, dict[str, str]]) -> None:
    labels = [f"{name}={value}" for name, value in rule["labels"].items()]
    done = run_program(
        *("amtool", "config", "routes", "test", f"--config.file={CONFIG}"),
        f"alertname={rule['alert']}",
        *labels,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [RECEIVERS[rule["labels"]["severity"]]]


def test_news_and_operations_part() -> None:
    """The atrocity burst goes to the newsroom alone, and nothing else does."""
    news = {rule["alert"] for rule in alert_rules() if rule["labels"].get("audience") == "news"}
    assert news == {"AtrocityBurst"}


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a running Alertmanager with the committed configuration."""
    folder: Path = tmp_path_factory.mktemp("alertmanager")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [program("alertmanager"), f"--config.file={CONFIG}", f"--storage.path={folder}"]
    command += [f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address="]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            deadline = time.monotonic() + 30
            while amtool(url, "config", "show").returncode:
                assert process.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.1)
            yield url
        finally:
            process.terminate()


def amtool(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Ask the running Alertmanager."""
    return run_program("amtool", f"--alertmanager.url={url}", *arguments)


PAIRS = [
    *(("DetectorDeliveryHeld", follower) for follower in ("NoProgress", "LagOld", "LagVeryOld", "LatencyBurnFast")),
    *(("DetectorNoProgress", follower) for follower in ("LagOld", "LagVeryOld", "LatencyBurnFast", "LatencyBurnSlow")),
    *(("DetectorLagVeryOld", follower) for follower in ("LagOld", "LatencyBurnFast")),
    ("DetectorLagOld", "LatencyBurnSlow"),
    ("DetectorLatencyBurnFast", "LatencyBurnSlow"),
]


@pytest.mark.parametrize(("cause", "follower"), PAIRS)
def test_a_cause_silences_what_follows_from_it(alertmanager: str, cause: str, follower: str) -> None:
    """In its own installation, not in another; and what does not follow from it is told."""
    here, elsewhere = f"{cause}-{follower}", f"not-{cause}-{follower}"
    name = f"Detector{follower}"
    for namespace in (here, elsewhere):
        for alert in (name, "DetectorDeadLetterShare"):
            add(alertmanager, alert, f"namespace={namespace}", "topic=articles")
        wait_told(alertmanager, namespace, {name, "DetectorDeadLetterShare"})
    add(alertmanager, cause, f"namespace={here}", "topic=articles")
    wait_told(alertmanager, here, {cause, "DetectorDeadLetterShare"})
    wait_told(alertmanager, elsewhere, {name, "DetectorDeadLetterShare"})


def test_lag_of_one_topic_does_not_hide_that_of_another(alertmanager: str) -> None:
    add(alertmanager, "DetectorLagOld", "namespace=topics", "topic=detections")
    add(alertmanager, "DetectorLagVeryOld", "namespace=topics", "topic=articles")
    wait_told(alertmanager, "topics", {"DetectorLagOld", "DetectorLagVeryOld"})


def test_no_worker_at_all_is_told_once(alertmanager: str) -> None:
    """A real absent() has no namespace; it silences each single worker that is down."""
    add(alertmanager, "DetectorWorkerDown", "namespace=gone", "instance=worker-1:6066")
    wait_told(alertmanager, "gone", {"DetectorWorkerDown"})
    add(alertmanager, "DetectorMetricsAbsent", "job=detector-worker")
    wait_told(alertmanager, "gone", set())


def add(url: str, name: str, *labels: str) -> None:
    """Raise an alert."""
    done = amtool(url, "alert", "add", name, *labels)
    assert done.returncode == 0, done.stderr


def wait_told(url: str, namespace: str, expected: set[str]) -> None:
    """Wait until exactly these alerts of a namespace are told, which is at once or a moment later."""
    deadline = time.monotonic() + 20
    while (told := names(url, namespace)) != expected:
        assert time.monotonic() < deadline, f"told are {sorted(told)}, not {sorted(expected)}"
        time.sleep(0.05)


def names(url: str, namespace: str) -> set[str]:
    """Names of the alerts of a namespace that are told now."""
    done = amtool(url, "alert", "query", f"namespace={namespace}", "--active", "--output=json")
    assert done.returncode == 0, done.stderr
    return {alert["labels"]["alertname"] for alert in json.loads(done.stdout)}
