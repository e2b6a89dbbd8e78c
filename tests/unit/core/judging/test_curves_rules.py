"""Curves and sweeps count what fires; rules are read strictly and choose as they say."""

import numpy as np
import pytest

from detector.core.judging.curves import CURVE_POINTS, precision_recall, reliability, sweep
from detector.core.judging.rules import RuleError, choose, parse_choice, parse_rule

TRUTH = np.array([True, False, True, False])
SCORES = np.array([0.9, 0.8, 0.7, 0.1])


def test_the_curve_has_a_point_per_confidence() -> None:
    """Equal confidences fire together."""
    points = precision_recall(np.array([True, False, True]), np.array([0.9, 0.9, 0.5]))
    assert [(p.threshold, p.precision, p.recall) for p in points] == [(0.9, 0.5, 0.5), (0.5, pytest.approx(2 / 3), 1.0)]
    assert precision_recall(np.array([False]), np.array([0.9])) == []


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    scores = np.linspace(0, 1, 5000)
    points = precision_recall(scores > 0.5, scores)
    assert len(points) == CURVE_POINTS
    assert (points[0].threshold, points[-1].threshold) == (1.0, 0.0)


def test_reliability_bins_say_how_sure_and_how_right() -> None:
    bins = reliability(TRUTH, np.array([0.92, 0.98, 0.15, 0.11]))
    assert [(b.articles, round(b.confidence, 3), b.frequency) for b in bins] == [(2, 0.13, 0.5), (2, 0.95, 0.5)]


def test_a_sweep_counts_at_or_above_each_threshold() -> None:
    """Fires of all articles, the rest of the judged ones; the threshold in force has a point of its own."""
    points = {p.threshold: p for p in sweep(np.append(SCORES, 0.95), 2.0, (TRUTH, SCORES), [0.755])}
    at = points[0.8]
    assert (at.fires, at.alerts_per_day, at.false_alarms, at.false_alarms_per_day) == (3, 1.5, 1, 0.5)
    assert (at.precision, at.recall, at.f1) == (0.5, 0.5, 0.5)
    assert points[0.755].fires == 3
    assert points[0.99].precision is None


def test_a_sweep_without_labels_says_what_fires() -> None:
    point = sweep(SCORES, None, None)[0]
    assert (point.fires, point.alerts_per_day, point.false_alarms, point.recall) == (4, None, None, None)


@pytest.mark.parametrize(
    ("text", "value", "holds"),
    [
        ("macro_f1>=0.85", 0.85, True),
        (" macro_f1 > 0.85 ", 0.85, False),
        ("misses<=3", 3.0, True),
        ("misses<3", 3.0, False),
        ("misses<.5", 0.4, True),
        ("macro_f1>=0", None, False),
    ],
)
def test_a_rule_holds_or_not(text: str, value: float | None, holds: bool) -> None:  # noqa: FBT001 a table's column
    """A figure without a value meets nothing."""
    assert parse_rule(text).holds(value) is holds


@pytest.mark.parametrize(
    "text",
    ["", "macro_f1", "macro_f1=0.8", "macro_f1==0.8", "0.8<macro_f1", "f1>=1e3", "f1>=-1", "__import__('os')>=1"],
)
def test_anything_else_is_no_rule(text: str) -> None:
    with pytest.raises(RuleError, match="is no rule like"):
        parse_rule(text)


def test_an_operating_point_is_chosen_as_the_rule_says() -> None:
    """Highest recall under a rule on alarms or precision, highest precision under one on recall, else highest F1."""
    points = sweep(SCORES, 1.0, (TRUTH, SCORES))
    chosen = {
        text: point and point.threshold
        for text in ("f1", "false_alarms_per_day<=0", "precision>=0.6", "recall>=1", "false_alarms_per_day<=9")
        for point in [choose(points, parse_choice(text))]
    }
    assert chosen == {
        "f1": 0.7,
        "false_alarms_per_day<=0": 0.9,
        "precision>=0.6": 0.7,
        "recall>=1": 0.7,
        "false_alarms_per_day<=9": 0.7,
    }
    assert choose(points, parse_choice("precision>1")) is None


def test_without_labels_a_choice_is_by_alerts_alone() -> None:
    points = sweep(SCORES, 1.0, None)
    point = choose(points, parse_choice("alerts_per_day<=2"))
    assert point is not None and point.threshold == 0.71
    assert choose(points, parse_choice("f1")) is None
    with pytest.raises(RuleError, match="not by misses"):
        parse_choice("misses<=1")
