"""The guarded consumer loses nothing when workers are killed, with and without a Faust table in the app.

The scenario in which a plain Faust worker lost up to 473 of 8,000 records.
"""

import os
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic

from detector.settings import Settings, WorkerSettings
from detector.worker_process import WorkerProcess
from tests.support.kafka_reading import committed_offsets, end_offsets, read_topic
from tests.support.numbers_worker import PARTITIONS

RECORDS = int(os.environ.get("DETECTOR_TEST_NUMBERS", "5000"))
KILLS = int(os.environ.get("DETECTOR_TEST_NUMBERS_KILLS", "2"))
SESSION_SECONDS = 6
DEADLINE_SECONDS = 240


@pytest.mark.timeout(DEADLINE_SECONDS + 60)
@pytest.mark.parametrize("mode", ["plain", "table"])
def test_no_record_is_lost_when_workers_are_killed_in_turn(broker: str, mode: str, tmp_path: Path) -> None:
    """Every number comes out, and everything finished is committed, after kills in the middle of the stream."""
    tag = uuid.uuid4().hex[:8]
    source, target, group = f"numbers-in-{tag}", f"numbers-out-{tag}", f"numbers-{tag}"
    admin = KafkaAdminClient(bootstrap_servers=broker)
    admin.create_topics([NewTopic(name, num_partitions=PARTITIONS, replication_factor=1) for name in (source, target)])
    _publish_numbers(broker, source)
    workers = [_worker(broker, group, source, target, mode, tmp_path / f"worker-{number}") for number in range(2)]
    for worker in workers:
        worker.start()
    try:
        for kill in range(KILLS):
            before = _wait_for(lambda: _count(broker, target), above=RECORDS * (kill + 1) // (KILLS + 2))
            assert before < RECORDS, "the run was finished before the last kill and proves nothing"
            workers[kill % 2].kill()
            workers[kill % 2].start()
        _wait_for(lambda: _finished(admin, broker, group, source), above=PARTITIONS - 1)
    finally:
        for worker in workers:
            worker.kill()
    seen = [int(record.value) for record in read_topic(broker, target)]
    assert set(seen) == set(range(RECORDS))
    assert committed_offsets(admin, group, source) == end_offsets(broker, source)
    print(f"{mode}: {len(seen) - RECORDS} records came out again after {KILLS} kills")


def _publish_numbers(broker: str, topic: str) -> None:
    producer = KafkaProducer(bootstrap_servers=broker, linger_ms=5)
    for number in range(RECORDS):
        producer.send(topic, key=f"k{number % 200}".encode(), value=str(number).encode())
    producer.flush()
    producer.close()


def _worker(broker: str, group: str, source: str, target: str, mode: str, folder: Path) -> WorkerProcess:
    worker = WorkerSettings(
        group=group,
        data_dir=folder / "data",
        session_timeout_seconds=SESSION_SECONDS,
        heartbeat_seconds=1,
        commit_interval_seconds=0.5,
    )
    command = (sys.executable, "-m", "tests.support.numbers_worker", source, target, mode)
    return WorkerProcess(Settings(broker=broker, worker=worker), log_file=folder / "log", command=command)


def _count(broker: str, topic: str) -> int:
    return sum(end_offsets(broker, topic).values())


def _finished(admin: KafkaAdminClient, broker: str, group: str, topic: str) -> int:
    committed = committed_offsets(admin, group, topic)
    return sum(committed.get(partition) == end for partition, end in end_offsets(broker, topic).items())


def _wait_for(measure: Callable[[], int], *, above: int) -> int:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        value = int(measure())
        if value > above:
            return value
        time.sleep(0.5)
    pytest.fail(f"{measure()} never passed {above}")
