"""Marks words that a negation or a condition takes away, and triggers that stand in another world than the news.

"No truce was discussed", "were the town to be evacuated" and "a massacre at the box office" hold the very words of an event.
To a linear model a marked word is another word (`not_truce`, `if_evacuated`, `screen_massacre`): it starts without the
weight of the plain one, and gets only what its own kind has earned in training. Not the trigger alone is marked: the words
that a negation rules speak for an event as much as the trigger does.
"""

from collections.abc import Collection, Sequence
from typing import Final

MARKS: Final = {
    "not": "negated",
    "if": "conditional",
    "screen": "near film or book words",
    "other": "near sport or market words",
}
"""Mark of a word, as in `not_truce`, and how people are told of it."""

BEFORE: Final = 6
AFTER: Final = 3
"""Words before and after a trigger in which a negation takes it away, unless a clause begins between."""

RULED: Final = 8
"""Words after a negation or a condition that it rules, unless a clause begins between."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NEGATIONS: Final = _words(
    "no not never neither nor none nobody without cannot ruled denied denies refused refuses declined "
    "failed fails unable averted avoided avoid prevent prevented avert foiled thwarted unlikely"
)
_AFTER_NEGATIONS: Final = _words("no not never neither nor none nobody without cannot")
_CONDITIONS: Final = _words("if unless whether would could might")
_DOUBTS: Final = _NEGATIONS | _words("hardly stopped rumours rumour hoax false")
_WISHES: Final = _CONDITIONS | _words("should ever suppose imagine imagined imaginary hypothetical")
_RULERS: Final = _DOUBTS | _WISHES
_FUNCTION: Final = _words(
    "the a an of in on to for and by at from with was were is are be been had has have it its he his her she they their that "
    "this as or said says will would could"
)
"""Words that are the same under a negation or a condition."""

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
    """Return the marks of the words of a sentence, by place; `triggers` are the places of its trigger words.

    A film or book word, else a sport or market word, anywhere in the sentence marks every trigger; a negation marks those
    near it in its clause (a condition between them ends the search: it is a matter of its own). Besides, a negation or a
    condition marks the words that follow it in its clause.
    """
    marks = {} if _RULERS.isdisjoint(words) else _ruled(words)
    if not triggers:
        return marks
    if not _SCREEN.isdisjoint(words):
        marks.update(dict.fromkeys(triggers, "screen"))
    elif not _OTHER.isdisjoint(words):
        marks.update(dict.fromkeys(triggers, "other"))
    elif not _NEGATIONS.isdisjoint(words):
        marks.update((place, "not") for place in triggers if _is_negated(words, place))
    return marks


def _ruled(words: Sequence[str]) -> dict[int, str]:
    """The words that follow a negation or a condition in its clause; those ruled by two keep the first one's mark."""
    marks: dict[int, str] = {}
    for place, word in enumerate(words):
        mark = "not" if word in _DOUBTS else "if" if word in _WISHES else None
        if mark is None:
            continue
        for other in range(place + 1, min(len(words), place + 1 + RULED)):
            if words[other] in _CLAUSE:
                break
            if words[other] not in _FUNCTION:
                marks.setdefault(other, mark)
    return marks


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
