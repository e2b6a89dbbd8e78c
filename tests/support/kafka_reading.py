"""Reads whole topics and group offsets on a real broker, for assertions."""

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.consumer.fetcher import ConsumerRecord
from kafka.errors import RetriableError


def read_topic(broker: str, topic: str) -> list[ConsumerRecord]:
    """Read every record from beginning to the end that the topic had at the call, by partition and offset."""
    consumer = KafkaConsumer(bootstrap_servers=broker, enable_auto_commit=False)
    try:
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        consumer.assign(partitions)
        consumer.seek_to_beginning(*partitions)
        ends = consumer.end_offsets(partitions)
        found: list[ConsumerRecord] = []
        while any(consumer.position(tp) < ends[tp] for tp in partitions):
            for tp, records in consumer.poll(timeout_ms=1000).items():
                found.extend(record for record in records if record.offset < ends[tp])
        return sorted(found, key=lambda record: (record.partition, record.offset))
    finally:
        consumer.close(autocommit=False)


def end_offsets(broker: str, topic: str) -> dict[int, int]:
    """Give the end offset of each partition."""
    consumer = KafkaConsumer(bootstrap_servers=broker, enable_auto_commit=False)
    try:
        partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
        return {tp.partition: offset for tp, offset in consumer.end_offsets(partitions).items()}
    finally:
        consumer.close(autocommit=False)


def committed_offsets(admin: KafkaAdminClient, group: str, topic: str) -> dict[int, int]:
    """Give what the group has committed in each partition of a topic; partitions without a commit are absent."""
    try:
        offsets = admin.list_group_offsets({group: None})
    except RetriableError:  # the coordinator is being made, or moves
        return {}
    return {
        tp.partition: found.offset for tp, found in offsets[group].items() if tp.topic == topic and found.offset >= 0
    }
