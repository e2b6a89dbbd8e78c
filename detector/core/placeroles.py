"""Reads from the words around a place name how it is used: as the scene of an event, its actor, a party or a topic."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from detector.core import placecues as cues
from detector.core.eventtypes import EventType
from detector.core.gazetteer import Entry
from detector.core.passage import Words

WEIGHTS: Final = {
    "scene": 1.4,
    "target": 1.2,
    "related": 0.8,
    "host": 0.7,
    "gesture": 1.2,
    "named": 0.7,
    "plain": 0.6,
    "state": 0.42,
    "agent": 0.35,
    "party": 0.35,
    "venue": 0.3,
    "actor": 0.25,
    "ally": 0.25,
    "landmark": 0.3,
    "group": 0.6,
    "leader": 0.1,
    "government": 0.12,
}
"""How much each use of a name says that the event is there."""

STRONG: Final = frozenset(("scene", "target", "related", "named", "host", "gesture"))
"""Roles that put the event at the place."""

REACH: Final = 6
"""How many words back a preposition can govern a name."""

_VENUE_REACH: Final = 10
"""How many words back talks can be held at a place."""
_STAND_REACH: Final = 18
"""How many words on a country can be said to stand with somebody."""
_NEXT: Final = 2
"""How many words on a city can."""

_ROLE_OF: Final[Mapping[str, str]] = {
    **dict.fromkeys(cues.AGENT, "agent"),
    **dict.fromkeys(cues.OF, "related"),
    **dict.fromkeys(cues.TARGET, "target"),
    **dict.fromkeys(cues.STATIC, "scene"),
    "between": "party",
}
_LISTED: Final[Mapping[str, str]] = {"group": "party", "leader": "party", "government": "party"}
"""The role that a name in a list takes over from the one before it, where it is not the same."""
_BESIDE: Final = 6
"""How many words from a word that tells of the event a name counts in full."""
_FADING: Final = 0.03
"""What a name loses with each further word."""
_LEAST_NEAR: Final = 0.5
"""What is left of it at any distance."""
_HYPHENS: Final = ("-", "‑", "–")


@dataclass(slots=True)
class Mention:
    """A name in a passage, what it can stand for, and how much it looks like the scene."""

    key: str
    first: int
    last: int
    entries: tuple[Entry, ...]
    role: str
    weight: float
    cue: str
    """The word that governs the name, in lower case; empty when there is none."""
    honoured: bool = False
    """Shortly after "with" or "for": who is supported, in a sentence about support."""


def trigger_positions(words: Words, kind: EventType) -> list[int]:
    """Return where a passage has words that tell of the event itself."""
    triggers = cues.TRIGGERS[kind]
    return [] if triggers.isdisjoint(words.keys) else [at for at, key in enumerate(words.keys) if key in triggers]


def nearness(mention: Mention, triggers: list[int]) -> float:
    """Return what the distance from the words that tell of the event leaves of a name's weight."""
    distance = min([abs(mention.first - at) for at in triggers])
    return max(_LEAST_NEAR, 1.0 - _FADING * max(0, distance - _BESIDE))


def govern(words: Words, first: int, previous: Mention | None) -> tuple[str, str]:
    """Return the word that governs a name, and the role it gives; names in a list share theirs."""
    position = first - 1
    while position >= max(0, first - REACH):
        key, comma = words.keys[position], "," in words.gaps[position]
        if words.breaks_after(position):
            break
        if previous is not None and (
            (comma and previous.last == position) or (key == "and" and previous.last == position - 1)
        ):
            return previous.cue, _LISTED.get(previous.role, previous.role)
        if comma:
            break
        if key in _ROLE_OF and not (key == "of" and position and words.keys[position - 1] in cues.FILLERS):
            if key in ("on", "against") and position and words.keys[position - 1] in cues.ADDRESSING:
                return key, "agent"
            return key, _ROLE_OF[key]
        if previous is not None and previous.first <= position <= previous.last and key not in cues.FILLERS:
            position = previous.first
        elif key not in cues.FILLERS:
            return key, "plain"
        position -= 1
    return "", "plain"


def use_of_place(  # noqa: PLR0911 - one use after the other, in order of precedence
    words: Words, first: int, last: int, role: str, kinds: AbstractSet[str], previous: Mention | None
) -> str:
    """Return the role of a country, region or city, by what governs it and what follows it."""
    following, gap, is_country = words.after(last), words.gaps[last], "country" in kinds
    is_seat = is_country or words.keys[last] in cues.HUBS
    reach = _STAND_REACH if is_country else _NEXT
    if role != "scene" and not cues.STANDING.isdisjoint(words.keys[last + 1 : last + 1 + reach]):
        return "ally"
    if _acts(words, last, role, is_country=is_country):
        return "actor"
    before = words.before(first, REACH)
    reach = (
        min(_VENUE_REACH, first - previous.last) if previous is not None and previous.role == "venue" else _VENUE_REACH
    )
    if role == "scene" and not cues.VENUE.isdisjoint(_clause(words.before(first, reach))):
        return "venue"
    if (
        not words.possessive[last]
        and gap in (" ", "-")
        and following in (cues.STATE_EVENTS if is_country else cues.EVENTS)
    ):
        return "scene" if role == "scene" else "target"
    if role == "target" and not cues.PRESSURE.isdisjoint(before):
        return "party"
    if role in ("scene", "target", "related", "venue"):
        return role
    if is_seat and gap == " " and following in cues.SAYING:
        return "actor"
    if not is_seat:
        return "named"
    return "state" if role == "plain" else role


def _clause(keys: list[str]) -> list[str]:
    """Return the words of the clause that is under way: what was said in one place may be about another."""
    return keys[len(keys) - keys[::-1].index("that") :] if "that" in keys else keys


def _acts(words: Words, last: int, role: str, *, is_country: bool) -> bool:
    """Tell whether a name stands for the owner of an action: US-led, the US embassy, Israel's renewed offensive."""
    following, gap = words.after(last), words.gaps[last]
    if gap in _HYPHENS and following in cues.JOINED_ACTOR:
        return True
    if not is_country:
        return False
    if words.possessive[last]:
        return not cues.OFFICE.isdisjoint(words.keys[last + 1 : last + 4])
    is_acronym = words.raw[last].isupper() or "." in words.raw[last]
    return gap == " " and following in cues.OFFICE and (role != "scene" or is_acronym)


def use_of_demonym(words: Words, last: int, role: str) -> str:
    """Return the role of a nationality, by the noun it belongs to."""
    for position in range(last + 1, min(last + 4, len(words))):
        if words.breaks_after(position - 1) or "," in words.gaps[position - 1]:
            break
        key = words.keys[position]
        if key in cues.OFFICE or (words.gaps[position - 1] in _HYPHENS and key in cues.JOINED_ACTOR):
            return "actor"
        if key in cues.SCENE:
            return "scene" if role in ("scene", "target") else "related"
    return role if role in ("agent", "actor", "party") else "plain"
