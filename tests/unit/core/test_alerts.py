"""An alert says what its detection says, follows from it alone, and dates itself by the data."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings

from detector.core.eventtypes import EventType
from detector.core.records import Detection
from tests.support.records import DETECTION, NOON, alert_for, detections


@settings(max_examples=50)
@given(detections())
def test_the_same_detection_gives_the_same_alert(detection: Detection) -> None:
    assert alert_for(detection) == alert_for(replace(detection))


def test_the_ids_do_not_depend_on_when_it_was_detected() -> None:
    """A record processed again causes the same alert id, so that subscribers can drop it."""
    later = replace(DETECTION, detected_at=NOON + timedelta(days=1))
    assert alert_for(later).alert_id == alert_for(DETECTION).alert_id
    assert alert_for(later).event_id == alert_for(DETECTION).event_id


def test_another_detection_gets_other_ids() -> None:
    other = alert_for(replace(DETECTION, detection_id="e" * 32))
    assert other.alert_id != alert_for(DETECTION).alert_id
    assert other.event_id != alert_for(DETECTION).event_id


def test_the_alert_carries_whose_sentence_it_rests_on() -> None:
    (evidence,) = alert_for(DETECTION).evidence
    assert (evidence.article_id, evidence.outlet, evidence.url) == ("wire-1", "Northern Wire", "https://news.example/1")
    assert evidence.sentence == "The truce holds."


def test_time_comes_from_the_data_where_it_is_known() -> None:
    """Publication first, then ingestion; the worker's own clock only where nothing else is known."""
    hour = timedelta(hours=1)
    dated = replace(DETECTION, published_at=NOON, ingested_at=NOON + hour, detected_at=NOON + 2 * hour)
    assert alert_for(dated).first_seen == alert_for(dated).last_seen == NOON
    assert alert_for(replace(dated, published_at=None)).first_seen == NOON + hour
    assert alert_for(replace(dated, published_at=None, ingested_at=None)).first_seen == NOON + 2 * hour


def test_only_what_is_confirmed_counts_as_observed() -> None:
    atrocity = replace(DETECTION, type=EventType.ATROCITY)
    assert alert_for(replace(atrocity, status="confirmed")).certainty == "observed"
    assert alert_for(replace(atrocity, status="alleged")).certainty == "possible"


def test_the_headline_names_type_status_and_place() -> None:
    assert alert_for(DETECTION).headline == "Ceasefire in force in Aleppo"
    assert alert_for(replace(DETECTION, place=None, place_reason="none named")).headline == "Ceasefire in force"


def test_an_unknown_outlet_counts_as_no_independent_one() -> None:
    assert alert_for(DETECTION).independent_outlets == 1
    assert alert_for(replace(DETECTION, outlet=None, url=None)).independent_outlets == 0
