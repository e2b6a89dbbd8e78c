"""The index is nothing for equal distributions and grows as they part; live and afterwards give the same figures."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from detector.core.eventtypes import EVENT_TYPES
from detector.core.judging.drift import (
    FEATURES,
    DriftMonitor,
    DriftReference,
    chance_index,
    daily_drift,
    histograms,
    reference_from_json,
    reference_to_json,
    run_histograms,
    stability_index,
)
from detector.core.judging.frame import Bools, Codes
from detector.core.vectors import Floats
from tests.unit.core.judging.frames import answers, articles

Batch = tuple[Floats, Bools, Codes, Codes, Codes]
COUNTS = arrays(np.float64, 10, elements=st.integers(0, 1000).map(float))


@given(COUNTS, COUNTS)
def test_the_index_is_symmetric_and_never_negative(first: Floats, second: Floats) -> None:
    assert stability_index(first, first) == 0
    assert stability_index(first, second) == pytest.approx(stability_index(second, first))
    assert stability_index(first, second) >= 0


def test_the_index_is_that_of_its_definition() -> None:
    """Halves against a quarter and three quarters, large enough for the smoothing not to matter."""
    value = stability_index(np.array([5e6, 5e6]), np.array([2.5e6, 7.5e6]))
    assert value == pytest.approx(0.25 * np.log(3), rel=1e-5)


def test_chance_alone_gives_about_the_index_expected_of_it() -> None:
    """Two samples of one distribution, many times: the mean index is that of `chance_index`."""
    random = np.random.default_rng(7)
    shares = np.full(10, 0.1)
    pairs = [
        (random.multinomial(2000, shares).astype(float), random.multinomial(500, shares).astype(float))
        for _ in range(300)
    ]
    mean = float(np.mean([stability_index(one, other) for one, other in pairs]))
    assert mean == pytest.approx(chance_index(*pairs[0]), rel=0.15)


def batch(count: int, confidence: float) -> Batch:
    """Articles that are all alike."""
    scores = np.full((count, len(EVENT_TYPES)), confidence)
    chars, words, known = (np.full(count, size, dtype=np.int32) for size in (1000, 100, 96))
    return scores, scores >= 0.5, chars, words, known


def test_a_monitor_shows_a_shift_and_forgets_it() -> None:
    """A window of two periods: quiet news, then a period of alarm, which two quiet periods push out."""
    monitor = DriftMonitor(histograms(*batch(1000, 0.1)), periods=2)
    monitor.observe(*batch(500, 0.1))
    assert max(monitor.figures().values()) < 0.01
    monitor.advance()
    monitor.observe(*batch(500, 0.9))
    assert monitor.articles == 1000
    assert monitor.figures()["atrocity_rate"] > 0.25 and monitor.figures()["atrocity_score"] > 0.25
    assert monitor.figures()["length"] < 0.01
    for _ in range(2):
        monitor.advance()
        monitor.observe(*batch(500, 0.1))
    assert max(monitor.figures().values()) < 0.01
    assert monitor.articles == 1000


def test_live_figures_are_those_of_the_replay() -> None:
    """The same day in batches through the monitor, and at once."""
    frame = articles(20, hours=[n / 10 for n in range(20)])
    said = answers(frame, {(n, "ceasefire"): (0.9, "agreed") for n in range(0, 20, 3)})
    reference = histograms(*batch(300, 0.1))
    (day,) = daily_drift(frame, said, reference)
    monitor = DriftMonitor(reference)
    for rows in (slice(0, 7), slice(7, 20)):
        monitor.observe(
            said.scores[rows], said.fired[rows], frame.chars[rows], frame.words[rows], frame.known_words[rows]
        )
    assert monitor.figures() == pytest.approx(dict(day.index))
    assert day.rates["ceasefire"] == pytest.approx(7 / 20)
    assert (day.coverage, day.chars, day.articles) == (0.96, 1000.0, 20)
    assert not day.telling("vocabulary")


def test_days_are_those_of_the_data_and_undated_articles_are_left_out() -> None:
    frame = articles(4, hours=[23.9, 24.1, None, 80])
    said = answers(frame, {})
    days = daily_drift(frame, said, run_histograms(frame, said, np.arange(4)))
    assert [(day.day, day.articles) for day in days] == [(0, 1), (1, 1), (3, 1)]


def test_a_reference_survives_the_way_through_text() -> None:
    thresholds = {"ceasefire": 0.5, "evacuation": 0.6, "atrocity": 0.7, "solidarity": 0.8}
    reference = DriftReference(
        model="0123456789abcdef",
        thresholds=thresholds,
        description="thirty made-up articles",
        histograms=histograms(*batch(30, 0.2)),
    )
    again = reference_from_json(reference_to_json(reference))
    assert (again.model, again.thresholds, again.description) == (reference.model, thresholds, reference.description)
    assert again.articles == 30
    assert all(np.array_equal(again.histograms[name], reference.histograms[name]) for name in FEATURES)


GOOD = {"schema_version": 1, "model": "a", "description": "b", "thresholds": dict.fromkeys(EVENT_TYPES, 0.5)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "is a JSON object"),
        ("{}", "schema_version is None; this version reads 1"),
        ("x", "Expecting"),
        (json.dumps(GOOD | {"model": 7}), "model: must be a string"),
        (json.dumps(GOOD | {"thresholds": {"atrocity": 0.5}}), "thresholds: must have a number"),
        (json.dumps(GOOD), "histograms: must be an object"),
        (json.dumps(GOOD | {"histograms": {}}), "histograms.ceasefire_score: must be a list of 10"),
        (json.dumps(GOOD | {"histograms": {"ceasefire_score": [1] * 9}}), "ceasefire_score: must be a list of 10"),
    ],
)
def test_a_faulty_reference_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        reference_from_json(text)
