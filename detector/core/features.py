"""Names the features of a sentence: its words, its word pairs, and what stands near a trigger word.

A sentence has three blocks of features, each scaled to a fixed length. The last is there because one telling clause in a
long sentence drowns among the words of the others: it looks only at a few words around each trigger.
Names: `truce`, `a truce` (words, pairs), `CEASEFIRE<called` (the word stands shortly before a trigger of that class; `>` is
after). No name holds more than two words of a text.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, TypeAlias

Row: TypeAlias = tuple[Sequence[str], Sequence[str], Sequence[str]]
"""The feature names of a sentence, one list per block: words, pairs, relations to triggers. Repeats count once."""

BLOCK_LENGTHS: Final = (0.7, 0.7, 0.6)
"""Euclidean length of each block of a row; chosen by cross-validation on the training articles."""

NEAR_WORDS: Final = 6
"""Words on each side of a trigger that are related to it."""

_TRIGGERS: Final[Mapping[str, str]] = {
    "CEASEFIRE": "ceasefire truce armistice cessation hostilities pause lull",
    "EVACUATION": (
        "evacuate evacuated evacuates evacuating evacuation evacuations evacuees evacuee airlift airlifted airlifting bused "
        "relocated"
    ),
    "KILLING": (
        "kill kills killed killing killings slain slaughtered murdered massacred gunned executed beheaded dead died deaths "
        "massacre massacres genocide atrocity atrocities torture tortured rape raped executions casualties civilians bodies"
    ),
    "ATTACK": (
        "attack attacks bombing bombings bombed bomb strike strikes airstrike airstrikes shelling shelled blast explosion "
        "shooting chemical gas crimes crime"
    ),
    "SUPPORT": (
        "solidarity vigil vigils tribute tributes candles candlelight memorial silence stand stands standing stood support "
        "sympathy rally rallied march marched honor mourners unity flag flags lit"
    ),
}
TRIGGERS: Final[Mapping[str, str]] = {word: name for name, words in _TRIGGERS.items() for word in words.split()}


def sentence_features(words: Sequence[str]) -> Row:
    """Return the feature names of a sentence from its normalised words (see `tokens.words`)."""
    pairs = list(map(" ".join, pairwise(words)))
    triggers = [(place, TRIGGERS[word]) for place, word in enumerate(words) if word in TRIGGERS]
    related: list[str] = []
    for place, name in triggers:
        before, after = f"{name}<", f"{name}>"
        related += [before + word for word in words[max(0, place - NEAR_WORDS) : place]]
        related += [after + word for word in words[place + 1 : place + NEAR_WORDS + 1]]
    return words, pairs, related


def describe(feature: str) -> str:
    """Return a feature's name as shown to people: `called … (ceasefire word)` for a relation, else the words."""
    for mark in "<>":
        name, found, word = feature.partition(mark)
        if found:
            trigger = f"({name.lower()} word)"
            return f"{word} … {trigger}" if mark == "<" else f"{trigger} … {word}"
    return feature
