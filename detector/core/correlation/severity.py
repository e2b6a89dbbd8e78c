"""How severe an event is, in CAP's words, by stated rules from its figures and its status.

| type | extreme | severe | moderate | minor |
|---|---|---|---|---|
| atrocity: dead | from 100 | from 20 | from 5 | fewer |
| evacuation: people moved | from 10,000 | from 1,000 | from 100 | fewer |
| ceasefire: status | | collapsed | violated, rejected | all others |
| solidarity | | | | always |

Wounded count as a fifth of the dead in an atrocity. An obstructed evacuation is one step more severe, a cancelled one
is minor. Dead that are told of beside a truce's breach or an evacuation raise it to what they would be in an
atrocity, when that is more. An atrocity or evacuation of which no figure is known has no severity: unknown stays
unknown.

Of each unit the latest article that states it decides, so that a corrected toll corrects the event; of several figures in one
article, the largest, as parts are named beside their sum.
"""

from collections.abc import Mapping, Sequence
from typing import Final, get_args

from detector.core.correlation.quantities import largest
from detector.core.correlation.support import UNITS, Support
from detector.core.eventtypes import EventType
from detector.core.records import Quantity, Severity, Unit

LEVELS: Final[tuple[Severity, ...]] = get_args(Severity)
"""From minor to extreme."""

DEAD: Final = (5, 20, 100)
EVACUATED: Final = (100, 1_000, 10_000)
"""From how many on an event is moderate, severe, extreme."""
WOUNDED_PER_DEAD: Final = 5

_TRUCE: Final[Mapping[str, Severity]] = {"collapsed": "severe", "violated": "moderate", "rejected": "moderate"}


def figures_of(supports: Sequence[Support]) -> tuple[Quantity, ...]:
    """Return the figure that counts of each unit, from supports in order of data time."""
    chosen: dict[Unit, Quantity] = {}
    for item in supports:
        for unit in UNITS if item.detection.quantities else ():
            if figure := largest(item.detection.quantities, unit):
                chosen[unit] = figure
    return tuple(chosen[unit] for unit in UNITS if unit in chosen)


def severity_of(kind: EventType, status: str, figures: Sequence[Quantity]) -> Severity | None:
    """Return how severe an event is, or `None` when nothing tells."""
    values = {item.unit: item.value for item in figures}
    harmed = _level(max(values.get("dead", 0), values.get("wounded", 0) // WOUNDED_PER_DEAD), DEAD)
    told_of_harm = not values.keys().isdisjoint(("dead", "wounded"))
    if kind is EventType.SOLIDARITY:
        return "minor"
    if kind is EventType.ATROCITY:
        return LEVELS[harmed] if told_of_harm else None
    if kind is EventType.CEASEFIRE:
        return LEVELS[max(LEVELS.index(_TRUCE.get(status, "minor")), harmed if status in _TRUCE else 0)]
    if status == "cancelled":
        return "minor"
    moved = _level(values["evacuated"], EVACUATED) if "evacuated" in values else None
    if moved is None and not told_of_harm and status != "obstructed":
        return None
    level = max(moved or 0, harmed) + (status == "obstructed")
    return LEVELS[min(level, len(LEVELS) - 1)]


def _level(value: int, bounds: Sequence[int]) -> int:
    return sum(value >= bound for bound in bounds)
