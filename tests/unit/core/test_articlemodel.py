"""Thresholds: the best F1 that keeps false alarms on random news rare."""

import numpy as np

from detector.core.articlemodel import HeldOut, best_thresholds, held_out_figures

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


def test_the_bound_is_met_where_it_costs_least() -> None:
    """A type whose false alarms can be had for nothing leaves the whole bound to the other."""
    drawn = np.ones(2000, dtype=np.bool_)
    easy = np.where(PRESENT, 4.0, SCORES)
    both = HeldOut(
        scores=np.column_stack([SCORES, easy]),
        present=np.column_stack([PRESENT, PRESENT]),
        clear=np.ones((2000, 2), dtype=np.bool_),
        random=drawn,
    )
    (alone,) = best_thresholds(_held_out(drawn), minimum_precision=0.0, false_alarms=3.0)
    hard, spared = best_thresholds(both, minimum_precision=0.0, false_alarms=3.0)
    assert hard == alone
    assert spared > 1.5


def test_figures_tell_wrong_alarms_from_doubtful_ones() -> None:
    """An alarm for a type that the coder left out with doubt is not surely wrong; only random articles count as drawn."""
    present = np.zeros((4, 4), dtype=np.bool_)
    present[0, 0] = True
    clear = np.ones((4, 4), dtype=np.bool_)
    clear[1, 0] = False
    scores = np.full((4, 4), -3.0)
    scores[:, 0] = 2.0
    figures = held_out_figures(
        HeldOut(scores=scores, present=present, clear=clear, random=np.array([True, True, True, False])), np.zeros(4)
    )
    assert figures["random"] == {"articles": 3, "firing": 3, "wrong": 1, "doubtful": 1}
    assert figures["types"]["ceasefire"] == {"precision": round(1 / 3, 4), "recall": 1.0}
