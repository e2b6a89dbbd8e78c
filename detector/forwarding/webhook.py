"""Posts every wanted alert to a webhook: its own bytes, its id as idempotency key, one after the other."""

from collections.abc import Callable, Mapping

import aiohttp

from detector.core.following import Following
from detector.core.records import Alert
from detector.core.wire import RecordError, decode_alert
from detector.forwarding.endpoint import Endpoint, Post, Refusal
from detector.forwarding.undelivered import open_undelivered
from detector.settings import Settings
from detector.subscribing.following import following

NOT_AN_ALERT = "not_an_alert"


def webhook_post(alert: Alert, value: bytes) -> Post:
    """Return the post for an alert; a receiver that drops repeated keys is told everything once."""
    headers = {
        "Idempotency-Key": alert.alert_id,
        "X-Event-Id": alert.event_id,
        "X-Event-Sequence": str(alert.sequence),
    }
    return Post(body=value, headers=headers)


async def forward_to_webhook(
    settings: Settings,
    memory: Following,
    url: str,
    *,
    group: str,
    positions: Mapping[int, int],
    say: Callable[[str], None],
) -> None:
    """Forward until cancelled. An alert is committed when the webhook took it or it is among the undelivered.

    Alerts of one event arrive in order, since those of a partition are posted one at a time.
    """
    topic = settings.topics.alerts
    async with (
        aiohttp.ClientSession() as session,
        open_undelivered(settings, say) as undelivered,
        following(settings, topic, group=group, positions=positions, hold_seconds=hold_seconds(settings)) as records,
    ):
        endpoint = Endpoint(session, url, settings.forward, say=say)
        async for record in records:
            try:
                followed = memory.take(decode_alert(record.value or b""))
            except RecordError as error:
                await undelivered.put(record, Refusal(reason=NOT_AN_ALERT, detail=str(error)), endpoint)
                continue
            if followed is None:
                continue
            refusal = await endpoint.deliver(webhook_post(followed.alert, record.value))
            if refusal:
                await undelivered.put(record, refusal, endpoint)


def hold_seconds(settings: Settings) -> float:
    """Return how long one alert may take until its group gives it to another member."""
    return settings.forward.give_up_seconds + settings.forward.timeout_seconds + 60
