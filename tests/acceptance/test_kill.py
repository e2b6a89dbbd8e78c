"""Two workers, killed with SIGKILL in turn in the middle of the stream: nothing lost, nothing told under a second id.

`make kill-test` runs it at full size; `make test` at a size that fits a test run.
"""

import json
import os
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

from detector.core.parsing import parse_article
from detector.core.records import Article
from detector.kafka.admin import create_topics
from detector.loading import load_detector
from detector.settings import Settings, TopicSettings, WorkerSettings
from detector.worker_process import WorkerProcess
from tests.conftest import REPOSITORY
from tests.support.kafka_reading import committed_offsets, end_offsets, read_topic

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

    def alerts(self) -> int:
        """Alerts published so far, those told twice among them."""
        return sum(end_offsets(self.broker, self.topics.alerts).values())


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


@pytest.mark.timeout(900)
@pytest.mark.parametrize("repetition", range(REPETITIONS))
def test_killed_workers_lose_nothing_and_repeat_no_id(run: Run, repetition: int) -> None:
    """Each article's alerts come out, whole and under one id, whichever worker dies when."""
    expected = _expected_alerts()
    texts = list(expected)
    chunk = ARTICLES // (KILLS + 1)
    numbers = iter(range(ARTICLES))
    _wait_until(lambda: _members(run) == 2, "two workers in the group")
    for kill in range(KILLS):
        before = run.alerts()
        _publish(run, texts, [next(numbers) for _ in range(chunk)])
        _wait_until(lambda: run.alerts() > before + chunk // 4, "the chunk being under way")  # noqa: B023 used at once
        assert run.unfinished(), "everything was finished before the kill, which then proves nothing"
        _kill_and_time(run, kill % 2)
        _wait_until(lambda: _members(run) == 2, "the restarted worker back in the group")
    _publish(run, texts, list(numbers))
    _wait_until(lambda: not run.unfinished(), "all committed", give_up=lambda: f"left: {run.unfinished()}")
    _judge(run, repetition, {f"{n}": expected[texts[n % len(texts)]] for n in range(ARTICLES)})


def _judge(run: Run, repetition: int, expected: dict[str, frozenset[str]]) -> None:
    alerts = [json.loads(record.value) for record in read_topic(run.broker, run.topics.alerts)]
    told: dict[str, set[tuple[str, str]]] = {}
    for alert in alerts:
        told.setdefault(alert["alert_id"], set()).add((alert["evidence"][0]["article_id"], alert["type"]))
    seen = Counter(pair for pairs in told.values() for pair in pairs)
    wanted = {(article, kind) for article, kinds in expected.items() for kind in kinds}
    rejected = read_topic(run.broker, run.topics.rejected)
    print(
        f"repetition {repetition}: {len(expected)} articles, {KILLS} kills, lost {len(wanted - set(seen))}, "
        f"alerts {len(alerts)} under {len(told)} ids, told again under the same id {len(alerts) - len(told)}, "
        f"under a second id {sum(count - 1 for count in seen.values())}, dead letters {len(rejected)}, "
        f"takeover s {[round(seconds, 1) for seconds in run.takeovers]}"
    )
    assert not wanted - set(seen), "alerts lost"
    assert set(seen) == wanted
    assert all(count == 1 for count in seen.values()), "an alert was told under two ids"
    assert all(len(pairs) == 1 for pairs in told.values()), "one id stands for two alerts"
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


def _expected_alerts() -> dict[str, frozenset[str]]:
    """Texts of the sample articles that cause alerts, each with the types it causes."""
    detector = load_detector()
    articles = [parse_article(path.read_bytes()) for path in sorted((REPOSITORY / "seeds" / "articles").glob("*.json"))]
    known = [article for article in articles if isinstance(article, Article)]
    answers = detector.classifier.classify([Article(id="x", text=article.text) for article in known])
    found = {
        article.text: frozenset(finding.type.value for finding in answer.findings)
        for article, answer in zip(known, answers, strict=True)
    }
    return {text: kinds for text, kinds in found.items() if kinds}


def _publish(run: Run, texts: list[str], numbers: list[int]) -> None:
    producer = KafkaProducer(bootstrap_servers=run.broker, acks="all", linger_ms=5)
    for number in numbers:
        value = json.dumps({"id": str(number), "text": texts[number % len(texts)], "outlet": "Test"})
        producer.send(run.topics.articles, key=str(number).encode(), value=value.encode())
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
