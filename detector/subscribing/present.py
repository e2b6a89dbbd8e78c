"""Loads the present situation from the compacted topic `events`, and where in `alerts` what comes after it begins."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final

from detector.core.situation import Situation, Standing
from detector.core.wire import RecordError, decode_event
from detector.kafka.range_reading import open_range
from detector.kafka.ranges import RangeRequest
from detector.kafka.unreadable import Unreadable
from detector.settings import Settings
from detector.subscribing.positions import starting_offsets

_OVERLAP: Final = timedelta(minutes=1)
"""A worker may have written an alert, and not yet the event's state, when both are read: alerts of this long before are
looked at too, and those that the situation counts already are dropped."""


def load_situation(settings: Settings, *, unreadable: Callable[[Unreadable], None]) -> Situation:
    """Read the topic to its present end; what cannot be read is told to `unreadable`. Raises like `open_range`."""
    situation = Situation()
    with open_range(settings, settings.topics.events, RangeRequest(), unreadable=unreadable) as reader:
        for record in reader:
            try:
                standing = record.value and Standing(event=decode_event(record.value), value=record.value)
            except RecordError as error:
                unreadable(
                    Unreadable(partition=record.partition, begin=record.offset, end=record.offset + 1, why=str(error))
                )
                continue
            situation.put((record.key or b"").decode("utf-8", "replace"), standing or None)
    return situation


def overlapping(settings: Settings, ends: Mapping[int, int], now: datetime) -> dict[int, int]:
    """Return offsets of `alerts` a little before `ends`, from which to follow a situation that is loaded after this call."""
    before = starting_offsets(settings, settings.topics.alerts, now - _OVERLAP)
    return {number: min(end, before.get(number, end)) for number, end in ends.items()}
