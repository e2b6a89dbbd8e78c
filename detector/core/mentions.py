"""Reads the place names in a passage and weighs each as the scene of what the passage tells.

One pass over the words, longest name first, one dictionary look-up per candidate; nothing here depends on the event.
"""

import re
from dataclasses import dataclass
from typing import Final

from detector.core import placecues as cues
from detector.core.gazetteer import MAX_NAME_WORDS, TOLD, Entry, Gazetteer, fold

_TOKEN: Final = re.compile(r"((?:[A-Za-z]\.){2,}[A-Za-z]?(?![A-Za-z])|[^\W_]+(?:['’`ʼ][^\W_]+)*)")
_APOSTROPHES: Final = "'’`ʼ"
_JOINS: Final = frozenset((" ", "-", "\n", "‑", "–", "  ", "\r\n", " & ", "\xa0"))
_BREAKS: Final = frozenset('.!?;:()[]"“”|•\n')
_SAINTS: Final = frozenset(("st", "ft", "mt", "n", "s"))
_BIG_CITY: Final = 100_000
"""Smaller cities need a word beside them that says they are places: their names are people's names too."""
_SMALL_STARTS: Final = cues.COMPASS | {"al", "el", "ad", "ar", "az", "ash", "occupied", "rural", "mainland"}
"""Words that may begin a name without a capital: al-Bab, southern Lebanon."""
_LOST_APOSTROPHE: Final = 4
"""Longer country names are recognised with a bare s: some feeds lose their apostrophes."""
_REACH: Final = 6
"""How many words back a preposition can govern a name."""

_WEIGHTS: Final = {
    "scene": 1.4, "target": 1.2, "related": 0.8, "named": 0.7, "plain": 0.6, "state": 0.42, "agent": 0.35, "party": 0.35, "venue": 0.3, "actor": 0.25, "group": 0.6, "leader": 0.1, "government": 0.12,
}  # fmt: skip


STRONG: Final = frozenset(("scene", "target", "related", "named", "host"))
"""Roles that put the event at the place."""


_GOAL: Final = 0.7
"""What a place that something goes to counts of one that it comes from or happens at."""


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


@dataclass(frozen=True, slots=True)
class Words:
    """A passage cut into words."""

    raw: list[str]
    keys: list[str]
    """Folded, without the possessive."""
    gaps: list[str]
    """What stands after each word."""
    possessive: list[bool]
    uniform: bool
    """The passage is all capitals or all lower case, so capitals tell nothing."""


def is_uniform(text: str) -> bool:
    """Tell whether a text is of one case throughout (an old wire in capitals, a lower-case feed)."""
    sample = text[:400]
    upper, lower = sum(map(str.isupper, sample)), sum(map(str.islower, sample))
    return upper > 4 * lower or upper * 200 < lower


def cut(passage: str, *, uniform: bool) -> Words:
    """Cut a passage into words."""
    parts = _TOKEN.split(passage)
    raw, gaps = parts[1::2], parts[2::2]
    keys = " ".join(raw).lower().split(" ") if raw else []
    possessive = [False] * len(raw)
    if "".join(raw).isalnum() and passage.isascii():
        return Words(raw, keys, gaps, possessive, uniform)
    for position, word in enumerate(raw):
        if not (word.isascii() and word.isalnum()):
            owner = len(word) > 2 and word[-1] in "sS" and word[-2] in _APOSTROPHES  # noqa: PLR2004 - a letter and 's
            possessive[position] = owner
            keys[position] = fold(word[:-2] if owner else word)
    return Words(raw, keys, gaps, possessive, uniform)


def find_mentions(words: Words, gazetteer: Gazetteer) -> list[Mention]:
    """Return the names in a passage in order, people and blocked phrases left out, each with role and weight."""
    found: list[Mention] = []
    people: set[str] = set()
    after = 0
    for position, word in enumerate(words.raw):
        if position < after or (
            "a" <= word[0] <= "z" and not words.uniform and words.keys[position] not in _SMALL_STARTS
        ):
            continue
        size = _longest(words, position, gazetteer)
        if size:
            after = position + size
            mention = _judge(words, position, after - 1, gazetteer, found, people)
            if mention is not None:
                mention.honoured = not cues.SUPPORT.isdisjoint(words.keys[max(0, position - _REACH) : position])
                found.append(mention)
    return [mention for mention in found if mention.key not in people or mention.role in ("scene", "target")]


def _longest(words: Words, position: int, gazetteer: Gazetteer) -> int:
    """Return how many words from here on are the longest known name, 0 for none."""
    key = words.keys[position]
    capital = words.uniform or words.raw[position][0].isupper()
    most = min(gazetteer.longest.get(key, 1), MAX_NAME_WORDS, len(words.raw) - position)
    if most == 1 and not capital:
        return 0
    size = 1
    while size < most and _joins(words, position + size - 1):
        size += 1
    for length in range(size, 0, -1):
        name = key if length == 1 else " ".join(words.keys[position : position + length])
        if name in gazetteer.index and (length > 1 or (capital and _is_written_as_name(words, position, gazetteer))):
            return length
    if len(key) > _LOST_APOSTROPHE and key[-1] == "s" and capital and key[:-1] in gazetteer.countries:
        words.keys[position] = key[:-1]
        words.possessive[position] = True
        return 1
    return 0


def _joins(words: Words, position: int) -> bool:
    """Tell whether a name may go on after this word."""
    if words.possessive[position] and words.keys[position] != "cox":
        return False
    return words.gaps[position] in _JOINS or (words.gaps[position] == ". " and words.keys[position] in _SAINTS)


def _is_written_as_name(words: Words, position: int, gazetteer: Gazetteer) -> bool:
    """Tell whether a single word is spelt as a name: acronyms in capitals or with stops, never the pronoun US."""
    key, raw = words.keys[position], words.raw[position]
    if key in gazetteer.acronyms:
        return (
            "." in raw or (raw.isupper() and not (words.uniform and len(key) < 3)) or (words.uniform and len(key) > 2)
        )
    return len(key) > 2 or (not words.uniform and not raw.isupper())  # noqa: PLR2004


def _judge(  # noqa: PLR0911 - one question after the other, in order of precedence
    words: Words, first: int, last: int, gazetteer: Gazetteer, found: list[Mention], people: set[str]
) -> Mention | None:
    """Decide what a name stands for here and how it is used; `None` when it names no place."""
    key = " ".join(words.keys[first : last + 1])
    entries = gazetteer.entries(key)
    if any(entry.kind == "blocked" for entry in entries):
        return None
    kinds = {entry.kind for entry in entries}
    cue, role = _govern(words, first, found)
    previous = found[-1] if found and found[-1].last == first - 1 and words.gaps[first - 1].strip() == "," else None
    if previous is not None and _settle(previous, entries):
        return Mention(key, first, last, entries, previous.role, previous.weight * 0.6, previous.cue)
    if "country" in kinds or "demonym" in kinds:
        entries = tuple(entry for entry in entries if entry.kind != "city")
    elif kinds & {"government", "leader", "group"}:
        entries = tuple(entry for entry in entries if entry.kind not in ("city", "region"))
        kind = entries[0].kind
        return Mention(key, first, last, entries, kind, _WEIGHTS[kind], cue)
    if words.uniform and key in gazetteer.weak and ("country" not in kinds or role not in ("scene", "target")):
        return None
    if first == last and _is_person(words, first, gazetteer, role):
        people.add(key)
        return None
    if "demonym" in kinds and "country" not in kinds:
        role = _use_of_demonym(words, last, role)
        return Mention(key, first, last, entries, role, _WEIGHTS[role] * (0.8 if role in STRONG else 0.6), cue)
    abbreviated = _state_after(words, last, gazetteer, entries)
    if abbreviated:
        return Mention(key, first, last, abbreviated, "scene", _WEIGHTS["scene"], cue)
    if not kinds & {"country", "region"} and not _is_sure_city(words, first, last, gazetteer, entries, role):
        return None
    role = _use_of_place(words, first, last, role, kinds)
    return Mention(
        key, first, last, entries, role, _WEIGHTS[role] * (_GOAL if cue == "to" and role == "related" else 1.0), cue
    )


def _govern(words: Words, first: int, found: list[Mention]) -> tuple[str, str]:
    """Return the word that governs a name, and the role it gives."""
    position = first - 1
    while position >= 0 and first - position <= _REACH:
        gap = words.gaps[position]
        key = words.keys[position]
        if not _BREAKS.isdisjoint(gap):
            return "", "plain"
        if found and found[-1].last == position and ("," in gap or key == "and"):
            return found[-1].cue, found[-1].role
        if "," in gap:
            return "", "plain"
        if key == "and" and found and found[-1].last == position - 1:
            return found[-1].cue, found[-1].role
        if key in cues.STATIC:
            return key, "scene"
        if key in cues.TARGET:
            return key, "target"
        if key in cues.OF and key != "of":
            return key, "related"
        if key in cues.AGENT:
            return key, "agent"
        if key == "between":
            return key, "party"
        if key not in cues.FILLERS:
            if key == "of":
                return key, "related"
            if found and found[-1].last >= position >= found[-1].first:
                position = found[-1].first - 1
                continue
            return key, "plain"
        if key == "of" and position and words.keys[position - 1] not in cues.FILLERS:
            return key, "related"
        position -= 1
    return "", "plain"


def _settle(city: Mention, after: tuple[Entry, ...]) -> bool:
    """Narrow a city's candidates to those in the region or country that follows it after a comma; false when none fits."""
    areas = [entry for entry in after if entry.kind in ("region", "country")]
    fitting = tuple(
        entry
        for entry in city.entries
        if entry.kind in ("city", "region")
        and any(entry.country == area.country and area.area in ("", entry.area) and entry != area for area in areas)
    )
    if fitting:
        city.entries = fitting
        city.weight = max(city.weight, _WEIGHTS["related"])
    return bool(fitting)


def _state_after(words: Words, last: int, gazetteer: Gazetteer, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Return the candidates in the US state whose abbreviation or name follows after a comma."""
    if last + 1 >= len(words.raw) or words.gaps[last].strip() != ",":
        return ()
    for size in (3, 2, 1):
        key = " ".join(words.keys[last + 1 : last + 1 + size])
        short = gazetteer.entries(f",{key}") if size == 1 and words.raw[last + 1][0].isupper() else ()
        areas = [entry for entry in (*short, *gazetteer.entries(key)) if entry.kind in ("region", "country")]
        if areas:
            return tuple(
                entry
                for entry in entries
                if entry.kind in ("city", "region")
                and any(
                    entry.country == area.country and area.area in ("", entry.area) and entry != area for area in areas
                )
            )
    return ()


def _is_person(words: Words, position: int, gazetteer: Gazetteer, role: str) -> bool:
    """Tell whether a one-word name is part of a person's name here."""
    if words.uniform:
        return False
    before = words.keys[position - 1] if position and words.gaps[position - 1] in (" ", ". ") else ""
    if before and words.raw[position - 1][0].isupper() and (before in gazetteer.given or before in cues.TITLES):
        return True
    key = words.keys[position]
    if key not in gazetteer.given or role in ("scene", "target") or words.possessive[position]:
        return False
    after = position + 1
    if after >= len(words.raw) or words.gaps[position] != " ":
        return False
    following = words.keys[after]
    return (
        words.raw[after][0].isupper()
        and following not in cues.OFFICE
        and following not in cues.SCENE
        and following not in cues.SAYING
    )


def _is_sure_city(
    words: Words, first: int, last: int, gazetteer: Gazetteer, entries: tuple[Entry, ...], role: str
) -> bool:
    """Tell whether a city's name is likely a place here: known well enough, or governed by a preposition."""
    key = " ".join(words.keys[first : last + 1])
    if key in gazetteer.weak:
        return role == "scene" and words.keys[first - 1] in cues.STATIC and not words.uniform
    if role == "scene" and (entries[0].population >= _BIG_CITY or not _goes_on(words, last)):
        return True
    known = entries[0].population >= _BIG_CITY or entries[0].area == TOLD
    if role in ("target", "related") or not known:
        return known
    inside_name = (
        first > 0
        and not words.uniform
        and words.gaps[first - 1] == " "
        and words.raw[first - 1][0].isupper()
        and first > 1
        and words.keys[first - 1] not in cues.COMPASS
    )
    return not inside_name


def _goes_on(words: Words, last: int) -> bool:
    """Tell whether another capitalised word follows, so that a small city's name is likely part of a longer name."""
    after = last + 1
    return after < len(words.raw) and words.gaps[last] == " " and words.raw[after][0].isupper() and not words.uniform


def _use_of_place(words: Words, first: int, last: int, role: str, kinds: set[str]) -> str:
    """Return the role of a country, region or city, by what follows it."""
    following = words.keys[last + 1] if last + 1 < len(words.raw) else ""
    gap = words.gaps[last]
    if gap in ("-", "‑", "–") and following in cues.JOINED_ACTOR:
        return "actor"
    if role == "scene" and not cues.VENUE.isdisjoint(words.keys[max(0, first - _REACH) : first]):
        return "venue"
    is_country = "country" in kinds
    if (
        is_country
        and gap == " "
        and following in cues.OFFICE
        and (role != "scene" or words.raw[last].isupper() or "." in words.raw[last])
    ):
        return "actor"
    if gap in (" ", "-") and not words.possessive[last] and following in (cues.STATE_EVENTS if is_country else cues.EVENTS):
        return "scene" if role == "scene" else "target"
    if role == "target" and not cues.PRESSURE.isdisjoint(words.keys[max(0, first - _REACH) : first]):
        return "party"
    if role in ("scene", "target") and not words.possessive[last]:
        return role
    if words.possessive[last] and is_country and not cues.OFFICE.isdisjoint(words.keys[last + 1 : last + 4]):
        return "actor"
    is_seat = is_country or words.keys[last] in cues.HUBS
    if gap == " " and following in cues.SAYING and role != "related" and is_seat:
        return "actor"
    if not is_seat:
        return role if role in ("scene", "target", "related") else "named"
    return "state" if role == "plain" else role


def _use_of_demonym(words: Words, last: int, role: str) -> str:
    """Return the role of a nationality, by the noun it belongs to."""
    for position in range(last + 1, min(last + 4, len(words.raw))):
        if not _BREAKS.isdisjoint(words.gaps[position - 1]) or "," in words.gaps[position - 1]:
            break
        key = words.keys[position]
        if words.gaps[position - 1] == "-" and key in cues.JOINED_ACTOR:
            return "actor"
        if key in cues.SCENE:
            return "scene" if role in ("scene", "target") else "related"
        if key in cues.OFFICE:
            return "actor"
    return role if role in ("agent", "actor", "party") else "plain"
