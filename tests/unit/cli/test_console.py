"""No text of an article can move the cursor, hide or reorder what people see; telling words are marked where they stand."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.cli.console import marked, print_table, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain words", "plain words"),
        ("café — “quoted” 停火 ✓ 😀", "café — “quoted” 停火 ✓ 😀"),
        ("two\nlines\tand\rtabs", "two lines and tabs"),
        ("\x1b[2J\x1b]0;title\x07", r"\x1b[2J\x1b]0;title\x07"),
        ("\x9b31m", r"\x9b31m"),
        ("a\x00b\x08c\x7f", r"a\x00b\x08c\x7f"),
        ("\u202egnp.exe\u202c", r"\u202egnp.exe\u202c"),
        ("\u2066iso\u2069 \u200f\u061c", r"\u2066iso\u2069 \u200f\u061c"),
        ("ze\u200bro\u2060\ufeff", r"ze\u200bro\u2060\ufeff"),
        ("soft\u00adhyphen", r"soft\xadhyphen"),
        ("line\u2028para\u2029next\u0085", r"line\u2028para\u2029next\x85"),
        ("half \ud800", r"half \ud800"),
        ("private \ue000", r"private \ue000"),
        ("tag \U000e0041", r"tag \U000e0041"),
    ],
)
def test_what_could_deceive_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text())
def test_nothing_invisible_or_controlling_is_left(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    shown.encode("utf-8")


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"])))
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert visible(text) == text


def spans(sentence: str, *telling: str) -> list[str]:
    """Give the marked parts of a sentence."""
    text = marked(sentence, telling)
    return [text.plain[span.start : span.end] for span in sorted(text.spans)]


def test_telling_words_are_marked_whatever_their_case() -> None:
    assert spans("Ceasefire agreed; the CEASEFIRE holds", "ceasefire", "agreed") == ["Ceasefire", "agreed", "CEASEFIRE"]


def test_a_phrase_is_marked_across_punctuation_and_line_ends() -> None:
    assert spans("a cease-fire\nagreement", "cease fire") == ["cease-fire"]
    assert spans("switched off\nits lights", "off its lights") == ["off its lights"]


def test_only_whole_words_and_their_endings_are_marked() -> None:
    assert spans("The deal: dealership, ideal deals", "deal") == ["deal", "deals"]


@pytest.mark.parametrize("phrase", [r"a.*b", "(", "[", "\\", "c++", "$5", "^", "u.n.", "don't", "", "  "])
def test_a_feature_is_no_pattern(phrase: str) -> None:
    """Whatever the model's features hold, they match as they are written."""
    for part in spans("a.*b ( [ \\ c++ $5 ^ u.n. don't axxb", phrase):
        assert re.sub(r"\W", "", part).casefold() == re.sub(r"\W", "", phrase).casefold()


@given(st.text(max_size=60), st.lists(st.text(max_size=8), max_size=4))
def test_marking_never_changes_the_sentence(sentence: str, telling: list[str]) -> None:
    assert marked(sentence, telling).plain == visible(sentence)


def test_a_table_off_a_terminal_is_tab_separated(capsys: pytest.CaptureFixture[str]) -> None:
    """For `cut -f` and friends, and without markup or emoji codes being read into the cells."""
    print_table(("name", "value"), [("[bold]x[/bold]", "a:bomb:b"), ("y", "z" * 300)])
    assert capsys.readouterr().out.splitlines() == ["name\tvalue", "[bold]x[/bold]\ta:bomb:b", "y\t" + "z" * 300]
