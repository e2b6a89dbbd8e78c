"""Sends the alerts that an address did not take once more: from the topic of the undelivered, to its end as it is now."""

from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
from aiokafka import ConsumerRecord

from detector.core.wire import RecordError, decode_alert
from detector.forwarding.endpoint import Endpoint
from detector.forwarding.undelivered import ABOUT_TO, open_undelivered
from detector.forwarding.webhook import hold_seconds, webhook_post
from detector.settings import Settings
from detector.subscribing.following import following
from detector.subscribing.positions import prepare_group, starting_offsets


@dataclass(slots=True)
class Resent:
    """How many alerts were taken now, were not and lie on the topic again, and are for other addresses or no alerts."""

    taken: int = 0
    again: int = 0
    passed_over: int = 0


async def resend_undelivered(settings: Settings, url: str, *, group: str, say: Callable[[str], None]) -> Resent:
    """Post what was kept for an address, in the order in which it was given up; blocks until all that is there now is done.

    `group` remembers how far this came, so that nothing is sent again by the next call but what was refused again. An alert
    may arrive after later ones of its event: a receiver tells by its sequence.
    """
    topic = settings.topics.undelivered
    begin, end = (starting_offsets(settings, topic, place) for place in ("beginning", "latest"))
    at = begin | prepare_group(settings, topic, group, begin)
    left = {partition for partition in end if max(at[partition], begin[partition]) < end[partition]}
    resent = Resent()
    if not left:
        return resent
    async with (
        aiohttp.ClientSession() as session,
        open_undelivered(settings, say) as undelivered,
        following(settings, topic, group=group, hold_seconds=hold_seconds(settings)) as records,
    ):
        endpoint = Endpoint(session, url, settings.forward, say=say)
        async for record in records:
            if record.offset < end[record.partition]:
                try:
                    alert = decode_alert(record.value or b"") if _is_for(record, endpoint.shown) else None
                except RecordError:
                    alert = None
                if alert is None:
                    resent.passed_over += 1
                elif refusal := await endpoint.deliver(webhook_post(alert, record.value)):
                    await undelivered.put(record, refusal, endpoint.shown)
                    resent.again += 1
                else:
                    resent.taken += 1
                records.finish()
            if record.offset >= end[record.partition] - 1:
                left.discard(record.partition)
            if not left:
                return resent
    return resent


def _is_for(record: ConsumerRecord, address: str) -> bool:
    return (ABOUT_TO, address.encode("utf-8", "backslashreplace")) in record.headers
