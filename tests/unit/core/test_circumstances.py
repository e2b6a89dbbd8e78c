"""Circumstances tell apart sentences that share nearly all their words."""

import pytest

from detector.core.circumstances import circumstances
from detector.core.features import TRIGGERS
from detector.core.tokens import words


def circumstances_of(sentence: str) -> set[str]:
    """The circumstances of a sentence's triggers."""
    found = words(sentence)
    return set(circumstances(found, {n: TRIGGERS[word] for n, word in enumerate(found) if word in TRIGGERS}))


@pytest.mark.parametrize(
    ("sentence", "there", "absent"),
    [
        ("Troops killed 40 villagers in their homes.", "KILLING&armed&civil&toll", "KILLING!civil"),
        ("Troops killed 40 rebels in the hills.", "KILLING&fighter!civil", "KILLING&armed&civil&toll"),
        ("An avalanche killed 40 villagers.", "KILLING&accident!armed", "KILLING&armed"),
        ("Troops killed two villagers.", "KILLING!toll", "KILLING&toll"),
        ("The army declared a truce on Friday.", "CEASEFIRE&now", "CEASEFIRE!armed"),
        ("The two brothers declared a truce.", "CEASEFIRE!armed!authority", "CEASEFIRE&armed"),
        ("The army declared a truce in 1974.", "CEASEFIRE&year!now", "CEASEFIRE&now"),
        ("The hospital was evacuated because of the fire.", "EVACUATION&danger", "EVACUATION!danger"),
        ("Thousands rallied for the victims of the flood.", "SUPPORT&victim", "SUPPORT!victim"),
        ("Thousands rallied for lower taxes on diesel.", "SUPPORT&politics", "SUPPORT&victim"),
        ("No truce was mentioned.", "CEASEFIRE&negation", "CEASEFIRE&condition"),
    ],
)
def test_circumstances(sentence: str, there: str, absent: str) -> None:
    """Who, whom, how many and when, tied to the kind of trigger; what is missing counts too."""
    found = circumstances_of(sentence)
    assert there in found
    assert absent not in found


def test_a_distant_negation_is_no_circumstance() -> None:
    """It is about something else; a film word colours the sentence from anywhere."""
    sentence = "No one in the old hotel by the river slept that night, guests said, and a truce was declared in the {}."
    assert "CEASEFIRE&negation" not in circumstances_of(sentence.format("morning"))
    assert "CEASEFIRE&screen" in circumstances_of(sentence.format("film"))


def test_sentences_without_a_trigger_have_none() -> None:
    """Class words alone say nothing."""
    assert circumstances_of("Troops and villagers met in the market.") == set()
