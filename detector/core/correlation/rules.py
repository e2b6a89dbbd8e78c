"""The figures that correlation decides by, one frozen set for each type; the stream fills them from its settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from detector.core.eventtypes import EventType


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeRules:
    """When two detections of a type can be about one event."""

    gap: timedelta
    """Two detections farther apart than this say nothing about each other."""
    span: timedelta
    """No event holds detections farther apart than this: the length that a process of this type can have."""
    far_km: float
    """Two cities farther apart than this are two places."""
    alike: float
    """Least similarity (cosine of terms, shared figures added) of two detections of one event."""
    quiet: timedelta | None
    """An event to which nothing came for this long is forgotten; never when null. At least twice `gap`."""


def _days(count: int) -> timedelta:
    return timedelta(days=count)


DEFAULTS: Final[Mapping[EventType, TypeRules]] = MappingProxyType(
    {
        EventType.CEASEFIRE: TypeRules(gap=_days(7), span=_days(90), far_km=50, alike=0.2, quiet=_days(30)),
        EventType.EVACUATION: TypeRules(gap=_days(7), span=_days(45), far_km=50, alike=0.2, quiet=_days(21)),
        EventType.ATROCITY: TypeRules(gap=_days(3), span=_days(3), far_km=25, alike=0.2, quiet=_days(14)),
        EventType.SOLIDARITY: TypeRules(gap=_days(3), span=_days(3), far_km=25, alike=0.2, quiet=_days(14)),
    }
)
"""Set by reason, not fitted: a strike or a vigil is over in a day and told of for three, a truce or an evacuation is a process
of weeks in which a week's silence is a pause. On the judged events, with the model before this one, F1 was 0.89 to 0.86
for `alike` from 0.12 to 0.22; below 0.18
attacks in different towns are put together, and that must not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All that can be set about correlation."""

    types: Mapping[EventType, TypeRules] = field(default_factory=lambda: DEFAULTS)
    outlet_marks: tuple[int, ...] = (2, 5, 10, 25)
    """Numbers of independent outlets at which an update is sent."""
    most_supports: int = 100
    """Articles kept of one event with their evidence, which bounds its record to some 400 KB; of more, the first and the
    latest are kept, the others counted."""

    most_alerts: int = 50
    """Latest alerts kept of a thread, so that a record that comes again can give what it caused; bounds the record as well."""

    def of(self, kind: EventType) -> TypeRules:
        """Return the rules of a type."""
        return self.types[kind]
