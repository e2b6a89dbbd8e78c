"""Makes and describes the topics, and says plainly when a broker or a topic is missing."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic, OffsetSpec
from kafka.errors import (
    AuthorizationError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    RetriableError,
    SaslAuthenticationFailedError,
    TopicAlreadyExistsError,
)

from detector.errors import BrokerUnavailableError, DetectorError
from detector.kafka.clients import kafka_python_options
from detector.kafka.diagnosis import refusal, why_unavailable
from detector.settings import Settings

_DAY_MS: Final = 24 * 3600 * 1000
_MAX_ARTICLE_BYTES: Final = 8 << 20
"""A text of 1 MiB may take six times as much in escaped JSON."""

_MAX_DEAD_LETTER_BYTES: Final = 9 << 20
"""The largest article record with a dead letter's headers on top."""

_MAX_STATE_BYTES: Final = 9 << 20
"""An event with all the articles that are kept of it, in a journal record with those it was told apart from."""

_COMPACTED: Final[Mapping[str, str]] = {"cleanup.policy": "compact", "max.message.bytes": str(_MAX_STATE_BYTES)}
_CHANGELOG: Final[Mapping[str, str]] = {
    **_COMPACTED,
    "segment.ms": str(_DAY_MS),  # only closed segments are compacted, and a restart reads the whole log
    "min.cleanable.dirty.ratio": "0.2",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicDescription:
    """A topic as the broker sees it."""

    name: str
    partitions: int
    replication: int
    records: int
    """Offsets between beginning and end, over all partitions."""


@contextmanager
def broker_errors(settings: Settings) -> Iterator[None]:
    """Turn kafka-python's connection errors into one sentence that names the address and what to do."""
    if refused := refusal(settings):
        raise DetectorError(refused)
    try:
        yield
    except (KafkaConnectionError, KafkaTimeoutError) as error:
        raise BrokerUnavailableError(why_unavailable(settings)) from error
    except SaslAuthenticationFailedError as error:
        message = f"The broker at {settings.broker} refuses the login of DETECTOR_SECURITY__USERNAME: {error}"
        raise DetectorError(message) from error
    except AuthorizationError as error:
        about = f": {', '.join(sorted(map(str, error.args[0])))}" if error.args and error.args[0] else ""
        message = f"{_who(settings)} lacks a right at the broker {settings.broker} ({type(error).__name__}{about})."
        raise DetectorError(message) from error
    except KafkaError as error:
        message = f"The broker at {settings.broker} refused: {error}"
        raise DetectorError(message) from error


@contextmanager
def admin_client(settings: Settings) -> Iterator[KafkaAdminClient]:
    """Open an admin client for the time of the context; errors as in `broker_errors`."""
    with broker_errors(settings):
        admin = KafkaAdminClient(**kafka_python_options(settings))
        try:
            yield admin
        finally:
            admin.close()


def topic_names(settings: Settings) -> tuple[str, ...]:
    """Name the topics this program needs."""
    topics = settings.topics
    changelogs = (settings.article_changelog, settings.event_changelog)
    own = (topics.articles, topics.detections, topics.alerts, topics.events, topics.rejected, topics.undelivered)
    return (*own, *changelogs)


def worker_topic_names(settings: Settings) -> tuple[str, ...]:
    """Name the topics that a worker reads or writes."""
    return tuple(name for name in topic_names(settings) if name != settings.topics.undelivered)


def require_topics(
    settings: Settings, names: Sequence[str], *, read: Sequence[str] = (), write: Sequence[str] = ()
) -> None:
    """Raise `DetectorError` that names those of the topics that the broker does not have, or a right that is missing.

    `read` and `write` are those of the topics that will be read and written; without an authorizer every right is there.
    """
    with admin_client(settings) as admin:
        present = set(admin.list_topics())
        missing = [name for name in names if name not in present]
        if missing:
            seen_by = f" that {_who(settings)} may see" if settings.security.protocol != "PLAINTEXT" else ""
            message = (
                f"The broker at {settings.broker} has no topic {', '.join(missing)}{seen_by}. "
                "Run `detector topics create`."
            )
            raise DetectorError(message)
        rights = {topic["name"]: topic["authorized_operations"] for topic in admin.describe_topics(list(names))}
    lacking = [f"READ {name}" for name in read if "READ" not in rights[name]]
    lacking += [f"WRITE {name}" for name in write if "WRITE" not in rights[name]]
    if lacking:
        message = f"{_who(settings)} lacks rights at the broker {settings.broker}: {', '.join(lacking)}."
        raise DetectorError(message)


def require_worker_topics(settings: Settings) -> None:
    """Raise `DetectorError` when a topic or a right is missing, or a changelog has other partitions than its topic."""
    topics, changelogs = settings.topics, (settings.article_changelog, settings.event_changelog)
    require_topics(
        settings,
        worker_topic_names(settings),
        read=(topics.articles, topics.detections, *changelogs),
        write=(topics.detections, topics.alerts, topics.events, topics.rejected, *changelogs),
    )
    _require_group(settings)
    numbers = {topic.name: topic.partitions for topic in describe_topics(settings)}
    for changelog, topic in (
        (settings.article_changelog, topics.articles),
        (settings.event_changelog, topics.detections),
    ):
        if numbers[changelog] != numbers[topic]:
            message = (
                f"The topic {changelog} has {numbers[changelog]} partitions and {topic} has {numbers[topic]}: "
                "the state of each partition is kept in the partition of the same number. Give both the same number."
            )
            raise DetectorError(message)


def _require_group(settings: Settings) -> None:
    """Raise `DetectorError` when the worker's group may not be joined."""
    group = settings.worker.group
    with admin_client(settings) as admin:
        try:
            may_join = "READ" in (admin.describe_groups([group])[group]["authorized_operations"] or ("READ",))
        except RetriableError:  # a new cluster makes its offsets topic when the first group asks for it
            return
        except GroupAuthorizationFailedError:
            may_join = False
    if not may_join:
        message = f"{_who(settings)} lacks rights at the broker {settings.broker}: READ the group {group}."
        raise DetectorError(message)


def _who(settings: Settings) -> str:
    return f"User {settings.security.username}" if settings.security.uses_sasl else "This client"


def topic_configs(settings: Settings) -> dict[str, Mapping[str, str]]:
    """Return what each topic is configured with when this program makes it."""
    topics = settings.topics
    append_time = {"message.timestamp.type": "LogAppendTime"}  # `ingested_at` and every latency are the broker's clock
    return {
        topics.articles: append_time | {"max.message.bytes": str(_MAX_ARTICLE_BYTES)},
        topics.detections: append_time,
        topics.rejected: {"retention.ms": str(90 * _DAY_MS), "max.message.bytes": str(_MAX_DEAD_LETTER_BYTES)},
        topics.undelivered: {"retention.ms": str(90 * _DAY_MS)},
        topics.alerts: append_time | {"retention.ms": str(90 * _DAY_MS)},
        topics.events: _COMPACTED,
        settings.article_changelog: _CHANGELOG,
        settings.event_changelog: _CHANGELOG,
    }


def create_topics(settings: Settings) -> list[str]:
    """Make the topics that are missing and give their names; harmless when all are there."""
    topics, configs = settings.topics, topic_configs(settings)
    created = []
    with admin_client(settings) as admin:
        present = set(admin.list_topics())
        for name in topic_names(settings):
            if name in present:
                continue
            new = NewTopic(
                name,
                num_partitions=topics.partitions,
                replication_factor=topics.replication,
                topic_configs=dict(configs[name]),
            )
            try:
                admin.create_topics([new])
            except TopicAlreadyExistsError:
                continue
            created.append(name)
    return created


def describe_topics(settings: Settings) -> list[TopicDescription]:
    """Describe the topics this program needs; one that is missing has no partitions."""
    with admin_client(settings) as admin:
        present = set(admin.list_topics())
        found = {
            topic["name"]: topic for topic in admin.describe_topics([n for n in topic_names(settings) if n in present])
        }
    with broker_errors(settings):
        consumer = KafkaConsumer(**kafka_python_options(settings), enable_auto_commit=False)
        try:
            return [_describe(consumer, name, found.get(name)) for name in topic_names(settings)]
        finally:
            consumer.close(autocommit=False)


def _describe(consumer: KafkaConsumer, name: str, topic: Mapping[str, Any] | None) -> TopicDescription:
    if topic is None:
        return TopicDescription(name=name, partitions=0, replication=0, records=0)
    partitions = [TopicPartition(name, item["partition_index"]) for item in topic["partitions"]]
    ends, beginnings = consumer.end_offsets(partitions), consumer.beginning_offsets(partitions)
    return TopicDescription(
        name=name,
        partitions=len(partitions),
        replication=len(topic["partitions"][0]["replica_nodes"]),
        records=sum(ends[tp] - beginnings[tp] for tp in partitions),
    )


def uncommitted_records(settings: Settings) -> int | None:
    """Count what the worker group has still to finish on its input topics; `None` while it has committed nothing."""
    group = settings.worker.group
    with admin_client(settings) as admin:
        try:
            committed = admin.list_group_offsets({group: None})[group]
        except RetriableError:  # a new cluster makes its offsets topic when the first group asks for it
            committed = {}
        if not committed:
            return None
        partitions = [
            TopicPartition(topic["name"], item["partition_index"])
            for topic in admin.describe_topics([settings.topics.articles, settings.topics.detections])
            for item in topic["partitions"]
        ]
        ends = admin.list_partition_offsets(dict.fromkeys(partitions, OffsetSpec.LATEST))
    return int(sum(ends[tp].offset - (committed[tp].offset if tp in committed else 0) for tp in partitions))
