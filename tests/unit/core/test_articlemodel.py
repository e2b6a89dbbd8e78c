"""Thresholds: the best F1 that keeps false alarms on random news rare."""

import numpy as np

from detector.core.articlemodel import HeldOut, best_thresholds

RANDOM = np.random.default_rng(5)
PRESENT = np.repeat([True, False], [200, 1800])
SCORES = np.where(PRESENT, RANDOM.normal(1.0, 1.0, 2000), RANDOM.normal(-1.5, 1.0, 2000))


def _held_out(drawn: np.typing.NDArray[np.bool_]) -> HeldOut:
    return HeldOut(
        scores=SCORES[:, None], present=PRESENT[:, None], clear=np.ones((2000, 1), dtype=np.bool_), random=drawn
    )


def _false_alarms(cut: float) -> float:
    return float(1000 * ((cut <= SCORES) & ~PRESENT).sum() / 2000)


def test_without_random_news_f1_alone_decides() -> None:
    """The threshold lies between the two groups, where both errors are about as many."""
    (cut,) = best_thresholds(_held_out(np.zeros(2000, dtype=np.bool_)), minimum_precision=0.0, false_alarms=1.0)
    assert -0.3 < cut < 1.0
    assert _false_alarms(cut) > 5


def test_false_alarms_on_random_news_are_bounded() -> None:
    """The bound costs recall, but no more than it must."""
    drawn = np.ones(2000, dtype=np.bool_)
    (free,) = best_thresholds(_held_out(drawn), minimum_precision=0.0, false_alarms=1000.0)
    (bound,) = best_thresholds(_held_out(drawn), minimum_precision=0.0, false_alarms=3.0)
    assert bound > free
    assert 0 < _false_alarms(bound) <= 3


def test_precision_has_a_floor() -> None:
    """A floor above that of the best F1 raises the threshold."""
    drawn = np.zeros(2000, dtype=np.bool_)
    (free,) = best_thresholds(_held_out(drawn), minimum_precision=0.0, false_alarms=3.0)
    (strict,) = best_thresholds(_held_out(drawn), minimum_precision=0.97, false_alarms=3.0)
    assert strict > free
