"""Which words of an evidence sentence speak most for a finding, and where they stand in it."""

import re
from collections.abc import Sequence
from typing import Final

from detector.core.records import Reason

_TELLING: Final = 5
_SHORTEST_TELLING: Final = 4
"""Characters; shorter features are function words that lean on their neighbours."""


def telling_phrases(why: Sequence[Reason]) -> list[str]:
    """Return the words and phrases that add most to the score, longest first."""
    own = [reason for reason in why if reason.weight > 0 and not set(":(") & set(reason.feature)]
    strongest = sorted(own, key=lambda reason: reason.weight, reverse=True)[:_TELLING]
    telling = [reason.feature for reason in strongest if len(reason.feature) >= _SHORTEST_TELLING]
    return sorted(telling, key=len, reverse=True)


def telling_spans(sentence: str, phrases: Sequence[str]) -> list[tuple[int, int]]:
    """Return where the phrases stand in a sentence: character spans in ascending order that do not touch each other."""
    covered = [False] * len(sentence)
    for phrase in phrases:
        if phrase.split():
            for match in _pattern(phrase).finditer(sentence):
                covered[match.start() : match.end()] = [True] * (match.end() - match.start())
    edges = [n for n in range(len(sentence) + 1) if (n < len(sentence) and covered[n]) != (n > 0 and covered[n - 1])]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _pattern(phrase: str) -> re.Pattern[str]:
    """A phrase's normalised words, with what was taken away between and behind them."""
    words = r"\W{1,3}".join(re.escape(word) for word in phrase.split())
    return re.compile(rf"(?i)(?<!\w){words}\w{{0,3}}(?!\w)")
