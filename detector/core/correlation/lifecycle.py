"""The states of each type and which can follow which: the one table that decides what a report of a status means.

Reports are taken in the order of their own time (not of arrival). One whose status cannot follow the present one is
support without a change: outlets lag behind each other, and a report of an agreement does not undo the breach that is
known already. So a late article never turns the clock back; at most it fills in a stage that the later reports
already presume.

A collapsed truce ends its event. What is agreed after it is a new event that follows the old one (`grouping.renewals`).
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

from detector.core.eventtypes import STATUSES, EventType
from detector.core.records import Transition

TRANSITIONS: Final[Mapping[str, frozenset[str]]] = {
    status: frozenset(following.split())
    for status, following in {
        # ceasefire
        "proposed": "agreed in_force extended violated collapsed rejected",
        "agreed": "in_force extended violated collapsed rejected",
        "in_force": "extended violated collapsed",
        "extended": "violated collapsed",
        "violated": "in_force extended collapsed",
        "rejected": "proposed agreed in_force extended violated collapsed",
        "collapsed": "",
        # evacuation: it may go in stages, so that the next convoy can be under way when one is done
        "planned": "underway obstructed completed cancelled",
        "underway": "obstructed completed cancelled",
        "obstructed": "underway completed cancelled",
        "completed": "underway obstructed",
        "cancelled": "planned underway completed",
        # atrocity: what is confirmed stays so, whoever denies it
        "alleged": "reported confirmed denied",
        "reported": "confirmed denied",
        "denied": "reported confirmed",
        "confirmed": "",
        # solidarity
        "announced": "held",
        "held": "",
    }.items()
}
"""What each status can be followed by. No status name is shared between types."""


def follows(current: str, status: str) -> bool:
    """Tell whether an event in one status can take on another."""
    return status in TRANSITIONS[current]


def progress(reports: Iterable[tuple[datetime, str, str]]) -> tuple[Transition, ...]:
    """Return what each report (time, article id, status), in order of time, does to the event; the first one opens it.

    Reports that repeat the present status are left out.
    """
    path: list[Transition] = []
    current: str | None = None
    for seen_at, article, status in reports:
        if status == current:
            continue
        taken = current is None or follows(current, status)
        path.append(Transition(status=status, seen_at=seen_at, article_id=article, taken=taken))
        current = status if taken else current
    return tuple(path)


def current_status(path: Iterable[Transition]) -> str:
    """Return the status after the last transition that was taken."""
    return [step.status for step in path if step.taken][-1]


def diagram() -> str:
    """Return the table as a Mermaid state diagram, for people."""
    lines = ["stateDiagram-v2"]
    for kind in EventType:
        for status in STATUSES[kind]:
            lines += [f"    {status} --> {after}" for after in STATUSES[kind] if follows(status, after)]
    return "\n".join(lines) + "\n"
