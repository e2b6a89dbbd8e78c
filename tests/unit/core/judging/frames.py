"""Small frames, written out by hand."""

from collections.abc import Mapping, Sequence

import numpy as np

from detector.core.eventtypes import ALL_STATUSES, EVENT_TYPES
from detector.core.judging.frame import UNKNOWN, Answers, Articles
from detector.core.judging.labels import ArticleLabels

HOUR = 3600.0


def articles(count: int, *, hours: Sequence[float | None] | None = None, ids: Sequence[str] | None = None) -> Articles:
    """Articles a0, a1 and so on, an hour apart, published half an hour before they arrived."""
    arrived = np.array([np.nan if hour is None else hour * HOUR for hour in (hours or range(count))], dtype=np.float64)
    return Articles(
        ids=ids or [f"a{n}" for n in range(count)],
        published=arrived - HOUR / 2,
        ingested=arrived,
        outlets=np.zeros(count, dtype=np.int32),
        outlet_names=["Wire"],
        chars=np.full(count, 1000, dtype=np.int32),
        words=np.full(count, 100, dtype=np.int32),
        known_words=np.full(count, 96, dtype=np.int32),
    )


def answers(frame: Articles, found: Mapping[tuple[int, str], tuple[float, str]], *, threshold: float = 0.5) -> Answers:
    """What a model says: confidence and status for some (row, type), 0.1 for the others."""
    shape = (len(frame), len(EVENT_TYPES))
    scores, statuses = np.full(shape, 0.1), np.full(shape, UNKNOWN, dtype=np.int32)
    for (row, kind), (confidence, status) in found.items():
        column = [one.value for one in EVENT_TYPES].index(kind)
        scores[row, column] = confidence
        if confidence >= threshold:
            statuses[row, column] = ALL_STATUSES.index(status)
    fired = scores >= threshold
    return Answers(
        name="model",
        digest="0123456789abcdef",
        thresholds=dict.fromkeys(EVENT_TYPES, threshold),
        scores=scores,
        fired=fired,
        statuses=statuses,
        countries=np.where(fired, 0, UNKNOWN).astype(np.int32),
        country_names=["SY"],
        alerted=fired,
    )


def labels(found: Mapping[str, Mapping[str, str | None]], **more: Mapping[str, object]) -> dict[str, ArticleLabels]:
    """Labels by article id; `more` holds further fields by article id."""
    return {
        article_id: ArticleLabels(
            article_id=article_id,
            statuses={kind: statuses[kind.value] for kind in EVENT_TYPES if kind.value in statuses},
            **more.get(article_id, {}),  # type: ignore[arg-type]  # fields by name
        )
        for article_id, statuses in found.items()
    }
