"""The four event types and the states that each can be in.

The order of the types is fixed: it is the column order of every score matrix and of every report.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class EventType(StrEnum):
    """What kind of event an article reports."""

    CEASEFIRE = "ceasefire"
    EVACUATION = "evacuation"
    ATROCITY = "atrocity"
    SOLIDARITY = "solidarity"


EVENT_TYPES: Final[tuple[EventType, ...]] = tuple(EventType)

STATUSES: Final[Mapping[EventType, tuple[str, ...]]] = {
    EventType.CEASEFIRE: ("proposed", "agreed", "in_force", "extended", "violated", "collapsed", "rejected"),
    EventType.EVACUATION: ("planned", "underway", "completed", "obstructed", "cancelled"),
    EventType.ATROCITY: ("alleged", "reported", "confirmed", "denied"),
    EventType.SOLIDARITY: ("announced", "held"),
}
"""The legal statuses of each type, in the order in which a typical event passes through them."""

ALL_STATUSES: Final[tuple[str, ...]] = tuple(status for statuses in STATUSES.values() for status in statuses)
"""Every status of every type; no status name is shared between types."""
