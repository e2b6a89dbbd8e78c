"""Two models are compared on the same articles; a difference that is chance is not called one."""

from dataclasses import replace

import numpy as np
import pytest

from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.judging.comparison import cohens_kappa, compare, deltas
from detector.core.judging.correctness import judge
from detector.core.judging.frame import align
from tests.unit.core.judging.frames import answers, articles, labels


def test_alerts_are_gained_lost_and_changed() -> None:
    frame = articles(4)
    first = answers(
        frame, {(0, "ceasefire"): (0.9, "agreed"), (1, "atrocity"): (0.9, "alleged"), (2, "solidarity"): (0.9, "held")}
    )
    second = answers(
        frame,
        {(0, "ceasefire"): (0.9, "violated"), (2, "solidarity"): (0.7, "held"), (3, "atrocity"): (0.9, "alleged")},
    )
    found = compare(first, second)
    assert (found.gained, found.lost, found.changed) == (((3, 2),), ((1, 2),), ((0, 0),))
    assert found.agreement == 0.5
    assert found.kappa[EventType.SOLIDARITY] == 1.0
    assert found.kappa[EventType.EVACUATION] is None


def test_another_country_is_a_change_whatever_the_numbering() -> None:
    frame = articles(1)
    first = answers(frame, {(0, "ceasefire"): (0.9, "agreed")})
    same = replace(first, country_names=["FR", "SY"], countries=np.where(first.fired, 1, -1).astype(np.int32))
    moved = replace(same, countries=np.where(first.fired, 0, -1).astype(np.int32))
    assert compare(first, same).changed == ()
    assert compare(first, moved).changed == ((0, 0),)


def test_a_what_if_changes_the_types_whose_threshold_moved() -> None:
    """What newly fires has no status and no country, and that is no change of either."""
    frame = articles(2)
    first = answers(
        frame, {(0, "ceasefire"): (0.9, "agreed"), (1, "ceasefire"): (0.4, ""), (0, "atrocity"): (0.6, "alleged")}
    )
    thresholds = {**first.thresholds, EventType.CEASEFIRE: 0.3, EventType.ATROCITY: 0.7}
    second = first.at("what if", thresholds)
    found = compare(first, second)
    assert (found.gained, found.lost, found.changed) == (((1, 0),), ((0, 2),), ())
    assert second.alerted[1, 0] and not second.alerted[0, 2]
    assert second.statuses[1, 0] == -1 and second.countries[1, 0] == -1


def test_a_difference_has_an_interval_and_a_chance() -> None:
    """Forty articles: one model finds all, the other half; the first against itself differs by nothing."""
    frame = articles(40)
    wanted = labels({f"a{n}": {"ceasefire": "agreed"} if n % 2 else {} for n in range(40)})
    good = answers(frame, {(n, "ceasefire"): (0.9, "agreed") for n in range(1, 40, 2)})
    poor = answers(frame, {(n, "ceasefire"): (0.9, "agreed") for n in range(1, 40, 4)})
    _, values = judge([poor, good, good], align(wanted, frame), 1.0)
    better = deltas(values[0][1], values[1][1])["ceasefire"]["recall"]
    assert better.value == 0.5 and 0 < better.low <= better.value <= better.high
    assert better.p < 0.01
    same = deltas(values[1][1], values[2][1])["macro"]["f1"]
    assert (same.value, same.low, same.high, same.p) == (0.0, 0.0, 0.0, 1.0)


def test_kappa_is_agreement_beyond_chance() -> None:
    first, second = np.array([True, True, False, False]), np.array([True, False, False, False])
    assert cohens_kappa(first, second) == pytest.approx(0.5)
    assert cohens_kappa(first, first) == 1.0
    assert cohens_kappa(np.zeros(3, dtype=np.bool_), np.zeros(3, dtype=np.bool_)) is None
    assert cohens_kappa(first[:0], second[:0]) is None
    assert len(EVENT_TYPES) == 4
