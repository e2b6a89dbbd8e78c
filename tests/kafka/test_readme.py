"""Every command of the README is run, word for word, and every make target it names exists."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import TopicAlreadyExistsError

from tests.conftest import REPOSITORY
from tests.support.command import run_detector
from tests.support.kafka_reading import read_topic
from tests.support.pipeline import Message, Pipeline
from tests.support.running import running

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, flags=re.DOTALL)
COMMANDS = [line.split("#")[0].strip() for block in BLOCKS for line in block.splitlines() if line.strip()]
ENDLESS = {
    "detector worker": "partitions assigned",
    "detector broker": "Apache Kafka answers at",
    "detector watch --current --min-outlets 2": "Ctrl-C ends",
    "detector watch --group desk": "Ctrl-C ends",
    "detector forward --to webhook http://127.0.0.1:8080/alerts --severity severe --severity extreme": "Ctrl-C ends",
    "detector forward --to alertmanager http://127.0.0.1:9093 --min-outlets 2": "Ctrl-C ends",
}
"""They run until stopped, and say this when they are at work."""

RUN_ELSEWHERE = {
    "make test": "it is what runs this test",
    "make demo": "tests/acceptance/test_demo.py runs it to its end and with Ctrl-C",
    "make setup": "it made the environment that this test runs in; .ci/run starts from nothing",
}


@pytest.fixture(scope="module")
def folder(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the README's commands name; there are alerts to watch already."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(REPOSITORY / "seeds", folder / "seeds")
    articles = [json.loads(path.read_text()) for path in sorted((REPOSITORY / "seeds/articles").glob("*.json"))]
    (folder / "news.jsonl").write_text("".join(json.dumps(article) + "\n" for article in articles))
    files = sorted((REPOSITORY / "seeds/corpus").glob("*.jsonl"))
    corpus = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    (folder / "my-news.jsonl").write_text("".join(_renamed(line) for line in corpus[::4]))
    pipeline.send([Message(line.encode()) for line in (folder / "news.jsonl").read_text().splitlines()])
    pipeline.settle()
    admin = KafkaAdminClient(bootstrap_servers=pipeline.settings.broker)
    with suppress(TopicAlreadyExistsError):  # a broker that DETECTOR_BROKER names keeps it from the run before
        admin.create_topics([NewTopic("load-test", num_partitions=1, replication_factor=1)])
    admin.close()
    return folder


@pytest.mark.timeout(600)
@pytest.mark.parametrize("command", [command for command in dict.fromkeys(COMMANDS) if command not in RUN_ELSEWHERE])
def test_command_of_the_readme_works(pipeline: Pipeline, folder: Path, command: str) -> None:
    """Run as written, against the tests' broker."""
    words = shlex.split(command)
    if "make" in words[:1]:
        pytest.fail(f"{command}: run it in a test or say in RUN_ELSEWHERE which does")
    environment = pipeline.arguments() | {"DETECTOR_EMBEDDED__DATA_DIR": str(folder / "kafka")}
    environment["DETECTOR_REPLAY__RUNS_DIR"] = str(folder / "runs")
    if command in ENDLESS:
        if words[1] == "broker":
            environment["DETECTOR_EMBEDDED__PORT"] = "0"
        with running(*words[1:], environment=environment) as command_at_work:
            command_at_work.wait_until_said(ENDLESS[command])
        return
    if words[1:3] == ["events", "show"]:
        words[3] = _an_event(pipeline)
    source = folder / words[words.index("<") + 1] if "<" in words else None
    target = folder / words[words.index(">") + 1] if ">" in words else None
    arguments = words[1 : min((words.index(mark) for mark in "<>" if mark in words), default=len(words))]
    if words[1] == "watch" and "--until-end" not in words:
        arguments.append("--until-end")
    done = run_detector(
        *arguments, environment=environment, stdin=source.read_bytes() if source else b"", cwd=folder, timeout=500
    )
    assert done.returncode == 0, done.stderr
    if target:
        target.write_text(done.stdout)
        assert done.stdout


def test_make_targets_of_the_readme_exist() -> None:
    """Each `make X` in the text is a target that `make help` lists."""
    listed = subprocess.run(["make", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    named = set(re.findall(r"`?make ([a-z-]+)", README))
    assert named <= set(re.findall(r"make ([a-z-]+)", listed)), listed


def test_links_of_the_readme_lead_somewhere() -> None:
    """Every relative link names a file of the repository."""
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("http") or (REPOSITORY / target).exists(), target


@pytest.mark.parametrize(
    "code", re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL), ids=["client", "kafka-python"]
)
def test_python_of_the_readme_prints_an_alert(pipeline: Pipeline, code: str) -> None:
    """Each subscriber shown is run against the tests' topic until it has printed one alert."""
    local = code.replace('"alerts"', repr(pipeline.settings.topics.alerts), 1)
    local = local.replace("127.0.0.1:9092", pipeline.settings.broker)
    once = re.sub(r"^( +)(print\(.*)$", r"\1\2\n\1break", local, flags=re.MULTILINE)
    assert code != local != once
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("DETECTOR_")}
    done = subprocess.run(
        [sys.executable, "-c", once],
        env=inherited | pipeline.arguments(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def _an_event(pipeline: Pipeline) -> str:
    """The id of an event that was told."""
    (first, *_) = read_topic(pipeline.settings.broker, pipeline.settings.topics.alerts)
    return str(json.loads(first.value)["event_id"])[:8]


def _renamed(line: str) -> str:
    record = json.loads(line)
    return json.dumps(record | {"id": f"mine-{record['id']}"}) + "\n"
