"""Re-publishes history to another topic, at its original pace, faster, or as fast as the broker takes it."""

import json
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from types import TracebackType
from typing import Final, Self

from kafka import KafkaProducer
from kafka.errors import KafkaError

from detector.errors import DetectorError, UsageError
from detector.kafka.admin import admin_client, broker_errors
from detector.kafka.clients import kafka_python_options
from detector.kafka.unreadable import Unreadable
from detector.replay.sources import Source, article_times
from detector.settings import Settings
from detector.stream.messages import Incoming

_CHECK_EVERY: Final = 500
"""Records between two looks at what the broker refused."""


def require_target(settings: Settings, target: str, *, source: str | None) -> None:
    """Raise `UsageError` when the target is the source itself, `DetectorError` when the broker does not have it."""
    if target == source:
        message = f"--to {target} is the topic that is read: feeding it with itself would never end; name another"
        raise UsageError(message)
    with admin_client(settings) as admin:
        if target not in admin.list_topics():
            message = (
                f"The broker at {settings.broker} has no topic {target}. "
                f"Run `DETECTOR_TOPICS__ARTICLES={target} detector topics create`."
            )
            raise DetectorError(message)


class Feeder:
    """Sends records on with their keys, values and headers; leaving the context waits until the broker has all of them.

    Args:
        settings: broker and security.
        target: topic to write to.
        speed: how much faster than the records' own times; `None` is without waiting.
        keep_timestamps: send the original timestamps; a topic with LogAppendTime puts its own over them (see `overruled`).
        clock: monotonic seconds.
        sleep: waits for that many seconds.
    """

    def __init__(
        self,
        settings: Settings,
        target: str,
        *,
        speed: float | None,
        keep_timestamps: bool,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        self._settings = settings
        self._target = target
        self._speed = speed
        self._keep_timestamps = keep_timestamps
        self._clock = clock
        self._sleep = sleep
        self._failures: list[BaseException] = []
        self._start: tuple[float, float] | None = None
        self.sent = 0
        self.unreadable = 0
        self.valueless_headers = 0
        """Headers without a value, which kafka-python cannot send; sent as empty ones."""
        self.overruled = False
        """Whether the topic put its own time over a timestamp that was to be kept."""
        with broker_errors(settings):
            self._producer = KafkaProducer(
                **kafka_python_options(settings), acks="all", linger_ms=5, max_request_size=8 << 20
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        with broker_errors(self._settings), closing(self._producer):
            self._producer.flush()
        if kind is None:
            self._check()

    def feed(self, source: Source, limit: int | None) -> Generator[Incoming, None, None]:
        """Send the records of a source, at most `limit`, each when it is due; gives each once it is handed over.

        A record whose time is before that of an earlier one is due at once. Raises `UsageError` for a pace without times,
        `DetectorError` when the broker does not take a record.
        """
        with_keys = "archive" in source.about()
        with closing(source.items()) as items:
            for item in items:
                if isinstance(item, Unreadable):
                    self.unreadable += item.end - item.begin
                    continue
                self._wait(item)
                self._send(item, _article_key(item.value) if with_keys else item.key)
                yield item
                if self.sent == limit:
                    return

    def _wait(self, record: Incoming) -> None:
        if self._speed is None:
            return
        moment = record.timestamp or (article_times(record.value)[1] if record.value else None)
        if moment is None:
            where = f"{record.topic}, partition {record.partition}, offset {record.offset}"
            message = f"the record at {where} has no time to keep pace with; use --speed max"
            raise UsageError(message)
        if self._start is None:
            self._start = (self._clock(), moment.timestamp())
        began, first = self._start
        wait = began + (moment.timestamp() - first) / self._speed - self._clock()
        if wait > 0:
            self._sleep(wait)

    def _send(self, record: Incoming, key: bytes | None) -> None:
        original: Sequence[tuple[str, bytes | None]] = record.headers
        headers = [(name, value or b"") for name, value in original]
        self.valueless_headers += sum(value is None for _, value in original)
        kept = self._keep_timestamps and record.timestamp
        milliseconds = round(record.timestamp.timestamp() * 1000) if kept and record.timestamp else None
        with broker_errors(self._settings):
            future = self._producer.send(
                self._target, record.value, key=key, headers=headers, timestamp_ms=milliseconds
            )
        future.add_errback(self._failures.append)
        if milliseconds is not None and self.sent == 0:
            future.add_callback(lambda done: self._note_timestamp(done.timestamp, milliseconds))
        self.sent += 1
        if self.sent % _CHECK_EVERY == 0:
            self._check()

    def _note_timestamp(self, given: int, wanted: int) -> None:
        self.overruled = given not in (wanted, -1)

    def _check(self) -> None:
        if self._failures:
            reason = self._failures[0] if isinstance(self._failures[0], KafkaError) else repr(self._failures[0])
            message = (
                f"the broker did not take {len(self._failures)} of {self.sent} records for {self._target}: {reason}"
            )
            raise DetectorError(message)


def _article_key(value: bytes | None) -> bytes | None:
    """Return the key under which `detector publish` sends an article."""
    try:
        fields = json.loads(value or b"")
    except (ValueError, RecursionError):
        return None
    found = fields.get("id") if isinstance(fields, dict) else None
    return found.encode("utf-8", "replace") if isinstance(found, str) else None
