"""Marks trigger words that a negation takes away, or that stand in another world than the news.

"No truce was discussed" and "a massacre at the box office" hold the very words of an event. To a linear model a marked
word is another word (`not_truce`, `screen_massacre`): it starts without the trigger's weight, and gets only what its own
kind has earned in training.
"""

from collections.abc import Collection, Sequence
from typing import Final

MARKS: Final = {"not": "negated", "screen": "near film or book words", "other": "near sport or market words"}
"""Mark of a word, as in `not_truce`, and how people are told of it."""

BEFORE: Final = 6
AFTER: Final = 3
"""Words before and after a trigger in which a negation takes it away, unless a clause begins between."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEGATIONS: Final = _words(
    "no not never neither nor none nobody without cannot ruled denied denies refused refuses declined "
    "failed fails unable averted avoided avoid prevent prevented avert foiled thwarted unlikely"
)
_AFTER_NEGATIONS: Final = _words("no not never neither nor none nobody without cannot")
_CONDITIONS: Final = _words("if unless whether would could might")
_CLAUSE: Final = _words("but although however while because after before since until and which who where as")
_SCREEN: Final = _words(
    "film films movie movies novel novels playwright theater theatre drama documentary actor actress "
    "exhibition opera ballet musical comic episode sequel fiction thriller premiere trailer album song "
    "lyrics memoir poem poems sculpture videogame gamers players filmmaker novelist screenwriter "
    "screenplay readers viewers audiences"
)
_OTHER: Final = _words(
    "tariff tariffs pricing prices stocks shares investors supermarket supermarkets airline airlines "
    "boardroom merger takeover patent smartphone coach striker innings wicket goalkeeper playoffs playoff "
    "halftime quarterback championship tournament league scored divorce wedding"
)


def marked(words: Sequence[str], triggers: Collection[int]) -> dict[int, str]:
    """Return the marks of the trigger words of a sentence, by place; `triggers` are the places of its trigger words.

    A film or book word, else a sport or market word, anywhere in the sentence marks every trigger; a negation marks those
    near it in its clause. A condition between negation and trigger ends the search: it is a matter of its own.
    """
    if not triggers:
        return {}
    present = frozenset(words)
    world = "screen" if present & _SCREEN else "other" if present & _OTHER else None
    if world:
        return dict.fromkeys(triggers, world)
    if not present & _NEGATIONS:
        return {}
    return {place: "not" for place in triggers if _is_negated(words, place)}


def _is_negated(words: Sequence[str], place: int) -> bool:
    for word in reversed(words[max(0, place - BEFORE) : place]):
        if word in _CLAUSE or word in _CONDITIONS:
            break
        if word in _NEGATIONS:
            return True
    for word in words[place + 1 : place + 1 + AFTER]:
        if word in _CLAUSE or word in _CONDITIONS:
            break
        if word in _AFTER_NEGATIONS:
            return True
    return False
