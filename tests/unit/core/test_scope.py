"""Words that a negation or condition rules, and triggers in another world, are marked: other words to the model."""

import pytest

from detector.core.features import TRIGGERS, describe, sentence_features
from detector.core.scope import RULED, marked
from detector.core.tokens import words


def marks_of(sentence: str) -> dict[str, str]:
    """The marks of a sentence's triggers, by word."""
    found = words(sentence)
    triggers = [place for place, word in enumerate(found) if word in TRIGGERS]
    return {found[place]: mark for place, mark in marked(found, triggers).items() if place in triggers}


@pytest.mark.parametrize(
    ("sentence", "marks"),
    [
        ("No truce was discussed in Nairobi.", {"truce": "not"}),
        ("The sides didn't agree a cease-fire.", {"ceasefire": "not"}),
        ("A truce was never declared.", {"truce": "not"}),
        ("Aid cannot come until the truce holds.", {}),
        ("It would not rain, but a truce was declared.", {}),
        ("A truce was declared on Friday.", {}),
        ("The film shows a massacre.", {"massacre": "screen"}),
        ("A truce in the tariff dispute lifted stocks.", {"truce": "other"}),
        ("The novel does not mention the genocide.", {"genocide": "screen"}),
        ("The film was long.", {}),
    ],
)
def test_marks(sentence: str, marks: dict[str, str]) -> None:
    """A new clause or a condition shields a trigger from a negation; a film or market word reaches the whole sentence."""
    assert marks_of(sentence) == marks


@pytest.mark.parametrize(
    ("sentence", "marks"),
    [
        ("The army has no plans to shell the town.", {"plans": "not", "shell": "not", "town": "not"}),
        ("Would they move families, or wait because of rain?", {"move": "if", "families": "if", "wait": "if"}),
        (
            "If no truce is signed, the war goes on.",
            {"no": "if", "truce": "not", "signed": "if", "war": "if", "goes": "if"},
        ),
        ("The army has plans to shell the town.", {}),
        ("Nobody came because the guards killed him.", {"came": "not"}),
    ],
)
def test_a_negation_or_condition_rules_its_clause(sentence: str, marks: dict[str, str]) -> None:
    """Every telling word behind it is marked, up to the next clause or `RULED` words; a trigger's own negation is nearer."""
    found = words(sentence)
    triggers = [place for place, word in enumerate(found) if word in TRIGGERS]
    assert {found[place]: mark for place, mark in marked(found, triggers).items()} == marks


def test_a_rule_ends_with_its_reach() -> None:
    """What stands far behind a negation is a matter of its own."""
    found = ["no", *"abcdefgh", "truce"]
    assert max(marked(found, ())) == RULED
    assert len(found) > RULED + 1


def test_a_marked_word_is_another_feature() -> None:
    """In words, pairs and relations alike, and people are told what it means."""
    found, pairs, related, beginnings, _around = sentence_features(words("No truce was declared"))
    assert "not_truce" in found and "truce" not in found
    assert "no not_truce" in pairs
    assert "CEASEFIREnot>declared" in related
    assert "not_decla~" in beginnings
    assert describe("no not_truce") == "no truce [negated]"
    assert describe("CEASEFIREnot>declared") == "(negated ceasefire word) … declared"
    assert describe("decla~") == "decla…"
    assert describe("if_decla~") == "decla… [conditional]"
