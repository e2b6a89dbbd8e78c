"""Decides which event each group of detections goes on as: who keeps a thread, who opens one, whose thread ends."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from detector.core import ids
from detector.core.correlation.entry import Entry
from detector.core.correlation.key import key_of
from detector.core.correlation.support import Support


class Placing(NamedTuple):
    """The event id of each group, and for each event that ends the one that its supports went into, if any."""

    event_of_group: tuple[str, ...]
    ended: Mapping[str, str | None]
    opened: Mapping[int, str | None]
    """Groups that open an event, with the event that they were parted from, if any."""


def place(
    groups: Sequence[Sequence[Support]],
    region: Mapping[str, Entry],
    is_free: Callable[[str], bool],
    opener: Support | None,
) -> Placing:
    """Give each group an event.

    An event goes on in the group that holds most of its supports; where several events claim a group, the one with
    most supports there, then the one opened first. A group without an event opens one, named by `opener` when it is
    in it, else by its first detection. `region` are the events whose supports were grouped; `is_free` tells of an id
    that nothing lives under it.
    """
    owner = {item.article_id: event_id for event_id, entry in region.items() for item in entry.supports}
    claims: dict[tuple[str, int], int] = {}
    for number, members in enumerate(groups):
        for item in members:
            if (event_id := owner.get(item.article_id)) is not None:
                claims[event_id, number] = claims.get((event_id, number), 0) + 1
    chosen: dict[int, str] = {}
    for event_id, number in sorted(claims, key=lambda pair: (-claims[pair], region[pair[0]].opened, pair[0], pair[1])):
        if number not in chosen and event_id not in chosen.values():
            chosen[number] = event_id
    opened: dict[int, str | None] = {}
    taken = set(chosen.values())
    for number, members in enumerate(groups):
        if number in chosen:
            continue
        opened[number] = next((owner[item.article_id] for item in members if owner.get(item.article_id) in taken), None)
        named_by = opener if opener is not None and opener in members else members[0]
        chosen[number] = _new_id(named_by, is_free, set(chosen.values()))
    ended: dict[str, str | None] = {}
    for event_id in region:
        if event_id not in chosen.values():
            into = [number for claimant, number in claims if claimant == event_id]
            into.sort(key=lambda number: (-claims[event_id, number], number))
            ended[event_id] = chosen[into[0]] if into else None
    return Placing(tuple(chosen[number] for number in range(len(groups))), ended, opened)


def _new_id(named_by: Support, is_free: Callable[[str], bool], taken: set[str]) -> str:
    """Name an event by the detection that opens it; one that is cancelled under that name is opened again."""
    number = 0
    while True:
        event_id = ids.event_id(key_of(named_by.detection), named_by.detection.detection_id, number)
        if event_id not in taken and is_free(event_id):
            return event_id
        number += 1
