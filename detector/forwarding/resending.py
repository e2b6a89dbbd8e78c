"""Sends the alerts that an address did not take once more: from the topic of the undelivered, to its end as it is now."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

import aiohttp
from kafka.consumer.fetcher import ConsumerRecord

from detector.core.records import Alert
from detector.core.wire import RecordError, decode_alert
from detector.forwarding.endpoint import Endpoint
from detector.forwarding.undelivered import ADDRESS, open_undelivered
from detector.forwarding.webhook import webhook_post
from detector.kafka.range_reading import RangeReader
from detector.kafka.ranges import PartitionRange
from detector.kafka.unreadable import Unreadable
from detector.settings import Settings
from detector.subscribing.positions import GroupPositions, prepare_group, starting_offsets


@dataclass(slots=True)
class Resent:
    """How many alerts were taken now, were not and lie on the topic again, and are for other addresses or no alerts."""

    taken: int = 0
    again: int = 0
    passed_over: int = 0


async def resend_undelivered(
    settings: Settings, url: str, *, group: str, say: Callable[[str], None], unreadable: Callable[[Unreadable], None]
) -> Resent:
    """Post what was kept for an address, oldest first; returns when all that was there at the call is done.

    Tries that failed are told to `say`, a line each, and what cannot be read to `unreadable`.
    `group` remembers how far this came, so that nothing is sent again by the next call but what was refused again. An alert
    may arrive after later ones of its event: a receiver tells by its sequence.
    """
    topic = settings.topics.undelivered
    begin, end = (starting_offsets(settings, topic, place) for place in ("beginning", "latest"))
    at = begin | prepare_group(settings, topic, group, begin)
    ranges = [
        PartitionRange(partition=number, begin=max(at[number], begin[number]), end=end[number])
        for number in begin
        if max(at[number], begin[number]) < end[number]
    ]
    resent = Resent()
    if not ranges:
        return resent
    with (
        closing(GroupPositions(settings, topic, group)) as positions,
        RangeReader(settings, topic, ranges, unreadable=unreadable) as reader,
    ):
        async with aiohttp.ClientSession() as session, open_undelivered(settings, say) as undelivered:
            endpoint = Endpoint(session, url, settings.forward, say=say)
            records = iter(reader)
            while (record := await asyncio.to_thread(next, records, None)) is not None:
                alert = _alert_for(record, endpoint)
                if alert is None:
                    resent.passed_over += 1
                elif refusal := await endpoint.deliver(webhook_post(alert, record.value)):
                    await undelivered.put(record, refusal, endpoint)
                    resent.again += 1
                else:
                    resent.taken += 1
                await asyncio.to_thread(positions.commit, record.partition, record.offset + 1)
    return resent


def _alert_for(record: ConsumerRecord, endpoint: Endpoint) -> Alert | None:
    if (ADDRESS, endpoint.fingerprint.encode("ascii")) not in record.headers:
        return None
    try:
        return decode_alert(record.value or b"")
    except RecordError:
        return None
