"""Words are normalised so that outlets and decades look alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.core.tokens import figure_class, words


@pytest.mark.parametrize("text", ["cease-fire", "CEASEFIRE", "Cease fire", "cease - fire", "cease‑fires", "ceasefires"])
def test_spellings_of_ceasefire_are_one_word(text: str) -> None:
    """Hyphens, blanks and case make no difference."""
    assert words(text) == ["ceasefire"]


@pytest.mark.parametrize("text", ["didn't", "didn’t", "DIDN'T", "did n't"])
def test_contracted_negation_is_a_word_of_its_own(text: str) -> None:
    """Negation must be visible to n-grams."""
    assert words(text) == ["did", "not"]


@pytest.mark.parametrize(
    ("figure", "expected"),
    [
        ("1", "#1"),
        ("4", "#2-4"),
        ("5", "#5-9"),
        ("12", "#10-99"),
        ("250", "#100-999"),
        ("1,200", "#1000+"),
        ("1998", "#year"),
        ("2050", "#year"),
        ("3.5", "#2-4"),
        ("20,000", "#1000+"),
    ],
)
def test_figures_become_magnitudes(figure: str, expected: str) -> None:
    """What counts in a toll is its order, and whether it is five or more."""
    assert figure_class(figure) == expected
    assert words(f"killed {figure} people")[1] == expected


def test_figures_in_words_join_the_same_classes() -> None:
    """A toll spelt out is a toll."""
    assert words("seven dead, forty hurt, hundreds homeless") == [
        "#5-9",
        "dead",
        "#10-99",
        "hurt",
        "#100-999",
        "homeless",
    ]


def test_noise_is_dropped() -> None:
    """Marks are no words, and a masked outlet name is nothing."""
    assert words("███ reported -- _ #") == ["reported"]
    assert words("") == []


@given(st.text(st.characters(max_codepoint=127)))
def test_plain_ascii_gives_the_words_that_any_text_gives(text: str) -> None:
    """There is a faster way for ASCII, which most sentences are; a dash that is none takes the other."""
    assert words(text + " -") == words(text + " —")
