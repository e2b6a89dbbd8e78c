"""Two workers, killed with SIGKILL in turn in the middle of the stream: nothing lost, nothing told under a second id.

`make kill-test` runs it at full size; `make test` at a size that fits a test run.
"""

import os
import random
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient
from kafka.errors import RetriableError

from detector.core.records import Alert
from detector.core.wire import decode_alert, decode_event
from detector.kafka.admin import create_topics
from detector.settings import Settings, TopicSettings, WorkerSettings
from detector.worker_process import WorkerProcess
from tests.support.kafka_reading import committed_offsets, end_offsets, read_topic
from tests.support.stories import expected, expected_threads, records, threads

ARTICLES = int(os.environ.get("DETECTOR_TEST_KILL_ARTICLES", "3000"))
KILLS = int(os.environ.get("DETECTOR_TEST_KILLS", "3"))
REPETITIONS = int(os.environ.get("DETECTOR_TEST_KILL_REPETITIONS", "1"))
TAKEOVER_SECONDS = 20
WAIT_SECONDS = 120


@dataclass
class Run:
    """One run's topics, processes and figures."""

    broker: str
    topics: TopicSettings
    group: str
    admin: KafkaAdminClient
    workers: list[WorkerProcess]
    takeovers: list[float] = field(default_factory=list)

    def unfinished(self) -> dict[str, int]:
        """Records not yet committed, by topic and partition."""
        left = {}
        for topic in (self.topics.articles, self.topics.detections):
            committed = committed_offsets(self.admin, self.group, topic)
            for partition, end in end_offsets(self.broker, topic).items():
                if end > committed.get(partition, 0):
                    left[f"{topic}/{partition}"] = end - committed.get(partition, 0)
        return left

    def detections(self) -> int:
        """Detections published so far, those written twice among them."""
        return sum(end_offsets(self.broker, self.topics.detections).values())


@pytest.fixture
def run(broker: str, tmp_path: Path) -> Iterator[Run]:
    """Topics of its own and two workers of the product, running."""
    tag = uuid.uuid4().hex[:8]
    topics = TopicSettings(
        articles=f"articles-{tag}",
        detections=f"detections-{tag}",
        alerts=f"alerts-{tag}",
        events=f"events-{tag}",
        rejected=f"rejected-{tag}",
    )
    settings = Settings(
        broker=broker, topics=topics, worker=WorkerSettings(group=f"kill-{tag}", data_dir=tmp_path / "data")
    )
    create_topics(settings)
    workers = [WorkerProcess(settings, log_file=tmp_path / f"worker-{number}.log") for number in range(2)]
    for worker in workers:
        worker.start()
    admin = KafkaAdminClient(bootstrap_servers=broker)
    yield Run(broker=broker, topics=topics, group=f"kill-{tag}", admin=admin, workers=workers)
    for worker in workers:
        worker.kill()
    admin.close()


@pytest.mark.timeout(max(900, 60 * KILLS))
@pytest.mark.parametrize("repetition", range(REPETITIONS))
def test_killed_workers_lose_nothing_and_repeat_no_id(run: Run, repetition: int) -> None:
    """Each article counts once in its event, and each event has one whole thread of alerts, whichever worker dies when."""
    chunk = ARTICLES // (KILLS + 1)
    numbers = list(range(ARTICLES))
    _wait_until(lambda: _members(run) == 2, "two workers in the group")
    for kill in range(KILLS):
        before = run.detections()
        _publish(run, numbers[kill * chunk : (kill + 1) * chunk])
        wanted = before + chunk * random.Random(kill).uniform(0.05, 0.6)  # noqa: S311 - a moment, not a secret
        _wait_until(lambda: run.detections() > wanted, "the chunk being under way")  # noqa: B023 used at once
        assert run.unfinished(), "everything was finished before the kill, which then proves nothing"
        _kill_and_time(run, kill % 2)
        _wait_until(lambda: _members(run) == 2, "the restarted worker back in the group")
    _publish(run, numbers[KILLS * chunk :])
    _wait_until(lambda: not run.unfinished(), "all committed", give_up=lambda: f"left: {run.unfinished()}")
    _judge(run, repetition)


def _judge(run: Run, repetition: int) -> None:
    current = {record.key: record.value for record in read_topic(run.broker, run.topics.events)}
    events = [decode_event(value) for value in current.values()]
    told: dict[str, set[bytes]] = {}
    alerts = [record.value for record in read_topic(run.broker, run.topics.alerts)]
    for value in alerts:
        told.setdefault(decode_alert(value).alert_id, set()).add(value)
    by_event: dict[str, list[Alert]] = {}
    for value, *_ in told.values():
        alert = decode_alert(value)
        by_event.setdefault(alert.event_id, []).append(alert)
    seen = Counter((item.article_id, event.type.value) for event in events for item in event.supports)
    wanted = {(article, kind) for article, kinds in expected(ARTICLES).items() for kind in kinds}
    counted = sum(event.articles for event in events)
    rejected = read_topic(run.broker, run.topics.rejected)
    print(
        f"repetition {repetition}: {ARTICLES} articles, {KILLS} kills; events {len(events)}, articles in them {counted} of "
        f"{len(wanted)}, alerts {len(alerts)} under {len(told)} ids, told again {len(alerts) - len(told)}, "
        f"with other content {sum(len(values) > 1 for values in told.values())}, dead letters {len(rejected)}, "
        f"takeover s {[round(seconds, 1) for seconds in run.takeovers]}"
    )
    assert counted == len(wanted), "articles lost or counted twice"
    assert seen.keys() <= wanted
    assert all(count == 1 for count in seen.values()), "an article supports two events"
    assert threads(current.values()) == expected_threads(ARTICLES)
    assert all(len(values) == 1 for values in told.values()), "one id stands for two alerts"
    for event in events:
        thread = sorted(by_event.pop(event.event_id), key=lambda alert: alert.sequence)
        assert [alert.sequence for alert in thread] == list(range(len(thread)))
        assert tuple(alert.alert_id for alert in thread)[-len(event.alerts) :] == event.alerts
        assert (thread[-1].status, thread[-1].independent_outlets) <= (event.status, event.independent_outlets)
    assert not by_event, "alerts of events that are not there"
    assert not rejected
    assert not run.unfinished()
    assert max(run.takeovers) <= TAKEOVER_SECONDS


def _kill_and_time(run: Run, number: int) -> None:
    run.workers[number].kill()
    began = time.monotonic()
    committed = {t: committed_offsets(run.admin, run.group, t) for t in (run.topics.articles, run.topics.detections)}
    run.workers[number].start()

    def taken_over() -> bool:
        for topic, before in committed.items():
            now, ends = committed_offsets(run.admin, run.group, topic), end_offsets(run.broker, topic)
            if any(now.get(p, 0) <= before.get(p, 0) and now.get(p, 0) < end for p, end in ends.items()):
                return False
        return True

    _wait_until(taken_over, "every partition moving again")
    run.takeovers.append(time.monotonic() - began)


def _publish(run: Run, numbers: list[int]) -> None:
    producer = KafkaProducer(bootstrap_servers=run.broker, acks="all", linger_ms=5)
    for number in numbers:
        ((key, value),) = records(range(number, number + 1))
        producer.send(run.topics.articles, key=key, value=value)
    producer.flush()
    producer.close()


def _members(run: Run) -> int:
    try:
        described: dict[str, Any] = run.admin.describe_groups([run.group])[run.group]
    except RetriableError:  # the coordinator is being made, or moves
        return 0
    return len(described["members"]) if described["group_state"] == "Stable" else 0


def _wait_until(condition: Callable[[], bool], what: str, *, give_up: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.2)
    pytest.fail(f"waited {WAIT_SECONDS} s for {what}; {give_up()}")
