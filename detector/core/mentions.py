"""Finds the place names in a passage and weighs each as the scene of what the passage tells.

One pass over the words, longest name first, one dictionary look-up per candidate; nothing here depends on the event.
"""

from collections.abc import Iterable
from typing import Final

from detector.core import placecues as cues
from detector.core.gazetteer import MAX_NAME_WORDS, TOLD, Entry, Gazetteer
from detector.core.passage import Words
from detector.core.placeroles import STRONG, WEIGHTS, Mention, govern, use_of_demonym, use_of_place

_JOINS: Final = frozenset((" ", "-", "\n", "‑", "–", "  ", "\r\n", " & ", "\xa0"))
_SAINTS: Final = frozenset(("st", "ft", "mt", "n", "s"))
_BIG_CITY: Final = 100_000
"""Smaller cities need a word beside them that says they are places: their names are people's names too."""
_RIVAL_CITY: Final = 500_000
"""Only a city this large can be meant by the name of a region, as New York and Washington are."""
_SHORT: Final = 3
"""Shorter names are words of their own where capitals tell nothing."""
_SMALL_STARTS: Final = cues.COMPASS | {"al", "el", "ad", "ar", "az", "ash", "occupied", "rural", "mainland"}
"""Words that may begin a name without a capital: al-Bab, southern Lebanon."""
_LOST_APOSTROPHE: Final = 4
"""Longer country names are recognised with a bare s: some feeds lose their apostrophes."""
_NO_SURNAMES: Final = cues.OFFICE | cues.SCENE | cues.SAYING
_GOAL: Final = 0.7
"""What a place that something goes to counts of one that it comes from or happens at."""
_DEMONYM, _WEAK_DEMONYM = 0.8, 0.6
"""What a nationality counts of a place name, where it puts the event somewhere and where it does not."""
_INSTITUTIONS: Final = frozenset(("group", "leader", "government", "landmark"))
_MERGED: Final = 0.6
"""What the state or country after a comma counts of the city before it."""


def find_mentions(words: Words, gazetteer: Gazetteer) -> list[Mention]:
    """Return the names in a passage in order, people and blocked phrases left out, each with role and weight."""
    found: list[Mention] = []
    people: set[str] = set()
    after = 0
    longest = gazetteer.longest
    for position in _starts(words):
        if position < after:
            continue
        most = longest.get(words.keys[position], 0)
        size = _longest(words, position, most, gazetteer) if most else _repaired(words, position, gazetteer)
        if size:
            after = position + size
            mention = _judge(words, position, after - 1, gazetteer, found, people)
            if mention is not None:
                found.append(mention)
    return [mention for mention in found if mention.key not in people or mention.role in ("scene", "target")]


def _starts(words: Words) -> Iterable[int]:
    """Return where a name may begin: at capitals, or at every word where capitals tell nothing."""
    if words.uniform:
        return range(len(words))
    pairs = enumerate(zip(words.raw, words.keys, strict=True))
    return [position for position, (raw, key) in pairs if raw != key or key in _SMALL_STARTS]


def _longest(words: Words, position: int, most: int, gazetteer: Gazetteer) -> int:
    """Return how many words from here on are the longest known name, 0 for none."""
    capital = words.uniform or words.raw[position][0].isupper()
    most = min(most, MAX_NAME_WORDS, len(words) - position)
    size = 1
    while size < most and _joins(words, position + size - 1):
        size += 1
    for length in range(size, 1, -1):
        if words.key(position, position + length - 1) in gazetteer.index:
            return length
    return int(capital and _is_name(words, position, gazetteer))


def _is_name(words: Words, position: int, gazetteer: Gazetteer) -> bool:
    """Tell whether a single word is a name."""
    known = words.keys[position] in gazetteer.index and _is_written_as_name(words, position, gazetteer)
    return known or bool(_repaired(words, position, gazetteer))


def _repaired(words: Words, position: int, gazetteer: Gazetteer) -> int:
    """Return 1 for a state's abbreviation or a country that lost its apostrophe, put right in the word's key; 0 for others."""
    key = words.keys[position]
    if position and words.gaps[position - 1][:1] == "," and _is_state_abbreviation(words, position, gazetteer):
        words.keys[position] = f",{key}"
        return 1
    if key[-1] == "s" and len(key) > _LOST_APOSTROPHE and key[:-1] in gazetteer.countries:
        words.keys[position] = key[:-1]
        words.possessive[position] = True
        return 1
    return 0


def _joins(words: Words, position: int) -> bool:
    """Tell whether a name may go on after this word."""
    if words.possessive[position] and not (words.uniform or words.raw[position + 1][0].isupper()):
        return False
    return words.gaps[position] in _JOINS or (words.gaps[position] == ". " and words.keys[position] in _SAINTS)


def _is_state_abbreviation(words: Words, position: int, gazetteer: Gazetteer) -> bool:
    """Tell whether a word is a US state's abbreviation after a name and a comma: Conn., TX."""
    return (
        f",{words.keys[position]}" in gazetteer.index
        and words.gaps[position - 1].strip() == ","
        and words.capital(position - 1)
        and (words.raw[position].isupper() or words.gaps[position].startswith("."))
    )


def _is_written_as_name(words: Words, position: int, gazetteer: Gazetteer) -> bool:
    """Tell whether a single word is spelt as a name: acronyms in capitals or with stops, never the pronoun US."""
    key, raw = words.keys[position], words.raw[position]
    if key in gazetteer.acronyms:
        return "." in raw or (len(key) >= _SHORT if words.uniform else raw.isupper())
    return len(key) >= _SHORT or not (words.uniform or raw.isupper())


def _judge(  # noqa: PLR0911 - one question after the other, in order of precedence
    words: Words, first: int, last: int, gazetteer: Gazetteer, found: list[Mention], people: set[str]
) -> Mention | None:
    """Decide what a name stands for here and how it is used; `None` when it names no place."""
    key = words.key(first, last)
    entries = _meant(gazetteer.entries(key))
    if not entries:
        return None
    kinds = {entry.kind for entry in entries}
    previous = found[-1] if found else None
    cue, role = govern(words, first, previous)
    if previous is not None and previous.last == first - 1 and words.gaps[first - 1].strip() == ",":
        fitting = _within(previous.entries, entries)
        if fitting:
            previous.entries = fitting
            previous.weight = max(previous.weight, WEIGHTS["related"])
            return Mention(key, first, last, entries, previous.role, previous.weight * _MERGED, previous.cue)
    if entries[0].kind in _INSTITUTIONS:
        return _institution(words, Mention(key, first, last, entries, role, 0.0, cue), gazetteer)
    if words.uniform and key in gazetteer.weak and ("country" not in kinds or role not in ("scene", "target")):
        return None
    if first == last and _is_person(words, first, gazetteer, role):
        people.add(key)
        return None
    if "demonym" in kinds and "country" not in kinds:
        role = use_of_demonym(words, last, role)
        weight = WEIGHTS[role] * (_DEMONYM if role in STRONG else _WEAK_DEMONYM)
        return Mention(key, first, last, entries, role, weight, cue)
    addressed = _within(entries, _area_after(words, last, gazetteer))
    if addressed:
        return Mention(key, first, last, addressed, "scene", WEIGHTS["scene"], cue)
    if kinds == {"city"} and not _is_sure_city(words, first, last, gazetteer, entries, role):
        return None
    role = use_of_place(words, first, last, role, kinds, previous)
    weight = WEIGHTS[role] * (_GOAL if cue == "to" and role == "related" else 1.0)
    return Mention(key, first, last, entries, role, weight, cue)


def _institution(words: Words, mention: Mention, gazetteer: Gazetteer) -> Mention:
    """Weigh an actor, or a landmark: the town of one is the scene only where something is said to be at it."""
    kind = mention.entries[0].kind
    if kind != "landmark" and (mention.role != "scene" or all(entry.kind != "landmark" for entry in mention.entries)):
        mention.role, mention.weight = kind, WEIGHTS[kind]
        return mention
    towns = _within(mention.entries, _area_after(words, mention.last, gazetteer))
    mention.entries = towns or tuple(entry for entry in mention.entries if entry.kind == "landmark")
    if towns or mention.role in ("scene", "target"):
        mention.weight = WEIGHTS["scene" if towns else mention.role]
    elif words.after(mention.last) in cues.EVENTS:
        mention.role, mention.weight = "target", WEIGHTS["target"]
    else:
        mention.role, mention.weight = "landmark", WEIGHTS["landmark"]
    return mention


def _meant(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """Return what a name can reasonably mean: no town named like a country, a people or an actor; none when blocked."""
    kinds = {entry.kind for entry in entries}
    if "blocked" in kinds:
        return ()
    if kinds & {"country", "demonym"}:
        return tuple(entry for entry in entries if entry.kind != "city")
    if entries[0].kind == "landmark":
        return entries
    if kinds & {"government", "leader", "group"}:
        return tuple(entry for entry in entries if entry.kind not in ("city", "region"))
    if "region" in kinds:
        rivals = tuple(entry for entry in entries if entry.kind == "city" and entry.population >= _RIVAL_CITY)
        return rivals or tuple(entry for entry in entries if entry.kind == "region")
    return entries


def _within(entries: Iterable[Entry], areas: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the cities and regions that lie in one of the regions or countries."""
    larger = [area for area in areas if area.kind in ("region", "country")]
    return tuple(
        entry
        for entry in entries
        if entry.kind in ("city", "region")
        and any(entry.country == area.country and area.area in ("", entry.area) and entry != area for area in larger)
    )


def _area_after(words: Words, last: int, gazetteer: Gazetteer) -> tuple[Entry, ...]:
    """Return the state or country that follows after a comma, a US state's abbreviation included."""
    if last + 1 >= len(words) or words.gaps[last].strip() != ",":
        return ()
    for size in (3, 2, 1):
        key = words.key(last + 1, min(last + size, len(words) - 1))
        short = gazetteer.entries(f",{key}") if size == 1 and words.raw[last + 1][0].isupper() else ()
        areas = tuple(entry for entry in (*short, *gazetteer.entries(key)) if entry.kind in ("region", "country"))
        if areas:
            return areas
    return ()


def _is_person(words: Words, position: int, gazetteer: Gazetteer, role: str) -> bool:
    """Tell whether a one-word name is part of a person's name here."""
    if words.uniform:
        return False
    before = words.keys[position - 1] if position and words.gaps[position - 1] in (" ", ". ") else ""
    if before and words.capital(position - 1) and (before in gazetteer.given or before in cues.TITLES):
        return True
    key, after = words.keys[position], position + 1
    if key not in gazetteer.given or role in ("scene", "target") or words.possessive[position]:
        return False
    if after >= len(words) or words.gaps[position] != " " or not words.capital(after):
        return False
    return words.keys[after] not in _NO_SURNAMES


def _is_sure_city(
    words: Words, first: int, last: int, gazetteer: Gazetteer, entries: tuple[Entry, ...], role: str
) -> bool:
    """Tell whether a city's name is likely a place here: known well enough, or governed by a preposition."""
    if words.key(first, last) in gazetteer.weak:
        return role == "scene" and words.keys[first - 1] in cues.STATIC and not words.uniform
    goes_on = last + 1 < len(words) and words.gaps[last] == " " and words.capital(last + 1)
    if role == "scene" and (entries[0].population >= _BIG_CITY or not goes_on):
        return True
    known = entries[0].population >= _BIG_CITY or entries[0].area == TOLD
    if role in ("target", "related") or not known:
        return known
    inside_name = first > 1 and words.gaps[first - 1] == " " and words.capital(first - 1)
    return not inside_name or words.keys[first - 1] in cues.COMPASS
