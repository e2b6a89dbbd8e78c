"""An alert in the terminal: who, what, where, how sure, and the sentence it rests on; nothing that text can forge."""

from dataclasses import replace

import pytest
from rich.console import Console

from detector.cli.alert_view import alert_block, alert_line, place_words
from detector.core.records import Place, Reason
from detector.core.telling import telling_phrases
from tests.support.records import DETECTION, alert_for

ALERT = alert_for(DETECTION)


def block(alert: object) -> str:
    """Render the block as a terminal of 120 columns shows it, without colours."""
    console = Console(width=120, color_system=None, force_terminal=True)
    with console.capture() as capture:
        console.print(alert)
    return capture.get()


def test_the_line_has_ten_columns() -> None:
    assert alert_line(ALERT).split("\t") == [
        "2016-12-15T12:00Z",
        "ceasefire",
        "in_force",
        "0.90",
        "Aleppo, SY",
        "Northern Wire",
        f"{ALERT.event_id[:8]}#0",
        "alert",
        "-",
        "The truce holds.",
    ]


def test_no_text_can_add_a_column_a_line_or_an_escape() -> None:
    evidence = replace(ALERT.evidence[0], outlet="a\tb", sentence="one\ntwo\x1b[2J")
    line = alert_line(replace(ALERT, evidence=(evidence,)))
    assert line.split("\t")[5::4] == ["a b", r"one two\x1b[2J"]
    assert "\n" not in line


def test_the_block_shows_everything_that_matters() -> None:
    shown = block(alert_block(ALERT))
    for part in (
        "2016-12-15 12:00",
        "CEASEFIRE",
        "in force",
        "0.90",
        "Aleppo, SY",
        "Northern Wire",
        "The truce holds.",
    ):
        assert part in shown


def test_no_text_can_forge_the_block() -> None:
    evidence = replace(ALERT.evidence[0], outlet="\x1b[31mWire\u202e", sentence="[bold]\x1b]0;x\x07truce")
    place = Place(name="Al\x1beppo", country="SY", lat=0, lon=0, precision="city")
    shown = block(alert_block(replace(ALERT, evidence=(evidence,), place=place)))
    for forged in ("\x1b[31m", "\x1b]", "\x07", "\u202e", "Al\x1b"):
        assert forged not in shown
    assert "[bold]" in shown


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (None, "place unknown"),
        (Place(name="Aleppo", country="SY", lat=0, lon=0, precision="city"), "Aleppo, SY"),
        (Place(name="Syria", country="SY", lat=0, lon=0, precision="country"), "Syria (SY)"),
    ],
)
def test_the_place_is_named_or_said_to_be_unknown(place: Place | None, words: str) -> None:
    assert place_words(place) == words


def test_telling_phrases_are_words_of_the_evidence_that_speak_for_it() -> None:
    """Not those against it, nor what is not in the sentence; longer phrases first."""
    why = (
        Reason(feature="truce", weight=1.0),
        Reason(feature="the truce holds", weight=0.5),
        Reason(feature="denied", weight=-1.0),
        Reason(feature="title: truce", weight=2.0),
    )
    assert telling_phrases(why) == ["the truce holds", "truce"]
