"""Finds who shows support in a sentence: a gesture is where it is made, not where those are for whom it is made."""

from typing import Final

from detector.core import placecues as cues
from detector.core.passage import Words
from detector.core.placeroles import REACH, WEIGHTS, Mention

_HONOURED: Final = 0.35
"""What the place of those who are supported counts of its usual weight."""
_ELSEWHERE: Final = 0.5
"""What other places count once the sentence names who stands with somebody, or a landmark."""
_DECLARING: Final = frozenset(("leader", "government"))
_SPEAKING: Final = frozenset(("venue", "actor", "state", "government", "leader"))


def find_gesture(words: Words, mentions: list[Mention]) -> None:
    """Weigh the names in a sentence of support anew: up for those who give it, down for those who get it."""
    made = False
    declared = not cues.DECLARING.isdisjoint(words.keys)
    for mention in mentions:
        mention.honoured = not cues.SUPPORT.isdisjoint(words.before(mention.first, REACH))
        if mention.honoured:
            mention.weight *= _HONOURED
        elif mention.role in ("ally", "landmark") or (
            mention.role == "scene" and mention.entries[0].kind == "landmark"
        ):
            mention.role, mention.weight, made = "gesture", WEIGHTS["gesture"], True
        elif mention.role in _SPEAKING or (mention.role == "agent" and mention.cue in cues.CONJUNCTIONS):
            made = made or (declared and mention.role in _DECLARING)
            mention.role, mention.weight = "host", max(mention.weight, WEIGHTS["host"])
    if made:
        for mention in mentions:
            if mention.role not in ("gesture", "host") and not mention.honoured:
                mention.weight *= _ELSEWHERE
