"""Figures are read as news writes them, with the exact words that state them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.core.correlation.numbers import read_number
from detector.core.correlation.quantities import largest, quantities_of
from detector.core.records import Evidence, Quantity

_SMALL = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


def stated(sentence: str, start: int = 0) -> list[tuple[str, int, str, str]]:
    """Unit, value, bound and the words themselves, cut out of the sentence by the offsets."""
    evidence = Evidence(field="text", start=start, end=start + len(sentence), sentence=sentence, confidence=0.9)
    return [
        (item.unit, item.value, item.bound, sentence[item.start - start : item.end - start])
        for item in quantities_of([evidence])
    ]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            "At least 14 people were killed and dozens wounded.",
            [("dead", 14, "at_least", "At least 14"), ("wounded", 24, "at_least", "dozens")],
        ),
        (
            "Strikes killed 12 civilians, including five children, and injured 1,200.",
            [("dead", 12, "exact", "12"), ("wounded", 1200, "exact", "1,200")],
        ),
        ("Fourteen people, among them three children, were killed.", [("dead", 14, "exact", "Fourteen")]),
        ("The death toll rose to 31 on Sunday.", [("dead", 31, "exact", "31")]),
        ("The toll was revised from 30 to 25.", [("dead", 25, "exact", "25")]),
        ("leaves 41 dead, 239 injured", [("dead", 41, "exact", "41"), ("wounded", 239, "exact", "239")]),
        ("Twenty-five villagers massacred", [("dead", 25, "exact", "Twenty-five")]),
        ("Hundreds dead as fresh strikes hit", [("dead", 200, "at_least", "Hundreds")]),
        ("Tens of thousands of residents were evacuated.", [("evacuated", 20_000, "at_least", "Tens of thousands")]),
        ("More than 100,000 people were ordered to leave.", [("evacuated", 100_000, "at_least", "More than 100,000")]),
        ("Officials evacuated about two dozen patients.", [("evacuated", 24, "about", "about two dozen")]),
        ("2.5 million people evacuated", [("evacuated", 2_500_000, "exact", "2.5 million")]),
        ("As many as 300 people will be evacuated.", [("evacuated", 300, "at_most", "As many as 300")]),
        (
            "At least one hundred twenty villagers were killed.",
            [("dead", 120, "at_least", "At least one hundred twenty")],
        ),
        ("Bomb kills six in Homs", [("dead", 6, "exact", "six")]),
        ("A 22-year-old man was killed.", []),
        ("In 2015 people were killed.", []),
        ("After 24 hours of bombing nobody was killed.", []),
        ("45% of the people killed were men.", []),
        ("Ten homes were evacuated.", []),
        ("1.5 people were killed on average.", []),
        ("The strikes hit 12 villages.", []),
        ("Nothing happened.", []),
        ("", []),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_what_a_sentence_states(sentence: str, expected: list[tuple[str, int, str, str]]) -> None:
    assert stated(sentence) == expected
    assert stated(sentence, start=77) == expected, "offsets count in the field, not in the sentence"


@given(st.text(max_size=60), st.sampled_from(["12", "fifteen", "1,200", "two dozen"]))
def test_offsets_are_exact_around_any_text(text: str, number: str) -> None:
    """Letters that change length in lower case must not shift them."""
    found = stated(f"İ{text}. Strikes killed {number} people.")
    assert ("dead", number) in [(unit, words) for unit, _, _, words in found]


@pytest.mark.parametrize(
    ("words", "bound", "value"),
    [
        ("a dozen", None, 12),
        ("two hundred", "over", 200),
        ("3 million", None, 3_000_000),
        ("ninety nine", None, 99),
        ("two thousand five hundred", None, 2500),
        ("one hundred and twenty-five", None, 125),
    ],
)
def test_numbers_in_words(words: str, bound: str | None, value: int) -> None:
    number = read_number(words, bound)
    assert number is not None
    assert (number.value, number.bound) == (value, "at_least" if bound else "exact")


def test_a_fraction_counts_no_people() -> None:
    assert read_number("1.5", None) is None


def test_the_sum_is_larger_than_its_parts() -> None:
    parts = tuple(
        Quantity(unit="dead", value=value, bound="exact", field="text", start=0, end=1) for value in (5, 12, 3)
    )
    assert largest(parts, "dead") == parts[1]
    assert largest(parts, "wounded") is None
