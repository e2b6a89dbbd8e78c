"""Every article of the real news pool goes through a real worker and is accounted for."""

import io
import time
from pathlib import Path

import pytest

from detector.article_files import read_articles
from detector.cli.publish import publish_articles
from detector.core.eventtypes import EVENT_TYPES
from detector.kafka.admin import create_topics, uncommitted_records
from detector.worker_process import WorkerProcess
from tests.support.kafka_reading import end_offsets
from tests.support.pipeline import tagged_settings

WAIT_SECONDS = 240


@pytest.mark.timeout(WAIT_SECONDS + 60)
def test_every_article_of_the_pool_is_accounted_for(broker: str, shared: Path, tmp_path: Path) -> None:
    """In = without an event + with detections + dead letters, and the topics hold what the counters say."""
    settings = tagged_settings(broker, tmp_path)
    create_topics(settings)
    sources = read_articles([shared / "news" / "pool.jsonl.gz"], standard_input=io.BytesIO())
    sent, _ = publish_articles(settings, sources, unchecked=True)
    worker = WorkerProcess(settings, log_file=tmp_path / "worker.log")
    worker.start()
    try:
        began = _wait_for_first(worker)
        deadline = time.monotonic() + WAIT_SECONDS
        while uncommitted_records(settings) != 0:
            assert worker.is_running, worker.explain("the worker ended")
            assert time.monotonic() < deadline, worker.explain("the pool was not finished")
            time.sleep(0.2)
        seconds = time.monotonic() - began
        figures, peak = worker.figures(), _peak_megabytes(worker.pid)
    finally:
        assert worker.stop() == 0
    by_type = {kind.value: int(figures.get(f"alerts.{kind.value}", 0)) for kind in EVENT_TYPES}
    print(
        f"pool: {sent} in = {figures['no_event']:g} without an event + {figures['articles_with_detections']:g} with "
        f"detections + {figures['rejected']:g} dead letters; {sent / seconds:.0f} articles/s; alerts {by_type}; "
        f"peak memory {peak:.0f} MB"
    )
    assert sent == figures["no_event"] + figures["articles_with_detections"] + figures["rejected"]
    assert sent == figures["articles"] + figures["rejected"]
    ends = {
        name: sum(end_offsets(broker, name).values()) for name in (settings.topics.detections, settings.topics.alerts)
    }
    assert ends[settings.topics.detections] == figures["detections"] + figures["retractions"] == figures["correlated"]
    assert 0 < ends[settings.topics.alerts] == figures["alerts"]
    assert sum(end_offsets(broker, settings.topics.rejected).values()) == figures["rejected"]


def _wait_for_first(worker: WorkerProcess) -> float:
    deadline = time.monotonic() + 60
    while worker.figures()["articles"] == 0:
        assert worker.is_running, worker.explain("the worker ended")
        assert time.monotonic() < deadline, worker.explain("the worker did nothing")
        time.sleep(0.05)
    return time.monotonic()


def _peak_megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024
