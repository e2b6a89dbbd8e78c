"""Two Kafka nodes as one cluster: the first is controller and broker, the second a broker that a test may kill."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kafka import TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from detector.broker.embedded import LOOPBACK, EmbeddedBroker, new_cluster_id, usable_port
from detector.settings import EmbeddedBrokerSettings

_HEAP_MEGABYTES: Final = 256
_QUICK: Final = ("broker.heartbeat.interval.ms=500", "broker.session.timeout.ms=3000", "num.replica.fetchers=1")
"""A dead node is noticed after 3 s instead of 9."""


@dataclass(frozen=True)
class Cluster:
    """The two nodes, by their ids 1 and 2."""

    first: EmbeddedBroker
    second: EmbeddedBroker

    @property
    def addresses(self) -> str:
        """Both, as a setting takes them."""
        return f"{self.first.address},{self.second.address}"

    def new_topic(self, name: str, leaders: list[int]) -> None:
        """Make a topic with a replica of each partition on either node, led by the ones named."""
        admin = KafkaAdminClient(bootstrap_servers=self.addresses)
        replicas = {number: [leader, 3 - leader] for number, leader in enumerate(leaders)}
        topic = NewTopic(name, replica_assignments=replicas, topic_configs={"retention.ms": "-1"})
        admin.create_topics([topic])
        admin.close()

    def leader(self, tp: TopicPartition) -> int:
        """Say which node leads a partition now, -1 while none does."""
        admin = KafkaAdminClient(bootstrap_servers=self.first.address)
        (topic,) = admin.describe_topics([tp.topic])
        admin.close()
        (found,) = (one for one in topic["partitions"] if one["partition_index"] == tp.partition)
        return int(found["leader_id"])


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Run both nodes for the time of the context."""
    ports = usable_port(0), usable_port(0)
    controller, cluster_id = usable_port(0), new_cluster_id()
    voters = f"controller.quorum.voters=1@{LOOPBACK}:{controller}"
    own = (
        f"listeners=PLAINTEXT://{LOOPBACK}:{ports[0]},CONTROLLER://{LOOPBACK}:{controller}",
        f"listeners=PLAINTEXT://{LOOPBACK}:{ports[1]}",
    )
    more = ((), ("node.id=2", "process.roles=broker"))
    with ExitStack() as stack:
        nodes = [
            stack.enter_context(
                EmbeddedBroker(
                    EmbeddedBrokerSettings(
                        port=ports[n], data_dir=folder / f"node-{n + 1}", heap_megabytes=_HEAP_MEGABYTES
                    ),
                    extra_properties=(*_QUICK, voters, own[n], *more[n]),
                    cluster_id=cluster_id,
                )
            )
            for n in range(2)
        ]
        yield Cluster(*nodes)
