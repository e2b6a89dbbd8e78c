"""Whether a broker really works: a record goes in and the same record comes out."""

import uuid
from typing import Final

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

HEALTH_TOPIC: Final = "detector.health"
_TIMEOUT_MS: Final = 5000


def produce_and_fetch(address: str) -> bool:
    """Write a fresh record to the health topic and read it back; false when any of it fails within 5 s each."""
    token = uuid.uuid4().bytes
    try:
        _ensure_topic(address)
        producer = KafkaProducer(
            bootstrap_servers=address,
            bootstrap_timeout_ms=_TIMEOUT_MS,
            max_block_ms=_TIMEOUT_MS,
            request_timeout_ms=_TIMEOUT_MS,
        )
        try:
            offset = producer.send(HEALTH_TOPIC, token, partition=0).get(timeout=_TIMEOUT_MS / 1000).offset
        finally:
            producer.close(timeout=1)
        consumer = KafkaConsumer(bootstrap_servers=address, bootstrap_timeout_ms=_TIMEOUT_MS, enable_auto_commit=False)
        try:
            partition = TopicPartition(HEALTH_TOPIC, 0)
            consumer.assign([partition])
            consumer.seek(partition, offset)
            records = consumer.poll(timeout_ms=_TIMEOUT_MS, max_records=1).get(partition, [])
        finally:
            consumer.close(autocommit=False)
    except KafkaError:
        return False
    return bool(records) and records[0].value == token


def _ensure_topic(address: str) -> None:
    admin = KafkaAdminClient(
        bootstrap_servers=address, bootstrap_timeout_ms=_TIMEOUT_MS, request_timeout_ms=_TIMEOUT_MS
    )
    try:
        if HEALTH_TOPIC not in admin.list_topics():
            admin.create_topics(
                [
                    NewTopic(
                        HEALTH_TOPIC, num_partitions=1, replication_factor=1, topic_configs={"retention.ms": "3600000"}
                    )
                ]
            )
    except TopicAlreadyExistsError:
        pass
    finally:
        admin.close()
