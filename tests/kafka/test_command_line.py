"""The commands that speak to a broker: publish in every format, watch with every filter, topics, and their errors."""

import json
import time
from collections.abc import Callable

import pytest

from tests.support.command import run_detector
from tests.support.pipeline import Pipeline

STORIES = {
    "sy": ("ceasefire", "The government and the rebels agreed a ceasefire in Homs, Syria, on Thursday."),
    "ph": (
        "evacuation",
        "Authorities ordered the evacuation of 40,000 people from the coast of Albay in the Philippines.",
    ),
    "fr": ("solidarity", "Thousands held a candlelight vigil in Paris in solidarity with the victims of the attack."),
}


@pytest.fixture(scope="module")
def told(pipeline: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """Three stories published through the command line, one in each format, and processed."""
    folder = tmp_path_factory.mktemp("stories")
    (folder / "a.jsonl").write_text(json.dumps({"id": "sy", "text": STORIES["sy"][1], "outlet": "One"}) + "\n\n")
    (folder / "b.json").write_text(json.dumps({"id": "ph", "text": STORIES["ph"][1], "outlet": "Two"}, indent=1))
    (folder / "c.txt").write_text("Vigil in Paris\n\n" + STORIES["fr"][1])
    done = run_detector("publish", folder, environment=pipeline.arguments())
    assert (done.returncode, "3 articles published" in done.stderr) == (0, True), done.stderr
    pipeline.settle()
    return pipeline


def watch(pipeline: Pipeline, *arguments: str) -> list[dict[str, object]]:
    """The alerts of the three stories that pass the filters."""
    done = run_detector(
        "watch", "--from", "beginning", "--until-end", "--json", *arguments, environment=pipeline.arguments()
    )
    assert done.returncode == 0, done.stderr
    texts = [text for _, text in STORIES.values()]
    alerts = [json.loads(line) for line in done.stdout.splitlines()]
    return [alert for alert in alerts if any(alert["evidence"][0]["sentence"] in text for text in texts)]


def test_each_published_story_becomes_its_alert(told: Pipeline) -> None:
    """Type and evidence are those of the story."""
    found = {(alert["type"], alert["evidence"][0]["sentence"]) for alert in watch(told)}  # type: ignore[index]  # JSON
    assert found == set(STORIES.values())


@pytest.mark.parametrize(
    ("arguments", "types"),
    [
        (("--type", "ceasefire"), {"ceasefire"}),
        (("--type", "ceasefire", "--type", "solidarity"), {"ceasefire", "solidarity"}),
        (("--status", "planned"), {"evacuation"}),
        (("--country", "fr"), {"solidarity"}),
        (("--country", "PH", "--country", "SY"), {"evacuation", "ceasefire"}),
        (("--min-confidence", "1.0", "--status", "violated"), set()),
        (("--from", "2100-01-01"), set()),
        (("--from", "2000-01-01T00:00:00Z", "--type", "evacuation"), {"evacuation"}),
    ],
)
def test_watch_filters(told: Pipeline, arguments: tuple[str, ...], types: set[str]) -> None:
    """Each filter keeps what it names; the same option twice means either."""
    assert {alert["type"] for alert in watch(told, *arguments)} == types


def test_watch_without_a_terminal_prints_one_line_an_alert(told: Pipeline) -> None:
    """Tab-separated, so that `cut` and `grep` work."""
    done = run_detector("watch", "--from", "beginning", "--until-end", "--country", "PH", environment=told.arguments())
    line = next(line for line in done.stdout.splitlines() if STORIES["ph"][1] in line)
    assert line.split("\t")[1:3] == ["evacuation", "planned"]
    assert line.split("\t")[5] == "Two"


def test_publish_names_bad_input_and_sends_the_rest(pipeline: Pipeline) -> None:
    """Where it stood, which field, and exit status 1; the good line is sent."""
    lines = b'{"id": "good", "text": "Bread prices fell."}\n{"id": "bad", "text": ""}\nnot json\n'
    done = run_detector("publish", "-", environment=pipeline.arguments(), stdin=lines)
    assert done.returncode == 1
    assert "standard input:2: text: the text is empty" in done.stderr
    assert "standard input:3: message: not JSON" in done.stderr
    assert "1 articles published" in done.stderr


def test_topics_describe_counts_records(told: Pipeline) -> None:
    """Four topics, with partitions and records."""
    done = run_detector("topics", "describe", environment=told.arguments())
    rows = {line.split("\t")[0]: line.split("\t")[1:] for line in done.stdout.splitlines()}
    assert rows[told.settings.topics.articles][:2] == ["4", "1"]
    assert int(rows[told.settings.topics.alerts][2]) >= len(STORIES)


def test_topics_create_is_harmless_when_they_exist(told: Pipeline) -> None:
    """It says so and succeeds."""
    done = run_detector("topics", "create", environment=told.arguments())
    assert done.returncode == 0
    assert done.stderr.count("exists already") == 8


@pytest.mark.parametrize("command", [("worker",), ("watch",), ("publish", "-"), ("rejected", "list")])
def test_missing_topics_are_named_with_what_to_do(broker: str, command: tuple[str, ...]) -> None:
    """One sentence, exit status 1, no stack trace."""
    environment = {
        "DETECTOR_BROKER": broker,
        "DETECTOR_TOPICS__ARTICLES": "nowhere",
        "DETECTOR_TOPICS__ALERTS": "nowhere",
        "DETECTOR_TOPICS__REJECTED": "nowhere",
    }
    done = run_detector(*command, environment=environment)
    assert done.returncode == 1
    assert "nowhere" in done.stderr
    assert "detector topics create" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("worker",), ("watch",), ("topics", "describe")])
def test_absent_broker_is_one_sentence(command: tuple[str, ...]) -> None:
    """It names the address and how to start or name a broker."""
    done = run_detector(*command, environment={"DETECTOR_BROKER": "127.0.0.1:1"})
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("Error: No Kafka broker answers at 127.0.0.1:1")
    assert "detector broker" in last


def test_worker_ends_cleanly_and_a_second_one_has_nothing_to_do(told: Pipeline) -> None:
    """What was committed is not read again by a new worker of the same group."""
    before = told.worker.figures()["articles"]
    assert told.worker.stop() == 0
    told.worker.start()
    _wait_until(lambda: told.worker.figures().get("rebalances", 0) > 0)
    told.settle()
    assert before > 0
    assert told.worker.figures()["articles"] == 0


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)
