"""The one filter of all subscribers: each field narrows, an empty one does not, and what it cannot mean is refused."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from detector.core.records import Alert, Event
from detector.core.selection import Selection, country_word
from tests.support.records import EVENT, alerts, events


@given(alerts())
def test_an_empty_selection_takes_every_alert(alert: Alert) -> None:
    assert Selection().matches(alert)


@given(events())
def test_a_selection_of_an_events_own_values_takes_it(event: Event) -> None:
    own = Selection.of(
        types=[event.type.value],
        statuses=[event.status],
        certainties=[event.certainty],
        severities=[event.severity or "none"],
        countries=[event.place.country if event.place else "none"],
        min_outlets=event.independent_outlets,
        min_confidence=event.confidence,
    )
    assert own.matches(event)
    assert not replace(own, min_outlets=event.independent_outlets + 1).matches(event)


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        ({"types": ["ceasefire"]}, True),
        ({"types": ["atrocity", "ceasefire"]}, True),
        ({"types": ["atrocity"]}, False),
        ({"statuses": ["in_force"]}, True),
        ({"statuses": ["agreed"]}, False),
        ({"certainties": ["possible"]}, True),
        ({"certainties": ["likely", "observed"]}, False),
        ({"severities": ["minor"]}, True),
        ({"severities": ["none", "extreme"]}, False),
        ({"countries": ["sy"]}, True),
        ({"countries": ["none"]}, False),
        ({"min_outlets": 1}, True),
        ({"min_outlets": 2}, False),
        ({"min_confidence": 0.9}, True),
        ({"min_confidence": 0.91}, False),
        ({"types": ["ceasefire"], "countries": ["YE"]}, False),
    ],
)
def test_each_field_narrows(wanted: dict[str, Any], taken: bool) -> None:  # noqa: FBT001 - a table's column
    assert Selection.of(**wanted).matches(EVENT) is taken


def test_what_is_unknown_has_a_word() -> None:
    """Events without a place, and those whose severity nothing tells, can be asked for."""
    nowhere = replace(EVENT, place=None, place_reason="no place named", severity=None)
    assert Selection.of(countries=["None"], severities=["none"]).matches(nowhere)
    assert not Selection.of(countries=["SY"]).matches(nowhere)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"types": ["war"]}, "types has 'war'; it may be ceasefire, evacuation"),
        ({"statuses": ["over"]}, "statuses has 'over'"),
        ({"certainties": ["sure"]}, "observed, likely, possible"),
        ({"severities": ["bad"]}, "minor, moderate, severe, extreme, none"),
        ({"countries": ["Syria"]}, "'Syria' is no two-letter country code like SY"),
        ({"types": "atrocity"}, "types is a list of words: ['atrocity']"),
        ({"countries": "SY"}, "countries is a list"),
        ({"min_outlets": -1}, "min_outlets is at least 0"),
        ({"min_confidence": 1.1}, "min_confidence from 0 to 1"),
    ],
)
def test_what_cannot_be_meant_is_refused(wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("[", r"\[").replace("]", r"\]")):
        Selection.of(**wanted)


def test_a_country_is_read_in_any_case() -> None:
    assert [country_word(word) for word in ("sy", "SY", "NONE")] == ["SY", "SY", "none"]
