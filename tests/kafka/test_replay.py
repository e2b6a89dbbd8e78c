"""Replay against a live worker: the same bytes, no trace in its group, and an archive that is whole whatever happens."""

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient

from detector.core import modelfile
from detector.core.modelfile import digest_of, model_from_bytes, model_to_bytes
from detector.errors import DetectorError, ModelError, UsageError
from detector.loading import read_model
from detector.replay.run import CORRUPT
from tests.support.kafka_reading import committed_offsets, end_offsets, read_topic
from tests.support.pipeline import Message, Pipeline, running_pipeline, tagged_settings
from tests.support.replaying import SEEDS, meta, rows, run_replay, seed_articles, tables
from tests.support.topics import MILLISECOND, NOON, damage, fill, new_topic, segment

DETECTED_AT = re.compile(rb'"detected_at":"[^"]*"')


@pytest.fixture(scope="module")
def tag() -> str:
    """Begins the ids of this module's articles."""
    return f"replay-{uuid.uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def processed(broker: str, tag: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    """Good articles, every kind of bad record and a withdrawal, all processed by a live worker with nothing before them."""
    folder = tmp_path_factory.mktemp("processed")
    with running_pipeline(tagged_settings(broker, folder), folder) as pipeline:
        _process(pipeline, tag)
        yield pipeline


def _process(pipeline: Pipeline, tag: str) -> None:
    pipeline.send([Message(article, key=b"k%d" % n) for n, article in enumerate(seed_articles(tag))])
    bad = [b"not json", b'{"id": "%s-bad"}' % tag.encode(), b"\xff\xfe", b"[]"]
    withdrawals = [Message(None, key=key) for key in (tag.encode(), b"\xff")]
    pipeline.send([*(Message(value) for value in bad), *withdrawals])
    pipeline.settle()


@pytest.fixture(scope="module")
def replayed(processed: Pipeline, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run over all that the live worker has processed."""
    folder = tmp_path_factory.mktemp("replayed") / "run"
    done = run_replay(folder=folder, environment=processed.arguments())
    assert done.exception is None, done.output
    return folder


def test_a_replay_gives_what_the_live_worker_gave_byte_for_byte(processed: Pipeline, replayed: Path, tag: str) -> None:
    """Alerts wholly; detections but for `detected_at`, the wall clock then and the article's own time now."""
    settings = processed.settings

    def ours(values: list[bytes]) -> set[bytes]:
        return {value for value in values if b'"article_id":"%s' % tag.encode() in value}

    live = [record.value for record in read_topic(settings.broker, settings.topics.detections)]
    again = [record for (record,) in rows(replayed, "SELECT record FROM detections")]
    timeless = [{DETECTED_AT.sub(b"", value) for value in ours(values)} for values in (live, again)]
    assert len(timeless[0]) > 20
    assert timeless[0] == timeless[1]
    assert ours(live) != ours(again)
    live_alerts = [record.value for record in read_topic(settings.broker, settings.topics.alerts)]
    alerts = [record for (record,) in rows(replayed, "SELECT record FROM alerts")]
    assert len(ours(live_alerts)) == len(timeless[0])
    assert ours(live_alerts) == ours(alerts)


def test_a_replay_rejects_what_the_live_worker_rejected(processed: Pipeline, replayed: Path) -> None:
    """The same records, fields, reasons and details as the dead letters."""
    topics = processed.settings.topics
    letters = []
    for record in read_topic(processed.settings.broker, topics.rejected):
        ours = [(name, value) for name, value in record.headers if name.startswith("detector.")]
        about = {name.removeprefix("detector."): value.decode() for name, value in ours}
        if about["topic"] == topics.articles:
            letters.append(
                (int(about["partition"]), int(about["offset"]), about["field"], about["reason"], about["detail"])
            )
    found = rows(replayed, 'SELECT partition, "offset", field, reason, detail FROM rejected')
    assert set(found) == set(letters)
    assert len(found) >= 5


def test_the_same_range_and_model_give_the_same_rows(processed: Pipeline, replayed: Path, tmp_path: Path) -> None:
    """Whatever the number of processes and the size of the batches; and no run is written over."""
    environment = processed.arguments() | {"DETECTOR_REPLAY__PROCESSES": "2", "DETECTOR_REPLAY__BATCH_RECORDS": "37"}
    end = json.dumps(meta(replayed)["source"]["partitions"])
    offsets = [f"{one['partition']}:-{one['to_offset']}" for one in json.loads(end) if one["to_offset"]]
    done = run_replay(
        *(word for one in offsets for word in ("--offsets", one)), folder=tmp_path / "run", environment=environment
    )
    assert done.exception is None
    assert tables(tmp_path / "run") == tables(replayed)
    again = run_replay(folder=tmp_path / "run", environment=environment)
    assert isinstance(again.exception, UsageError)
    assert "holds a run already" in str(again.exception)


def test_the_archive_says_what_was_read(processed: Pipeline, replayed: Path, tag: str) -> None:
    """Range, model, counts, settings and command: all that is needed to do it again."""
    about = meta(replayed)
    ends = end_offsets(processed.settings.broker, processed.settings.topics.articles)
    partitions = about["source"]["partitions"]
    assert about["source"]["topic"] == processed.settings.topics.articles
    assert {one["partition"]: one["to_offset"] for one in partitions} == ends
    assert {one["partition"]: one["read_to"] for one in partitions} == ends
    assert sum(one["records"] for one in partitions) == sum(ends.values()) == about["counts"]["records"]
    assert (about["partial"], about["partial_reason"]) == (False, None)
    (model,) = about["models"]
    assert model["digest"] == digest_of(read_model())
    assert model["seconds"] > 0
    assert set(model["thresholds"]) == {"ceasefire", "evacuation", "atrocity", "solidarity"}
    assert about["settings"]["DETECTOR_BROKER"] == processed.settings.broker
    assert about["command"][0] == "detector"
    assert about["started_at"] <= about["ended_at"]
    (row,) = rows(replayed, f"SELECT * FROM articles WHERE article_id = '{tag}-0'")  # noqa: S608 - an id of ours
    assert row[2] == json.loads(seed_articles(tag, 1)[0])["title"]
    ((counted, known, every),) = rows(replayed, "SELECT sum(words > 0), sum(known_words > 0), count(*) FROM articles")
    assert 0 < known == counted < every
    assert rows(replayed, "SELECT count(*) FROM scores") == rows(replayed, "SELECT count(*) FROM articles")
    best = {(n, kind): text for n, kind, text in rows(replayed, "SELECT n, type, sentence FROM best")}
    records = rows(replayed, "SELECT n, type, record FROM detections")
    fired = {(n, kind): json.loads(record)["evidence"][0]["sentence"] for n, kind, record in records}
    assert fired.items() < best.items()
    for n, kind in best.keys() - fired.keys():
        ((score,),) = rows(replayed, f"SELECT {kind} FROM scores WHERE n = {n}")  # noqa: S608 - ours, both
        assert 0.499 * model["thresholds"][kind] <= score < model["thresholds"][kind]


def test_a_replay_leaves_no_trace_in_the_live_group(processed: Pipeline, tmp_path: Path) -> None:
    """Under load: the worker finishes everything, its members stay, and no group and no offset is the replay's."""
    settings = processed.settings
    admin = KafkaAdminClient(bootstrap_servers=settings.broker)
    before = groups(admin)
    members = admin.describe_groups([settings.worker.group])
    rebalances = processed.worker.figures()["rebalances"]
    committed = committed_offsets(admin, settings.worker.group, settings.topics.articles)
    quiet = run_replay(folder=tmp_path / "quiet", environment=processed.arguments())
    assert quiet.exception is None
    assert committed_offsets(admin, settings.worker.group, settings.topics.articles) == committed
    processed.send([Message(article) for article in seed_articles("load", 600)])
    loaded = run_replay("--limit", "600", folder=tmp_path / "loaded", environment=processed.arguments())
    assert loaded.exception is None
    processed.settle()
    assert committed_offsets(admin, settings.worker.group, settings.topics.articles) == end_offsets(
        settings.broker, settings.topics.articles
    )
    assert groups(admin) == before
    assert admin.describe_groups([settings.worker.group]) == members
    assert processed.worker.figures()["rebalances"] == rebalances
    admin.close()


def groups(admin: KafkaAdminClient) -> set[str]:
    """Name every group of the broker."""
    return {str(group["group_id"]) for group in admin.list_groups()}


def test_published_results_have_topics_of_their_own_and_a_run_id(processed: Pipeline, tmp_path: Path) -> None:
    """Made when absent; keys and bytes as live, the run in a header; the live topics get nothing."""
    settings = processed.settings
    prefix = f"trial-{uuid.uuid4().hex[:6]}"
    live = end_offsets(settings.broker, settings.topics.alerts)
    done = run_replay(
        "--publish-to", prefix, "--limit", "40", folder=tmp_path / "run", environment=processed.arguments()
    )
    assert done.exception is None
    run_id = meta(tmp_path / "run")["run_id"].encode()
    for table in ("detections", "alerts"):
        sent = read_topic(settings.broker, f"{prefix}.{table}")
        assert sorted(record.value for record in sent) == sorted(
            record
            for (record,) in rows(tmp_path / "run", f"SELECT record FROM {table}")  # noqa: S608 - one of two
        )
        assert sent
        assert all(record.headers == [("run_id", run_id)] for record in sent)
    events = {record.key: record.value for record in read_topic(settings.broker, f"{prefix}.events")}
    assert sorted(events.values()) == sorted(
        record for (record,) in rows(tmp_path / "run", "SELECT record FROM events")
    )
    assert all(record.key == json.loads(record.value)["event_id"].encode() for record in sent)
    assert end_offsets(settings.broker, settings.topics.alerts) == live
    environment = processed.arguments() | {"DETECTOR_TOPICS__ALERTS": "news.alerts"}
    refused = run_replay("--publish-to", "news", folder=tmp_path / "no", environment=environment)
    assert isinstance(refused.exception, UsageError)
    assert "news.alerts, which is in live use" in str(refused.exception)


def other_model(folder: Path) -> Path:
    """The shipped model with other thresholds."""
    model = model_from_bytes(read_model())
    path = folder / "other.npz"
    path.write_bytes(model_to_bytes(replace(model, thresholds=dict.fromkeys(model.thresholds, 0.95))))
    return path


def test_two_models_score_the_same_articles_in_one_pass(processed: Pipeline, tmp_path: Path) -> None:
    """Scores of both for every article; what each detects is what it detects alone."""
    shipped, strict = tmp_path / "shipped.npz", other_model(tmp_path)
    shipped.write_bytes(read_model())
    environment = processed.arguments()
    both = run_replay("--compare", shipped, strict, "--limit", "36", folder=tmp_path / "both", environment=environment)
    alone = run_replay("--model", strict, "--limit", "36", folder=tmp_path / "alone", environment=environment)
    assert (both.exception, alone.exception) == (None, None)
    first, second = (model["digest"] for model in meta(tmp_path / "both")["models"])
    (count,) = rows(tmp_path / "both", "SELECT count(*) FROM articles")[0]
    assert rows(tmp_path / "both", "SELECT model, count(*) FROM scores GROUP BY model ORDER BY model") == sorted(
        [(first, count), (second, count)]
    )
    query = f"SELECT n, record FROM detections WHERE model = '{second}' ORDER BY n, type"  # noqa: S608 - a digest
    found = rows(tmp_path / "both", query)
    assert found == rows(tmp_path / "alone", query)
    assert 0 < len(found) < len(rows(tmp_path / "both", "SELECT n FROM detections")) - len(found)
    same = run_replay("--compare", shipped, shipped, folder=tmp_path / "same", environment=environment)
    assert isinstance(same.exception, UsageError)
    assert "are the same model" in str(same.exception)


def test_a_damaged_batch_in_the_middle_is_told_and_the_rest_evaluated(
    own_broker: tuple[str, Path], tmp_path: Path
) -> None:
    """One row for each offset that cannot be read, a warning, exit 0."""
    broker, folder = own_broker
    topic = new_topic(broker)
    lines = seed_articles("damaged", 30)
    for first in range(0, 30, 10):
        fill(
            broker,
            topic,
            [(0, NOON + n * MILLISECOND, lines[n]) for n in range(first, first + 10)],
            linger_ms=100,
            batch_size=1 << 20,
        )
    base, following = damage(segment(folder, topic, 0), 1)
    assert following
    done = run_replay("--topic", topic, folder=tmp_path / "run", environment={"DETECTOR_BROKER": broker})
    assert done.exception is None
    assert f"partition 0, offset {base} to {following - 1}: cannot be read" in done.stderr
    assert rows(tmp_path / "run", 'SELECT "offset", reason FROM rejected ORDER BY 1') == [
        (offset, CORRUPT) for offset in range(base, following)
    ]
    kept = [n for n in range(30) if not base <= n < following]
    assert rows(tmp_path / "run", 'SELECT "offset" FROM articles ORDER BY 1') == [(n,) for n in kept]
    assert meta(tmp_path / "run")["partial"] is False


def test_late_records_of_producers_clocks_are_left_out_and_said(broker: str, tmp_path: Path) -> None:
    """The offsets between the edges hold records of other times where producers set the time."""
    topic = new_topic(broker)
    lines = seed_articles("late", 6)
    minutes = [0, 1, 9, 2, 3, 4]
    fill(broker, topic, [(0, NOON + m * 60_000 * MILLISECOND, line) for m, line in zip(minutes, lines, strict=True)])
    done = run_replay(
        *("--topic", topic, "--from", "2016-12-15T12:01:00Z"),
        folder=tmp_path / "run",
        environment={"DETECTOR_BROKER": broker},
    )
    assert done.exception is None
    assert rows(tmp_path / "run", "SELECT article_id FROM articles ORDER BY n") == [(f"late-{n}",) for n in range(1, 6)]
    done = run_replay(
        *("--topic", topic, "--offsets", "1-6", "--limit", "2"),
        folder=tmp_path / "limited",
        environment={"DETECTOR_BROKER": broker},
    )
    assert rows(tmp_path / "limited", "SELECT article_id FROM articles ORDER BY n") == [("late-1",), ("late-2",)]
    assert [one["read_to"] for one in meta(tmp_path / "limited")["source"]["partitions"]] == [3]


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (["--topic", "nowhere"], DetectorError, "has no topic nowhere"),
        (["--from", "2100-01-01"], DetectorError, "no record in the range asked; its oldest record is of 20"),
        (["--from", "2020-01-02", "--to", "2020-01-01"], UsageError, "which is not after its beginning"),
        (["--from", "2020-01-02", "--to", "2020-01-02"], UsageError, "which is not after its beginning"),
        (["--last", "1h", "--from", "2020-01-02"], UsageError, "--last says where the range begins"),
        (["--offsets", "0:1-5", "--from", "2020-01-02"], UsageError, "by times or by --offsets"),
        (["--offsets", "0:1-5", "--offsets", "0:7-9"], UsageError, "names the same partition twice"),
        (["--partitions", "0,99"], UsageError, "has partitions 0 to 3, not 99"),
        (["--archive", "x.jsonl", "--topic", "y"], UsageError, "has neither topic, partitions nor offsets"),
        (["--archive", "nowhere.jsonl"], UsageError, "nowhere.jsonl does not exist"),
        (["--model", "nowhere.npz"], ModelError, "nowhere.npz cannot be used"),
        (["--model", str(SEEDS[0])], ModelError, "not a detector model file"),
        (["--model", "a", "--compare", "b", "c"], UsageError, "give one of them"),
        (["--publish-to", "two words"], UsageError, "makes no topic name"),
    ],
)
def test_bad_questions_get_one_sentence(
    processed: Pipeline, tmp_path: Path, arguments: list[str], kind: type[Exception], message: str
) -> None:
    """What is wrong and what to do; nothing is left behind."""
    done = run_replay(*arguments, folder=tmp_path / "run", environment=processed.arguments())
    assert done.exception is not None
    assert message in str(getattr(done.exception, "message", done.exception))
    assert isinstance(done.exception, kind)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--from", "2016-12-15T10:00:00"], "does not say its time zone"),
        (["--to", "2016-12-15 10:00"], "does not say its time zone"),
        (["--to", "yesterday"], "is no time like"),
        (["--last", "soon"], "is no duration like"),
        (["--offsets", "5-5"], "is empty"),
        (["--offsets", "5"], "is no range of offsets"),
        (["--partitions", "one"], "is no list of partitions"),
        (["--threshold", "flood=0.5"], "is no threshold like"),
        (["--threshold", "atrocity=2"], "is no threshold like"),
        (["--limit", "0"], "not in the range"),
    ],
)
def test_bad_values_are_named(tmp_path: Path, arguments: list[str], message: str) -> None:
    """By the option that has them, before anything is read."""
    done = run_replay(*arguments, folder=tmp_path / "run")
    assert message in str(getattr(done.exception, "message", ""))


def test_a_model_of_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do about it."""
    path = tmp_path / "old.npz"
    model = model_from_bytes(read_model())
    with monkeypatch.context() as past:
        past.setattr(modelfile, "FORMAT", 1)
        path.write_bytes(model_to_bytes(model))
    done = run_replay("--model", path, folder=tmp_path / "run")
    assert isinstance(done.exception, ModelError)
    assert "has format 1, this version reads" in str(done.exception)
