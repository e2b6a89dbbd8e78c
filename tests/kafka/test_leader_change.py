"""A range is read whole, once and in order though the leader of a partition dies in the middle."""

import time
from pathlib import Path

import pytest
from kafka import TopicPartition
from kafka.admin import KafkaAdminClient

from detector.kafka.range_reading import RangeReader
from detector.kafka.ranges import RangeRequest, resolve_ranges
from detector.kafka.reading import connect
from detector.settings import Settings
from tests.support.cluster import Cluster, cluster
from tests.support.topics import MILLISECOND, NOON, fill

RECORDS = 12_000
LED_BY_SECOND = TopicPartition("history", 0)


@pytest.mark.timeout(180)
def test_a_leader_that_dies_while_a_range_is_read_costs_no_record(tmp_path: Path) -> None:
    """Two nodes, each leads one partition; one is killed after a tenth, and the other one goes on where it was."""
    with cluster(tmp_path) as nodes:
        wait_for_nodes(nodes)
        nodes.new_topic(LED_BY_SECOND.topic, leaders=[2, 1])
        values = [b"%06d" % n * 300 for n in range(RECORDS)]
        numbered = [(n % 2, NOON + n * MILLISECOND, value) for n, value in enumerate(values)]
        fill(nodes.addresses, LED_BY_SECOND.topic, numbered, acks="all", linger_ms=50)
        assert nodes.leader(LED_BY_SECOND) == 2
        settings = Settings(broker=nodes.addresses)
        consumer = connect(settings)
        ranges = resolve_ranges(consumer, LED_BY_SECOND.topic, RangeRequest())
        consumer.close(autocommit=False)
        found = []
        unreadable: list[object] = []
        with RangeReader(settings, LED_BY_SECOND.topic, ranges, unreadable=unreadable.append) as reader:
            for record in reader:
                found.append(record.value)
                if len(found) == RECORDS // 10:
                    nodes.second.kill()
        assert nodes.leader(LED_BY_SECOND) == 1
        assert found == values
        assert unreadable == []


def wait_for_nodes(nodes: Cluster) -> None:
    """Wait until the controller knows both."""
    deadline = time.monotonic() + 60
    while True:
        admin = KafkaAdminClient(bootstrap_servers=nodes.first.address)
        brokers = admin.describe_cluster()["brokers"]
        admin.close()
        if len(brokers) == 2:
            return
        assert time.monotonic() < deadline, "the second node did not join"
        time.sleep(0.5)
