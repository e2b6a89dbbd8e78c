"""Sentence spans are exact, ordered and bounded, whatever the text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.core.sentences import MAX_SENTENCE_CHARS, MAX_SENTENCES, is_hard_wrapped, split_sentences


def sentences(text: str) -> list[str]:
    """The sentences as strings."""
    return [text[span.start : span.end] for span in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The guns fell silent. Nobody cheered.", ["The guns fell silent.", "Nobody cheered."]),
        ("Mr. Haddad spoke on Jan. 4 in the U.S. Senate.", ["Mr. Haddad spoke on Jan. 4 in the U.S. Senate."]),
        ("A headline without a stop\nThe first sentence.", ["A headline without a stop", "The first sentence."]),
        ("  One.  \n\n\n  Two.\t\n", ["One.", "Two."]),
        ("it is over. the trucks left.", ["it is over.", "the trucks left."]),
        ("", []),
        (" \n\t\n ", []),
    ],
)
def test_splits_where_a_reader_would(text: str, expected: list[str]) -> None:
    """Abbreviations do not end a sentence; line ends do; blank edges are no part of one."""
    assert sentences(text) == expected


def test_hard_wrapped_copy_is_joined_across_line_ends() -> None:
    """A line end in the middle of old wire copy is typesetting, a blank line is a paragraph."""
    text = (
        "The government and the rebels agreed on Tuesday to stop\n"
        "all shelling of the port for a week so that two ships\n"
        "with grain and medicine can be unloaded by the Red Cross\n"
        "and their crews relieved. Officials of both sides signed\n"
        "the paper in a tent beside the airport road after a long\n"
        "night of talks.\n"
        "\n"
        "It was the third such paper this year, and the first one\n"
        "to name the roads that each side will leave to the lorry\n"
        "drivers.\n"
    )
    assert is_hard_wrapped(text)
    found = sentences(text)
    assert len(found) == 3
    assert found[0].startswith("The government") and found[0].endswith("crews relieved.")


@given(st.text(max_size=3_000))
def test_spans_are_ordered_trimmed_and_inside(text: str) -> None:
    """For any text: ascending, disjoint, not empty, no blank edge, never longer than the limit."""
    end = 0
    for span in split_sentences(text):
        assert end <= span.start < span.end <= len(text)
        piece = text[span.start : span.end]
        assert piece == piece.strip()
        assert len(piece) <= MAX_SENTENCE_CHARS
        end = span.end


@pytest.mark.parametrize(
    "text",
    ["x" * 900_000, "a. " * 100_000, "\n" * 1_000_000, "word " * 200_000, "A.B. " * 200_000, "a.\n" * 300_000],
    ids=["one word", "one-letter sentences", "newlines", "no full stop", "initials", "one-letter lines"],
)
def test_hostile_input_is_bounded(text: str) -> None:
    """No input takes long or yields an endless list."""
    started = time.perf_counter()
    spans = split_sentences(text)
    assert time.perf_counter() - started < 1.0
    assert len(spans) <= MAX_SENTENCES
