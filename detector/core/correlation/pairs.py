"""Compares every two of many detections of one key at once: what `relation` says of a pair, in array passes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from detector.core.correlation.relation import FIGURE, MOST_FIGURES, OTHER_TOLL, in_two_towns
from detector.core.correlation.rules import TypeRules
from detector.core.correlation.support import Support
from detector.core.correlation.terms import BUCKETS
from detector.core.correlation.vector import Vector, all_rounded
from detector.core.eventtypes import EventType


def alike_pairs(supports: Sequence[Support], rules: TypeRules) -> list[tuple[int, int]]:
    """Return the pairs (numbers, the smaller first) that are alike and may be one event, the most alike first.

    Ties are broken by article ids.
    """
    if not supports:
        return []
    dots = _products([item.vector for item in supports])
    scores = _scores(dots, supports)
    fit = np.triu(dots > 0, 1) & (scores >= rules.alike) & _near(supports, rules) & ~_far(supports, rules)
    one, other = np.nonzero(fit)
    names = sorted({item.article_id for item in supports})
    rank = {name: number for number, name in enumerate(names)}
    ranks = np.array([rank[item.article_id] for item in supports], dtype=np.intp)
    order = np.lexsort((ranks[other], ranks[one], -scores[one, other]))
    return list(zip(one[order].tolist(), other[order].tolist(), strict=True))


def _scores(dots: NDArray[np.float64], supports: Sequence[Support]) -> NDArray[np.float64]:
    squares = np.array([item.vector.square for item in supports], dtype=np.float64)
    lengths = np.sqrt(np.outer(squares, squares))
    cosines = all_rounded(np.divide(dots, lengths, out=np.zeros_like(lengths), where=lengths > 0))
    shared = _shared_figures(supports)
    more = all_rounded(np.minimum(1.0, cosines + FIGURE * np.minimum(MOST_FIGURES, shared)))
    tolls = np.array([bool(item.dead) and item.detection.type is EventType.ATROCITY for item in supports])
    less = np.where(np.outer(tolls, tolls), all_rounded(np.maximum(0.0, cosines - OTHER_TOLL)), cosines)
    return np.where(shared > 0, more, less)


def _shared_figures(supports: Sequence[Support]) -> NDArray[np.float64]:
    number: dict[tuple[str, int], int] = {}
    columns = [[number.setdefault(figure, len(number)) for figure in item.figures] for item in supports]
    stated = np.zeros((len(supports), len(number)))
    for row, places in enumerate(columns):
        stated[row, places] = 1
    shared: NDArray[np.float64] = stated @ stated.T
    return shared


def _near(supports: Sequence[Support], rules: TypeRules) -> NDArray[np.bool_]:
    """Tell which are near in time; undated ones are near to all."""
    dated = np.array([item.day is not None for item in supports])
    days = np.array([item.day or 0 for item in supports])
    between = np.abs(days[:, None] - days[None, :])
    near: NDArray[np.bool_] = (between <= min(rules.gap, rules.span).days) | ~np.outer(dated, dated)
    return near


def _far(supports: Sequence[Support], rules: TypeRules) -> NDArray[np.bool_]:
    """Tell which are in two towns, each pair of towns looked at once."""
    places = [item.detection.place for item in supports]
    names = [(place.lat, place.lon) if place and place.precision == "city" else None for place in places]
    towns = dict(zip(names, places, strict=True))
    number = {name: row for row, name in enumerate(towns)}
    far = np.array([[in_two_towns(a, b, rules.far_km) for b in towns.values()] for a in towns.values()])
    rows = [number[name] for name in names]
    apart: NDArray[np.bool_] = far[np.ix_(rows, rows)]
    return apart


def _products(vectors: Sequence[Vector]) -> NDArray[np.float64]:
    """Return the inner product of every two vectors; exact, as the weights are whole and small."""
    ends = np.cumsum([0, *(len(vector.buckets) for vector in vectors)])
    buckets = np.frombuffer(b"".join(vector.buckets for vector in vectors), dtype=np.uint16)
    weights = np.frombuffer(b"".join(vector.weights for vector in vectors), dtype=np.uint16)
    rows = csr_matrix((weights.astype(np.float64), buckets.astype(np.int32), ends), shape=(len(vectors), BUCKETS))
    products: NDArray[np.float64] = (rows @ rows.T).toarray()
    return products
