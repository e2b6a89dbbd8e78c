"""Whatever lies on the articles topic ends as a detection, a counted no-event or a dead letter with its original bytes."""

import json
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient
from kafka.consumer.fetcher import ConsumerRecord

from detector.settings import DeadLetterSettings
from detector.stream.messages import HEADER_PREFIX
from detector.stream.processing import EXIT_STOPPED_LOUDLY
from tests.support.command import run_detector
from tests.support.kafka_reading import committed_offsets, end_offsets, read_topic
from tests.support.pipeline import Message, Pipeline, running_pipeline, tagged_settings

GOOD = "The government and the rebels agreed a ceasefire in Juba on Thursday."
HEADERS = (("trace", b"\x00\xff"), ("trace", b"second"))

BAD = {
    "invalid UTF-8": (b'{"text": "\xff"}', "message", "not_utf8"),
    "invalid JSON": (b'{"text": ', "message", "not_json"),
    "no object": (b'["text"]', "message", "not_an_object"),
    "missing text": (b'{"id": "m"}', "text", "missing"),
    "empty text": (b'{"id": "e", "text": " \\n"}', "text", "empty"),
    "text of another type": (b'{"id": "t", "text": 7}', "text", "wrong_type"),
    "text over 1 MiB": (json.dumps({"id": "l", "text": "a" * ((1 << 20) + 1)}).encode(), "text", "too_long"),
    "lone surrogate": (b'{"id": "s", "text": "\\ud800"}', "text", "lone_surrogate"),
    "deep nesting": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "message", "too_deep"),
    "duplicate keys": (b'{"text": "a", "text": "b"}', "text", "duplicate_key"),
    "wrong schema_version": (b'{"schema_version": 99, "text": "a"}', "schema_version", "schema_version"),
}


@pytest.fixture(scope="module")
def dead_letters(pipeline: Pipeline) -> dict[bytes, ConsumerRecord]:
    """The dead letters that the bad messages became, by the key they were sent under."""
    pipeline.send([Message(value, key=name.encode(), headers=HEADERS) for name, (value, _, _) in BAD.items()])
    pipeline.send(
        [Message(b""), Message(None, key=b"withdrawn"), Message(json.dumps({"text": GOOD}).encode(), key=b"good")]
    )
    pipeline.settle()
    return {record.key: record for record in read_topic(pipeline.settings.broker, pipeline.settings.topics.rejected)}


@pytest.mark.parametrize("name", BAD)
def test_bad_message_is_kept_whole_with_its_reason(dead_letters: dict[bytes, ConsumerRecord], name: str) -> None:
    """Key, bytes and headers are the original ones; further headers say where it stood and what is wrong."""
    value, field, reason = BAD[name]
    record = dead_letters[name.encode()]
    assert record.value == value
    assert tuple(item for item in record.headers if not item[0].startswith(HEADER_PREFIX)) == HEADERS
    about = _about(record)
    assert (about["field"], about["reason"]) == (field, reason)
    assert about["detail"]
    assert about["version"]
    assert about["offset"].isdigit()


def test_empty_message_without_a_key_is_a_dead_letter(dead_letters: dict[bytes, ConsumerRecord]) -> None:
    """Nothing says which article it would withdraw."""
    assert _about(dead_letters[None])["reason"] == "empty_message"  # type: ignore[index]  # such a record has no key


@pytest.mark.parametrize("key", [b"withdrawn", b"good"])
def test_readable_messages_are_no_dead_letters(dead_letters: dict[bytes, ConsumerRecord], key: bytes) -> None:
    """A withdrawal and a good article are processed."""
    assert key not in dead_letters


@pytest.mark.parametrize(
    "text",
    [
        "a" * 900_000,
        "a. " * 100_000,
        "\n" * 500_000 + "end",
        "NUL \x00 and bell \x07 in a text",
        "\u202eright to left\u202c and zero\u200bwidth",
    ],
    ids=["one long word", "one-letter sentences", "line ends", "control characters", "invisible characters"],
)
def test_odd_text_is_processed(pipeline: Pipeline, text: str) -> None:
    """Odd is not bad: the worker answers and goes on."""
    before = pipeline.worker.figures()
    pipeline.send([Message(json.dumps({"id": f"odd-{len(text)}", "text": text}).encode())])
    pipeline.settle()
    after = pipeline.worker.figures()
    assert after["articles"] == before["articles"] + 1
    assert after["rejected"] == before["rejected"]


def test_rejected_list_and_replay_put_a_dead_letter_back(
    pipeline: Pipeline, dead_letters: dict[bytes, ConsumerRecord]
) -> None:
    """What `rejected list` shows can be named to `rejected replay`, and comes back as the message it was."""
    listed = [json.loads(line) for line in _detector(pipeline, "rejected", "list", "--json").splitlines()]
    letter = next(item for item in listed if item["key"] == "invalid JSON")
    assert letter["reason"] == "not_json"
    before = sum(end_offsets(pipeline.settings.broker, pipeline.settings.topics.articles).values())
    _detector(pipeline, "rejected", "replay", letter["position"], "--dry-run")
    assert sum(end_offsets(pipeline.settings.broker, pipeline.settings.topics.articles).values()) == before
    _detector(pipeline, "rejected", "replay", letter["position"])
    pipeline.settle()
    again = [
        r for r in read_topic(pipeline.settings.broker, pipeline.settings.topics.articles) if r.key == b"invalid JSON"
    ]
    assert [record.value for record in again] == [BAD["invalid JSON"][0]] * 2
    assert tuple(again[-1].headers) == HEADERS
    assert dead_letters[b"invalid JSON"].value == again[-1].value


def test_worker_stops_loudly_when_most_input_is_bad(broker: str, tmp_path: Path) -> None:
    """Past the configured share it exits with its own status; started again it diverts nothing a second time."""
    limit = DeadLetterSettings(max_share=0.5, min_records=20, window_records=50)
    settings = tagged_settings(broker, tmp_path, dead_letters=limit)
    settings = settings.model_copy(update={"worker": settings.worker.model_copy(update={"batch_articles": 8})})
    with running_pipeline(settings, tmp_path) as pipeline:
        pipeline.send([Message(b"not json", key=str(number).encode()) for number in range(200)])
        assert pipeline.worker.wait(60) == EXIT_STOPPED_LOUDLY
        pipeline.worker.start()
        assert pipeline.worker.wait(60) == EXIT_STOPPED_LOUDLY
    assert "DETECTOR_DEAD_LETTERS__MAX_SHARE" in pipeline.worker.log_file.read_text(encoding="utf-8")
    diverted = [record.key for record in read_topic(broker, settings.topics.rejected)]
    assert len(diverted) == len(set(diverted)) < 100
    admin = KafkaAdminClient(bootstrap_servers=broker)
    committed = sum(committed_offsets(admin, settings.worker.group, settings.topics.articles).values())
    assert committed == len(diverted)


def _about(record: ConsumerRecord) -> dict[str, str]:
    return {n.removeprefix(HEADER_PREFIX): v.decode() for n, v in record.headers if n.startswith(HEADER_PREFIX)}


def _detector(pipeline: Pipeline, *arguments: str) -> str:
    done = run_detector(*arguments, environment=pipeline.arguments())
    assert done.returncode == 0, done.stderr
    return done.stdout
