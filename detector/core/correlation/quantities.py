"""Extracts how many people an event killed, wounded or moved, from its evidence sentences, with offsets.

A number counts only where a word of its unit stands next to it: before (`killed at least 14 people`) or after (`14
people, among them three children, were killed`), within one clause. Ages, hours, distances and shares are not people.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from detector.core.correlation.numbers import BOUND, NUMBER, read_number
from detector.core.records import Evidence, Quantity, Unit

LARGEST: Final = 100_000_000
"""No event moves more people; a larger number is a misreading."""

_AFTER: Final[Mapping[Unit, str]] = {
    "dead": r"dead|killed|died|die|slain|massacred|executed|beheaded|murdered|slaughtered|martyred|shot dead|perished|bodies|"
    r"deaths|fatalities|lost their lives",
    "wounded": r"wounded|injured|hurt|injuries|casualties treated",
    "evacuated": r"evacuated|relocated|airlifted|flown out|bused out|moved to safety|taken to safety|"
    r"taken to shelters?|ordered to leave|"
    r"ordered to evacuate|told to leave|told to evacuate|urged to leave|urged to evacuate|under evacuation orders|evacuees|"
    r"to be evacuated|forced to evacuate",
}
_BEFORE: Final[Mapping[Unit, str]] = {
    "dead": r"kills?|killed|killing|executes?|executed|executing|beheads?|beheaded|massacred?|massacring|"
    r"slaughter(?:ed|ing)?|murder(?:ed|ing)?|"
    r"claimed the lives of|claims the lives of|martyred|"
    r"(?:death )?toll (?:\w+ ){0,5}?(?:to|at|of|is|was|reached|reaches|hits|hit)",
    "wounded": r"wounds|wounded|wounding|wound|injures|injured|injuring|injure|hurting",
    "evacuated": r"evacuates|evacuated|evacuating|evacuate|evacuation of|relocates|relocated|relocating|airlifted|airlifting|"
    r"bused|moved",
}
_NO_PEOPLE: Final = (
    r"(?:hours?|days?|weeks?|months?|years?|year-old|minutes?|percent|per cent|km|kilometers?|kilometres?|miles?|times|"
    r"villages?|homes|houses|buildings|strikes|raids|attacks|rockets|bombs|buses|vehicles|a\.m|p\.m|dollars)"
)
_GAP: Final = rf"(?:\s(?!{_NO_PEOPLE}\b)(?!and\b)(?!killed\b|dead\b|wounded\b|injured\b)[a-z'’-]+){{0,6}}?"
_ASIDE: Final = r"(?:,\s(?:including|among them|mostly|(?:most|many|all|some) of them|at least)\b[^,.;]{0,60},)?"
_START: Final = r"(?<![\w.,$£€-])"
_END: Final = r"(?![\w-]|[.,]\d|\s?%)"
_LINK: Final = r"(?:\sof|\sanother|\sa total of|\swhat [a-z]+ said were)?"


def _number(which: int) -> str:
    return rf"(?:(?P<bound{which}>{BOUND})\s)?{_START}(?P<number{which}>{NUMBER}){_END}"


def _pattern(unit: Unit) -> re.Pattern[str]:
    after = rf"{_number(1)}{_GAP}{_ASIDE}(?:\s(?:were|was|are|(?:have|had|has|will|would|to) be(?:en)?|being|be))?"
    after += rf"(?:\s(?:also|reportedly|confirmed))?\s(?:{_AFTER[unit]})\b"
    before = rf"\b(?:{_BEFORE[unit]}){_LINK}\s{_number(2)}(?!\s{_NO_PEOPLE}\b)"
    return re.compile(rf"{after}|{before}")


_PATTERNS: Final[Mapping[Unit, re.Pattern[str]]] = {unit: _pattern(unit) for unit in _AFTER}
_QUICK: Final[Mapping[Unit, re.Pattern[str]]] = {
    "dead": re.compile(
        r"dead|kill|die|slain|massacre|execut|behead|murder|slaughter|martyr|perish|bodies|death|fatal|li[fv]e|toll"
    ),
    "wounded": re.compile(r"wound|injur|hurt|casualt"),
    "evacuated": re.compile(r"evacu|relocat|airlift|flown|bused|safety|leave|moved"),
}
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_BLANKS: Final = str.maketrans("\n\r\t\xa0", "    ")


def quantities_of(evidence: Iterable[Evidence]) -> tuple[Quantity, ...]:
    """Return the quantities of evidence sentences, in their order; `start` and `end` count in the article's field."""
    found: list[Quantity] = []
    for item in evidence:
        found.extend(_in_sentence(item))
    return tuple(found)


def largest(quantities: Iterable[Quantity], unit: Unit) -> Quantity | None:
    """Return the largest quantity of a unit: parts are named beside their sum (`14 people, among them three children`)."""
    return max((item for item in quantities if item.unit == unit), key=lambda item: item.value, default=None)


def _in_sentence(item: Evidence) -> Iterable[Quantity]:
    lowered = item.sentence.lower().translate(_BLANKS)
    if len(lowered) != len(item.sentence):  # a few letters grow in lower case: offsets would lie
        lowered = "".join(char.lower() if len(char.lower()) == 1 else char for char in item.sentence).translate(_BLANKS)
    for unit, pattern in _PATTERNS.items():
        if not _QUICK[unit].search(lowered):
            continue
        for match in pattern.finditer(lowered):
            which = "1" if match["number1"] else "2"
            number = read_number(match[f"number{which}"], match[f"bound{which}"])
            if number is None or not 0 < number.value <= LARGEST or _YEAR.fullmatch(match[f"number{which}"]):
                continue
            start = match.start(f"bound{which}") if match[f"bound{which}"] else match.start(f"number{which}")
            yield Quantity(
                unit=unit,
                value=number.value,
                bound=number.bound,
                field=item.field,
                start=item.start + start,
                end=item.start + match.end(f"number{which}"),
            )
