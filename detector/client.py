"""The Python client: subscribe to alerts in a few lines.

async for alert in detector.client.alerts(broker="127.0.0.1:9092", group="desk", types=["atrocity"]):
    print(alert.headline)
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from datetime import datetime
from typing import Literal

from detector.core.following import Following
from detector.core.records import Alert
from detector.core.selection import Selection
from detector.core.wire import RecordError, decode_alert
from detector.errors import UsageError
from detector.settings import Settings, load_settings
from detector.subscribing.following import following
from detector.subscribing.positions import prepare_group, starting_offsets

__all__ = ["Alert", "alerts"]

_log = logging.getLogger(__name__)


async def alerts(
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
) -> AsyncGenerator[Alert, None]:
    """Yield alerts as they come, without end; a broker that goes away is waited for.

    Each alert is yielded once, whatever is redelivered while this runs; those of one event in order. A cancel is yielded
    too when an earlier alert of its event was. With a `group` it resumes where the group left off: an alert counts as
    done when the loop asks for the next one, so that one whose loop body failed or was left by `break` comes again (at
    least once). Members of one group share the alerts. `start` says where a new group begins, or a reader without one.

    Leaving the loop closes the connection; `contextlib.aclosing` closes it at once where that must not wait for the
    event loop. A record that is no alert is logged and passed over.

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
    topic = settings.topics.alerts
    positions = await asyncio.to_thread(starting_offsets, settings, topic, start)
    if group is not None:
        await asyncio.to_thread(prepare_group, settings, topic, group, positions)
    memory = Following(selection)
    async with (
        following(settings, topic, group=group, positions=positions) as follower,
        aclosing(follower.records()) as records,
    ):
        async for record in records:
            try:
                followed = memory.take(decode_alert(record.value or b""))
            except RecordError as error:
                _log.warning("passed over %s partition %d offset %d: %s", topic, record.partition, record.offset, error)
                continue
            if followed is not None:
                yield followed.alert
