"""Delays are counted from the data's own times; what is unknown or impossible is not averaged in."""

from dataclasses import replace

import numpy as np

from detector.core.eventtypes import EventType
from detector.core.judging.delays import DELAY_EDGES, LiveTimes, delays, event_delays, time_to_detect
from tests.unit.core.judging.frames import HOUR, answers, articles, labels

CEASEFIRE = EventType.CEASEFIRE


def test_a_distribution_leaves_out_unknown_and_negative_delays() -> None:
    found = delays(np.array([np.nan, -5.0, 0.5, 30.0, 30.0, 10 * 86_400.0]))
    assert (found.count, found.unknown, found.before_zero, found.median) == (5, 1, 1, 30.0)
    assert sum(found.histogram) == 4 and len(found.histogram) == len(DELAY_EDGES)
    assert found.histogram[DELAY_EDGES.index(0.5)] == 1 and found.histogram[-1] == 1
    assert delays(np.array([np.nan])).median is None


def test_time_to_detect_counts_from_publication_and_from_arrival() -> None:
    frame = articles(3, hours=[0, 1, None])
    found = time_to_detect(
        answers(frame, {(0, "ceasefire"): (0.9, "agreed"), (1, "atrocity"): (0.9, "alleged")}), frame
    )
    published = found["published_to_alert"]
    assert published and published.median == HOUR / 2
    assert found["ingested_to_alert"] is None and found["ingested_to_detection"] is None


def test_live_times_are_those_from_arrival_on() -> None:
    """A detection that the live topic does not hold is unknown."""
    frame = articles(2)
    live = LiveTimes(detections=np.array([0.1, np.nan]), alerts=np.array([0.3, 0.2]), source="alerts")
    found = time_to_detect(answers(frame, {}), frame, live)
    detected, told = found["ingested_to_detection"], found["ingested_to_alert"]
    assert detected and (detected.count, detected.unknown, detected.median) == (1, 1, 0.1)
    assert told and (told.count, told.median, told.p95) == (2, 0.25, 0.295)


def test_without_arrival_no_delay_is_known() -> None:
    """An archive tells when articles were published alone."""
    frame = replace(articles(1), ingested=np.array([np.nan]))
    found = time_to_detect(answers(frame, {(0, "ceasefire"): (0.9, "agreed")}), frame)
    assert [(delay.count, delay.unknown) for delay in found.values() if delay] == [(0, 1)]


def test_an_event_is_told_with_its_first_alert() -> None:
    """The second of three articles fires: one article before it, two hours after the first one came."""
    frame = articles(4, hours=[5, 1, 3, 9], ids=["late", "first", "second", "other"])
    found = answers(frame, {(0, "ceasefire"): (0.9, "agreed"), (2, "ceasefire"): (0.8, "agreed")})
    member = {"events": {CEASEFIRE: ("e",)}}
    known = labels(
        {name: {"ceasefire": "agreed"} for name in ("late", "first", "second", "other", "elsewhere")},
        late=member,
        first=member,
        second=member,
        other={"events": {CEASEFIRE: ("f",)}},
        elsewhere={"events": {CEASEFIRE: ("g",)}},
    )
    told, silent = event_delays(known, found, frame)
    assert (told.event_id, told.articles, told.first_row, told.alert_row, told.before) == ("e", 3, 1, 2, 1)
    assert (told.arrival_delay, told.publication_delay) == (2 * HOUR, 2 * HOUR)
    assert (silent.event_id, silent.alert_row, silent.before, silent.arrival_delay) == ("f", None, None, None)


def test_an_event_without_times_is_told_all_the_same() -> None:
    frame = articles(1, hours=[None])
    found = answers(frame, {(0, "ceasefire"): (0.9, "agreed")})
    known = labels({"a0": {"ceasefire": "agreed"}}, a0={"events": {CEASEFIRE: ("e",)}})
    (event,) = event_delays(known, found, frame)
    assert (event.alert_row, event.before, event.arrival_delay, event.publication_delay) == (0, 0, None, None)
