"""The dead letters of forwarding: alerts that an address did not take, with their original bytes and the reason."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

from aiokafka import AIOKafkaProducer, ConsumerRecord
from aiokafka.errors import KafkaError

from detector.errors import BrokerUnavailableError
from detector.forwarding.endpoint import Endpoint, Refusal
from detector.kafka.clients import aiokafka_options
from detector.settings import Settings
from detector.stream.messages import HEADER_PREFIX

ADDRESS: Final = HEADER_PREFIX + "address"
"""Header that tells addresses apart: the path of one, which may hold a secret, is not in what is shown."""

_VERSION: Final = version("news-event-detector")
_TRY_AGAIN_SECONDS: Final = 2.0


class Undelivered:
    """Writes to the topic of undelivered alerts. Made by `open_undelivered`."""

    def __init__(self, producer: AIOKafkaProducer, topic: str, say: Callable[[str], None]) -> None:
        self._producer = producer
        self._topic = topic
        self._say = say
        self.count = 0

    async def put(self, record: ConsumerRecord, refusal: Refusal, endpoint: Endpoint) -> None:
        """Keep a record; returns when the broker has it, however long that takes: until then it is not finished."""
        about = {
            "topic": record.topic,
            "partition": str(record.partition),
            "offset": str(record.offset),
            "reason": refusal.reason,
            "detail": refusal.detail,
            "to": endpoint.shown,
            "address": endpoint.fingerprint,
            "version": _VERSION,
        }
        if record.topic == self._topic:  # put back: where it first stood stays
            before = {
                name.removeprefix(HEADER_PREFIX): value.decode("utf-8", "replace") for name, value in record.headers
            }
            about |= {name: before[name] for name in ("topic", "partition", "offset") if name in before}
        headers = [item for item in record.headers if not item[0].startswith(HEADER_PREFIX)]
        headers += [(HEADER_PREFIX + name, value.encode("utf-8", "backslashreplace")) for name, value in about.items()]
        where = f"partition {record.partition} offset {record.offset}"
        while True:
            try:
                await self._producer.send_and_wait(self._topic, value=record.value, key=record.key, headers=headers)
            except KafkaError as error:
                self._say(f"{self._topic} does not take the alert of {where}: {error}; trying again")
                await asyncio.sleep(_TRY_AGAIN_SECONDS)
                continue
            self.count += 1
            self._say(f"{where} put on {self._topic}: {refusal.reason}: {refusal.detail}")
            return


@asynccontextmanager
async def open_undelivered(settings: Settings, say: Callable[[str], None]) -> AsyncIterator[Undelivered]:
    """Open the topic for the time of the context."""
    producer = AIOKafkaProducer(**aiokafka_options(settings), acks="all")
    try:
        try:
            await producer.start()
        except KafkaError as error:
            message = f"The broker at {settings.broker} cannot be reached: {error}"
            raise BrokerUnavailableError(message) from error
        yield Undelivered(producer, settings.topics.undelivered, say)
    finally:
        await producer.stop()
