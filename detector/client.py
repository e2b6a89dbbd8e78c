"""The Python client: subscribe to alerts in a few lines.

async for alert in detector.client.alerts(broker="127.0.0.1:9092", group="desk", types=["atrocity"]):
    print(alert.headline)
"""

import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Literal, Self

from detector.core.following import Following
from detector.core.records import Alert
from detector.core.selection import Selection
from detector.core.wire import RecordError, decode_alert
from detector.errors import UsageError
from detector.settings import Settings, load_settings
from detector.subscribing.background import BackgroundFollower
from detector.subscribing.following import Follower, following
from detector.subscribing.positions import prepare_group, starting_offsets

__all__ = ["Alert", "Alerts", "alerts"]

_log = logging.getLogger(__name__)


class Alerts:
    """The alerts of one subscription, to loop over with `async for` in one task; `alerts` makes it.

    Connects when the loop begins, and closes the connection when this is closed or no longer used. A thread of its own
    keeps it alive meanwhile, so that a loop body may take its time.
    """

    def __init__(
        self,
        settings: Settings,
        selection: Selection,
        *,
        group: str | None,
        start: Literal["beginning", "latest"] | datetime,
    ) -> None:
        self._memory = Following(selection)
        self._closed = False

        def opening() -> AbstractAsyncContextManager[Follower]:
            return _following_from(settings, group, start)

        self._records = BackgroundFollower(opening)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Alert:
        if self._closed:
            raise StopAsyncIteration
        while True:
            record = await self._records.next()
            try:
                followed = self._memory.take(decode_alert(record.value or b""))
            except RecordError as error:
                where = f"{record.topic} partition {record.partition} offset {record.offset}"
                _log.warning("passed over %s: %s", where, str(error))  # the error itself would keep this loop alive
                continue
            if followed is not None:
                return followed.alert

    async def aclose(self) -> None:
        """Commit what is finished and disconnect; returns when that is done. There are no more alerts then."""
        self._closed = True
        await self._records.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.aclose()


@asynccontextmanager
async def _following_from(
    settings: Settings, group: str | None, start: Literal["beginning", "latest"] | datetime
) -> AsyncIterator[Follower]:
    topic = settings.topics.alerts
    positions = starting_offsets(settings, topic, start)
    if group is not None:
        prepare_group(settings, topic, group, positions)
    async with following(settings, topic, group=group, positions=positions) as follower:
        yield follower


def alerts(
    *,
    broker: str | None = None,
    group: str | None = None,
    start: Literal["beginning", "latest"] | datetime = "latest",
    types: Iterable[str] = (),
    statuses: Iterable[str] = (),
    certainties: Iterable[str] = (),
    severities: Iterable[str] = (),
    countries: Iterable[str] = (),
    min_outlets: int = 0,
    min_confidence: float = 0.0,
    settings: Settings | None = None,
) -> Alerts:
    """Yield alerts as they come, without end; a broker that goes away is waited for.

    Each alert is yielded once, whatever is redelivered while this runs; those of one event in order. A cancel is yielded
    too when an earlier alert of its event was. With a `group` it resumes where the group left off: an alert counts as
    done when the loop asks for the next one, so that one whose loop body failed or was left by `break` comes again (at
    least once). Members of one group share the alerts. `start` says where a new group begins, or a reader without one.

    Leaving the loop, by `break`, an exception or cancellation, closes the connection; `async with alerts(...) as found:`
    around the loop waits until it is closed. A record that is no alert is logged and passed over.

    Args:
        broker: HOST:PORT; otherwise DETECTOR_BROKER. Login and certificates come from DETECTOR_SECURITY__ variables.
        group: a name to resume under; nothing is remembered without one.
        start: `beginning`, `latest`, or an aware time.
        types: any of ceasefire, evacuation, atrocity, solidarity; like the following, all when empty.
        statuses: such as agreed or violated.
        certainties: observed, likely, possible.
        severities: minor, moderate, severe, extreme, none.
        countries: ISO 3166-1 alpha-2 codes; `none` is what has no place.
        min_outlets: least number of independent outlets.
        min_confidence: 0 to 1.
        settings: all settings, instead of `broker` and the environment.

    Raises:
        UsageError: a filter or `start` that cannot be meant.
        DetectorError: the broker or the topic is not there when the loop begins.
    """
    try:
        selection = Selection.of(
            types=types,
            statuses=statuses,
            certainties=certainties,
            severities=severities,
            countries=countries,
            min_outlets=min_outlets,
            min_confidence=min_confidence,
        )
    except ValueError as error:
        raise UsageError(str(error)) from None
    if isinstance(start, datetime) and start.tzinfo is None:
        message = f"start is {start.isoformat()}, which does not say its time zone: give an aware time"
        raise UsageError(message)
    if settings is None:
        settings = load_settings() if broker is None else load_settings(broker=broker)
    return Alerts(settings, selection, group=group, start=start)
