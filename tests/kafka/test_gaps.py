"""Offsets without a record, made by the broker itself: transaction markers, aborted transactions, deleted records."""

import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Producer
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.structs import OffsetAndMetadata

from detector.settings import Settings, WorkerSettings
from detector.worker_process import WorkerProcess
from tests.support.kafka_reading import committed_offsets, end_offsets, read_topic

TRANSACTIONS, IN_EACH, DELETED = 12, 7, 20


@pytest.mark.timeout(180)
def test_every_record_comes_out_and_markers_do_not_hold_back_the_commit(broker: str, tmp_path: Path) -> None:
    """Gaps are passed only where a second read confirms them; in the end all is committed, a trailing marker too."""
    tag = uuid.uuid4().hex[:8]
    source, target = f"gaps-in-{tag}", f"gaps-out-{tag}"
    admin = KafkaAdminClient(bootstrap_servers=broker)
    admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1) for name in (source, target)])
    numbers = _publish_in_transactions(broker, source, tag)
    admin.delete_records({TopicPartition(source, 0): DELETED})
    kept = {int(record.value) for record in read_topic(broker, source)}
    assert kept < numbers, "no record was deleted, so there is no gap at the beginning"
    worker = _worker(broker, tag, source, target, tmp_path)
    worker.start()
    try:
        _wait_until(lambda: committed_offsets(admin, tag, source) == end_offsets(broker, source), worker)
    finally:
        worker.kill()
    assert [int(record.value) for record in read_topic(broker, target)] == sorted(kept)


@pytest.mark.timeout(180)
def test_a_commit_beyond_the_end_does_not_hide_what_comes_next(broker: str, tmp_path: Path) -> None:
    """A topic made anew under a group that had read further: reading begins where the log does, and says so."""
    tag = uuid.uuid4().hex[:8]
    source, target = f"anew-in-{tag}", f"anew-out-{tag}"
    admin = KafkaAdminClient(bootstrap_servers=broker)
    admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1) for name in (source, target)])
    admin.alter_group_offsets(tag, {TopicPartition(source, 0): OffsetAndMetadata(1000, "", -1)})
    worker = _worker(broker, tag, source, target, tmp_path)
    worker.start()
    try:
        producer = Producer({"bootstrap.servers": broker})
        for number in range(30):
            producer.produce(source, key=f"k{number}", value=str(number))
        producer.flush()
        _wait_until(lambda: committed_offsets(admin, tag, source) == {0: 30}, worker)
    finally:
        worker.kill()
    assert [int(record.value) for record in read_topic(broker, target)] == list(range(30))
    assert "was the topic made anew?" in worker.log_file.read_text(encoding="utf-8")


def _worker(broker: str, group: str, source: str, target: str, folder: Path) -> WorkerProcess:
    return WorkerProcess(
        Settings(broker=broker, worker=WorkerSettings(group=group, data_dir=folder / "data", stall_seconds=2)),
        log_file=folder / "worker.log",
        command=(sys.executable, "-m", "tests.support.numbers_worker", source, target, "plain"),
    )


def _publish_in_transactions(broker: str, topic: str, tag: str) -> set[int]:
    producer = Producer({"bootstrap.servers": broker, "transactional.id": tag})
    producer.init_transactions(30)
    for number in range(TRANSACTIONS):
        producer.begin_transaction()
        for record in range(IN_EACH):
            value = number * IN_EACH + record
            producer.produce(topic, key=f"k{value}", value=str(value))
        producer.commit_transaction(30)
    return set(range(TRANSACTIONS * IN_EACH))


def _wait_until(condition: Callable[[], bool], worker: WorkerProcess) -> None:
    deadline = time.monotonic() + 90
    while not condition():
        assert worker.is_running, worker.explain("the worker ended")
        assert time.monotonic() < deadline, worker.explain("not all was committed")
        time.sleep(0.3)
