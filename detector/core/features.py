"""Names the features of a sentence: its words, its word pairs, and what stands near a trigger word.

A sentence has five blocks of features, each scaled to a fixed length. The third is there because one telling clause in
a long sentence drowns among the words of the others: it looks only at a few words around each trigger. The fourth, word
beginnings, lets forms never seen borrow from those that were. The fifth says who and what is near a trigger, by classes of
words (see `circumstances`). Names: `truce`, `a truce` (words, pairs), `not_truce`
(marked, see `scope`), `CEASEFIRE<called` (the word stands shortly before a trigger of that class; `>` is after),
`evacu~`, `KILLING&civil`. No name holds more than two words of a text.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from operator import add
from typing import Final, TypeAlias

from detector.core.circumstances import circumstances
from detector.core.scope import MARKS, marked

Row: TypeAlias = tuple[Sequence[str], Sequence[str], Sequence[str], Sequence[str], Sequence[str]]
"""The feature names of a sentence, one list per block: words, pairs, relations to triggers, beginnings, circumstances.

Repeats count once.
"""

BLOCK_LENGTHS: Final = (0.7, 0.7, 0.6, 0.4, 0.6)
"""Euclidean length of each block of a row; chosen by cross-validation on the training articles."""

NEAR_WORDS: Final = 6
"""Words on each side of a trigger that are related to it."""

BEGINNING: Final = 5
"""Letters of a word that are its beginning; words no longer than that have none."""

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
    triggers = {place: TRIGGERS[word] for place, word in enumerate(words) if word in TRIGGERS}
    around = circumstances(words, triggers)
    marks = marked(words, triggers)
    if marks:
        signs = [f"{marks[place]}_" if place in marks else "" for place in range(len(words))]
        shown: Sequence[str] = list(map(add, signs, words))
        beginnings = [
            sign + word[:BEGINNING] + "~" for sign, word in zip(signs, words, strict=True) if len(word) > BEGINNING
        ]
    else:
        shown = words
        beginnings = [word[:BEGINNING] + "~" for word in words if len(word) > BEGINNING]
    pairs = list(map(" ".join, pairwise(shown)))
    related: list[str] = []
    for place, name in triggers.items():
        mark = marks.get(place, "")
        before, after = f"{name}{mark}<", f"{name}{mark}>"
        related += [before + word for word in words[max(0, place - NEAR_WORDS) : place]]
        related += [after + word for word in words[place + 1 : place + NEAR_WORDS + 1]]
    return shown, pairs, related, beginnings, around


def describe(feature: str) -> str:
    """Return a feature's name as shown to people.

    `called … (ceasefire word)` for a relation, `(killing word) with civil without fighter` for circumstances, else the words.
    """
    kind = feature.partition("&")[0].partition("!")[0]
    if kind != feature:
        return f"({kind.lower()} word)" + feature[len(kind) :].replace("&", " with ").replace("!", " without ")
    for sign in "<>":
        name, found, word = feature.partition(sign)
        if found:
            trigger = "(" + " ".join(filter(None, (_class_shown(name), "word"))) + ")"
            return f"{_shown(word)} … {trigger}" if sign == "<" else f"{trigger} … {_shown(word)}"
    return " ".join(map(_shown, feature.split(" ")))


def _class_shown(name: str) -> str:
    kind = name.rstrip("abcdefghijklmnopqrstuvwxyz")
    mark = name[len(kind) :]
    return f"{MARKS[mark]} {kind.lower()}" if mark else kind.lower()


def _shown(word: str) -> str:
    mark, found, rest = word.partition("_")
    plain = rest if found else word
    whole = plain[:-1] + "…" if plain.endswith("~") else plain
    return f"{whole} [{MARKS[mark]}]" if found else whole
