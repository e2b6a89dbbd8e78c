"""Two models, or one at two thresholds, on the same articles: what changes, and whether that is more than chance."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.judging.frame import UNKNOWN, Answers, Bools
from detector.core.resampling import METRICS, ROWS, figure_of
from detector.core.vectors import Floats

SIGNIFICANT: Final = 0.05
"""A p value below this is called more than chance."""

Pair = tuple[int, int]
"""A row (article) and a column (type)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """The second model's figure minus the first one's.

    95 % interval and two-sided p from the paired bootstrap: how often resamples of the articles have no such difference.
    """

    value: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What the second model does otherwise than the first.

    `gained` fire in the second alone, `lost` in the first alone, `changed` in both with another status or country.
    `agreement` is the share of articles with the same types, `kappa` Cohen's per type (`None` where it is not defined).
    """

    gained: tuple[Pair, ...]
    lost: tuple[Pair, ...]
    changed: tuple[Pair, ...]
    agreement: float | None
    kappa: Mapping[EventType, float | None]


def compare(first: Answers, second: Answers) -> Comparison:
    """Compare the answers of two models about the same articles."""
    both = first.fired & second.fired
    status = (first.statuses != second.statuses) & (first.statuses != UNKNOWN) & (second.statuses != UNKNOWN)
    changed = both & (status | _moved(first, second))
    same = (first.fired == second.fired).all(axis=1)
    return Comparison(
        gained=_pairs(second.fired & ~first.fired),
        lost=_pairs(first.fired & ~second.fired),
        changed=_pairs(changed),
        agreement=float(same.mean()) if len(same) else None,
        kappa={kind: cohens_kappa(first.fired[:, n], second.fired[:, n]) for n, kind in enumerate(EVENT_TYPES)},
    )


def deltas(first: Floats, second: Floats) -> dict[str, dict[str, Delta]]:
    """Return the differences of `resampled` values that share their resamples, by row and metric."""
    differences = second - first
    return {
        row: {metric: _delta(differences[:, n, m]) for m, metric in enumerate(METRICS)} for n, row in enumerate(ROWS)
    }


def cohens_kappa(first: Bools, second: Bools) -> float | None:
    """Return agreement beyond chance; `None` when both always say the same one thing."""
    if not len(first):
        return None
    one, other = float(first.mean()), float(second.mean())
    chance = one * other + (1 - one) * (1 - other)
    agreed = float((first == second).mean())
    return (agreed - chance) / (1 - chance) if chance < 1 else None


def _delta(values: Floats) -> Delta:
    figure = figure_of(values)
    drawn = values[1:]
    # One is added to either count so that a finite number of resamples never claims certainty (Davison & Hinkley 1997).
    tail = min(int((drawn <= 0).sum()), int((drawn >= 0).sum()))
    return Delta(value=figure.value, low=figure.low, high=figure.high, p=min(1.0, 2 * (tail + 1) / (len(drawn) + 1)))


def _moved(first: Answers, second: Answers) -> Bools:
    """Where the countries differ; each model numbers its countries in its own way."""
    names = sorted({*first.country_names, *second.country_names})
    numbers = {name: number for number, name in enumerate(names)}
    one, other = (
        np.array([*(numbers[name] for name in answers.country_names), UNKNOWN])[answers.countries]
        for answers in (first, second)
    )
    # A what-if that newly fires has no country; that is no change of one.
    statused = (first.statuses != UNKNOWN) & (second.statuses != UNKNOWN)
    moved: Bools = (one != other) & statused
    return moved


def _pairs(where: Bools) -> tuple[Pair, ...]:
    return tuple((int(row), int(column)) for row, column in np.argwhere(where))
