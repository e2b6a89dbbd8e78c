"""Keeps an Alertmanager (API v2) showing the live events: alerts as they come, resolved when cancelled or expired.

Every live event is sent again regularly, with an end four such intervals ahead: before any `resolve_timeout`, and so that
what this program no longer speaks for resolves by itself.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aiohttp

from detector.core.following import Recent
from detector.core.selection import Selection
from detector.core.situation import Situation
from detector.core.wire import RecordError, decode_alert, decode_event
from detector.errors import DetectorError
from detector.forwarding.endpoint import Endpoint, Post, Refusal
from detector.forwarding.firing import Board, in_parts
from detector.forwarding.undelivered import Undelivered, open_undelivered
from detector.forwarding.webhook import NOT_AN_ALERT, hold_seconds
from detector.settings import Settings
from detector.subscribing.following import following

API: Final = "/api/v2/alerts"
INTERVALS_AHEAD: Final = 4
_PER_POST: Final = 200


def alerts_url(url: str) -> str:
    """Return where an Alertmanager takes alerts."""
    return url if url.rstrip("/").endswith(API) else url.rstrip("/") + API


class AlertmanagerForwarder:
    """Forwards to one Alertmanager; `run` does it until cancelled.

    Args:
        settings: broker, topics and how to forward.
        selection: what is wanted.
        url: Alertmanager's address.
        group: commits how far `alerts` was forwarded; `events` is read from its beginning at each start.
        say: is told what goes wrong, one line each.
        now: the wall clock, which is Alertmanager's too.
    """

    def __init__(
        self,
        settings: Settings,
        selection: Selection,
        url: str,
        *,
        group: str,
        say: Callable[[str], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._settings = settings
        self._url = alerts_url(url)
        self._group = group
        self._say = say
        self._now = now
        interval = timedelta(seconds=settings.forward.resend_seconds)
        self._board = Board(selection, interval * INTERVALS_AHEAD)
        self._one_at_a_time = asyncio.Lock()
        self._taken: Recent[str, None] = Recent()

    async def run(self, situation: Situation, *, alerts: Mapping[int, int], events: Mapping[int, int]) -> None:
        """Post the present situation, then follow `alerts` in the group and `events` from the offsets given."""
        for event_id, item in situation.events.items():
            self._board.event(event_id, item.event, self._now())
        async with aiohttp.ClientSession() as session, open_undelivered(self._settings, self._say) as undelivered:
            endpoint = Endpoint(session, self._url, self._settings.forward, say=self._say)
            try:
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._keep_firing(endpoint))
                    tasks.create_task(self._follow_events(endpoint, events))
                    tasks.create_task(self._follow_alerts(endpoint, undelivered, alerts, situation.expired))
            except* DetectorError as errors:
                raise next(each for each in errors.exceptions if isinstance(each, DetectorError)) from errors

    async def _keep_firing(self, endpoint: Endpoint) -> None:
        while True:
            async with self._one_at_a_time:
                for part in in_parts(self._board.live(self._now()), _PER_POST):
                    if refusal := await endpoint.deliver_once(_post(part)):
                        self._say(f"{endpoint.shown}: live events not sent again: {refusal.detail}")
                        break
                self._board.forget_unconfirmed(self._now() - timedelta(days=1))
            await asyncio.sleep(self._settings.forward.resend_seconds)

    async def _follow_events(self, endpoint: Endpoint, positions: Mapping[int, int]) -> None:
        topic = self._settings.topics.events
        async with following(self._settings, topic, positions=positions) as records:
            async for record in records:
                event_id = (record.key or b"").decode("utf-8", "replace")
                try:
                    event = decode_event(record.value) if record.value else None
                except RecordError as error:
                    self._say(f"skipped {topic} partition {record.partition} offset {record.offset}: {error}")
                    continue
                async with self._one_at_a_time:
                    posts = self._board.event(event_id, event, self._now())
                    if posts and (refusal := await endpoint.deliver_once(_post(posts))):
                        # A live event is sent again soon, and one that is over resolves by itself when it is not.
                        self._say(f"{endpoint.shown}: event {event_id} not brought up to date: {refusal.detail}")

    async def _follow_alerts(
        self, endpoint: Endpoint, undelivered: Undelivered, positions: Mapping[int, int], expired: set[str]
    ) -> None:
        topic, hold = self._settings.topics.alerts, hold_seconds(self._settings)
        async with following(
            self._settings, topic, group=self._group, positions=positions, hold_seconds=hold
        ) as records:
            async for record in records:
                try:
                    alert = decode_alert(record.value or b"")
                except RecordError as error:
                    await undelivered.put(record, Refusal(reason=NOT_AN_ALERT, detail=str(error)), endpoint)
                    continue
                if alert.event_id in expired or alert.alert_id in self._taken:
                    continue
                async with self._one_at_a_time:
                    posts = self._board.alert(alert, self._now())
                    refusal = await endpoint.deliver(_post(posts)) if posts else None
                if refusal:
                    await undelivered.put(record, refusal, endpoint)
                self._taken.put(alert.alert_id, None)


def _post(posts: list[dict[str, Any]]) -> Post:
    return Post(body=json.dumps(posts, ensure_ascii=False).encode("utf-8"))
