"""Reads numbers of people as news writes them: `1,200`, `twenty-five`, `two dozen`, `at least 14`, `tens of thousands`."""

import math
import re
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from detector.core.numberwords import SMALL_NUMBERS

Bound: TypeAlias = Literal["exact", "at_least", "about", "at_most"]

_MULTIPLES: Final[Mapping[str, int]] = {
    "dozen": 12,
    "score": 20,
    "hundred": 100,
    "thousand": 1000,
    "million": 1_000_000,
}
_GROUPS: Final = frozenset(("thousand", "million"))
_VAGUE: Final[Mapping[str, int]] = {
    "dozens": 24,
    "scores": 40,
    "hundreds": 200,
    "thousands": 2000,
    "millions": 2_000_000,
    "tens of thousands": 20_000,
    "hundreds of thousands": 200_000,
}
"""What a vague plural stands for at least."""

_BOUNDS: Final[Mapping[str, Bound]] = {
    **dict.fromkeys(
        ("at least", "more than", "over", "no fewer than", "not less than", "no less than", "upwards of", "above"),
        "at_least",
    ),
    **dict.fromkeys(
        ("about", "around", "nearly", "almost", "some", "approximately", "an estimated", "roughly", "close to"), "about"
    ),
    **dict.fromkeys(("up to", "as many as", "at most", "fewer than", "less than", "under"), "at_most"),
}

_WORDS: Final = "|".join(sorted(SMALL_NUMBERS, key=len, reverse=True))
_DIGITS: Final = r"\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?"
NUMBER: Final = (
    rf"(?:(?:{'|'.join(sorted(_VAGUE, key=len, reverse=True))})"
    rf"|(?:{_DIGITS}|(?:{_WORDS})(?:[\s-](?:{_WORDS}))?|an?(?=\s(?:dozen|hundred|thousand|million)))"
    rf"(?:\s(?:dozen|hundred|thousand|million)\b(?:\s(?:and\s)?(?:{_WORDS})\b(?:[\s-](?:{_WORDS})\b)?)?)*)"
)
"""Regular expression of a number, without groups; for lower-case text."""
BOUND: Final = rf"(?:{'|'.join(sorted(_BOUNDS, key=len, reverse=True))})"

_PARTS: Final = re.compile(r"[\d.,]*\d|[a-z]+")


class Number(NamedTuple):
    """A number as a text states it."""

    value: int
    bound: Bound


def read_number(stated: str, bound: str | None) -> Number | None:
    """Return what the words of a number (a match of `NUMBER`, lower case) and the words before it (of `BOUND`) say.

    `None` for a number that cannot count people, such as a fraction or one of four hundred digits.
    """
    if stated in _VAGUE:
        return Number(_VAGUE[stated], "at_least")
    thousands = value = 0.0
    for part in _PARTS.findall(stated):
        if part[0].isdigit():
            value = float(part.replace(",", ""))
        elif part in SMALL_NUMBERS:
            value += SMALL_NUMBERS[part]
        elif part in _MULTIPLES:
            value = max(value, 1.0) * _MULTIPLES[part]
            if part in _GROUPS:
                thousands, value = thousands + value, 0.0
    value += thousands
    if not math.isfinite(value) or value != int(value):
        return None
    return Number(int(value), _BOUNDS[bound] if bound else "exact")
