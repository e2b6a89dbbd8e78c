"""Whether the news has changed since the model was trusted: distributions against those of a reference period.

The population stability index sums (p - q) ln(p / q) over the bins of a distribution; below 0.1 is commonly read as stable,
above 0.25 as a shift. The same figures serve a finished run, day by day, and a live worker, in a sliding window.
"""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from detector.core.eventtypes import EVENT_TYPES
from detector.core.judging.frame import DAY, Answers, Articles, Bools, Codes
from detector.core.vectors import Floats

STABLE: Final = 0.1
SHIFTED: Final = 0.25
SCORE_EDGES: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 0.9)
COVERAGE_EDGES: Final = (0.5, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.99)
LENGTH_EDGES: Final = (150, 300, 600, 1200, 2000, 3000, 4500, 6000, 12_000)
"""Inner edges of the bins: of confidences, of the share of words that the model knows, and of characters an article."""

REFERENCE_VERSION: Final = 1

SMOOTHING: Final = 0.5
"""Added to each bin, so that an empty one gives no infinite index."""

FEATURES: Final[Mapping[str, int]] = {
    **{f"{kind.value}_score": len(SCORE_EDGES) + 1 for kind in EVENT_TYPES},
    **{f"{kind.value}_rate": 2 for kind in EVENT_TYPES},
    "vocabulary": len(COVERAGE_EDGES) + 1,
    "length": len(LENGTH_EDGES) + 1,
}
"""What is watched, and how many bins each has."""

Histograms = Mapping[str, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftDay:
    """One day (UTC, epoch days) against the reference; `chance` is the index to expect of a day that has not changed."""

    day: int
    articles: int
    index: Mapping[str, float]
    chance: Mapping[str, float]
    rates: Mapping[str, float]
    """Share of articles in which each type fires."""

    coverage: float | None
    chars: float
    """Mean share of known words, and mean characters an article."""

    def telling(self, feature: str) -> bool:
        """Tell whether the day has enough articles that an index of `STABLE` is more than chance."""
        return self.chance[feature] < STABLE


def histograms(scores: Floats, fired: Bools, chars: Codes, words: Codes, known_words: Codes) -> dict[str, Floats]:
    """Count articles in the bins of every feature; `scores` and `fired` are (articles, types)."""
    counted = words > 0
    coverage = known_words[counted] / words[counted]
    found = {"vocabulary": _binned(coverage, COVERAGE_EDGES), "length": _binned(chars, LENGTH_EDGES)}
    for column, kind in enumerate(EVENT_TYPES):
        found[f"{kind.value}_score"] = _binned(scores[:, column], SCORE_EDGES)
        fires = float(fired[:, column].sum())
        found[f"{kind.value}_rate"] = np.array([len(fired) - fires, fires])
    return {name: found[name] for name in FEATURES}


def stability_index(reference: Floats, current: Floats) -> float:
    """Return the population stability index of two histograms with the same bins."""
    old, new = ((counts + SMOOTHING) / (counts + SMOOTHING).sum() for counts in (reference, current))
    return float(((new - old) * np.log(new / old)).sum())


def chance_index(reference: Floats, current: Floats) -> float:
    """Return about what the index is when nothing has changed: (bins - 1)(1/n + 1/m), more for few articles."""
    sizes = max(float(reference.sum()), 1.0), max(float(current.sum()), 1.0)
    return (len(reference) - 1) * (1 / sizes[0] + 1 / sizes[1])


def daily_drift(articles: Articles, answers: Answers, reference: Histograms) -> list[DriftDay]:
    """Return the drift of each day that has articles, in order; articles without a time are left out."""
    times = articles.times
    dated = np.flatnonzero(~np.isnan(times))
    days = (times[dated] // DAY).astype(np.int64)
    order = np.argsort(days, kind="stable")
    found = []
    for rows in np.split(dated[order], np.flatnonzero(np.diff(days[order])) + 1):
        if not len(rows):
            continue
        current = run_histograms(articles, answers, rows)
        words, known = articles.words[rows], articles.known_words[rows]
        found.append(
            DriftDay(
                day=int(times[rows[0]] // DAY),
                articles=len(rows),
                index={name: stability_index(reference[name], current[name]) for name in FEATURES},
                chance={name: chance_index(reference[name], current[name]) for name in FEATURES},
                rates={kind.value: float(answers.fired[rows, n].mean()) for n, kind in enumerate(EVENT_TYPES)},
                coverage=float(known.sum() / words.sum()) if words.sum() else None,
                chars=float(articles.chars[rows].mean()),
            )
        )
    return found


def run_histograms(articles: Articles, answers: Answers, rows: "np.typing.NDArray[np.int64]") -> dict[str, Floats]:
    """Count some articles of a run."""
    sizes = articles.chars[rows], articles.words[rows], articles.known_words[rows]
    return histograms(answers.scores[rows], answers.fired[rows], *sizes)


class DriftMonitor:
    """Watches a live stream: the last `periods` periods against a reference. Not safe to share between threads.

    The owner calls `observe` with each batch and `advance` when a period (an hour, say) is over; nothing here reads a clock.
    Memory does not grow with the number of articles.
    """

    def __init__(self, reference: Histograms, *, periods: int = 24) -> None:
        self._reference = reference
        self._window: deque[dict[str, Floats]] = deque([_empty()], maxlen=periods)

    def observe(self, scores: Floats, fired: Bools, chars: Codes, words: Codes, known_words: Codes) -> None:
        """Count a batch into the running period."""
        counted = histograms(scores, fired, chars, words, known_words)
        self._window[-1] = {name: self._window[-1][name] + counted[name] for name in FEATURES}

    def advance(self) -> None:
        """Begin a new period; the oldest one is forgotten once the window is full."""
        self._window.append(_empty())

    @property
    def articles(self) -> int:
        """How many articles the window holds."""
        return int(sum(period["length"].sum() for period in self._window))

    def figures(self) -> dict[str, float]:
        """Return the index of each feature over the window."""
        totals = self._totals()
        return {name: stability_index(self._reference[name], totals[name]) for name in FEATURES}

    def chances(self) -> dict[str, float]:
        """Return the index to expect of each feature when nothing has changed: more for few articles."""
        totals = self._totals()
        return {name: chance_index(self._reference[name], totals[name]) for name in FEATURES}

    def _totals(self) -> Histograms:
        return {name: np.sum([period[name] for period in self._window], axis=0) for name in FEATURES}


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftReference:
    """What a model's answers are compared with while it is at work: how it answered about news it was trusted on."""

    model: str
    """Digest of the model; the answers of another one have no reference in it."""

    thresholds: Mapping[str, float]
    """By type; the rate of a type is comparable only at the same one."""

    description: str
    """Which articles, for people."""

    histograms: Histograms

    @property
    def articles(self) -> int:
        """How many articles were counted."""
        return int(self.histograms["length"].sum())


def reference_to_json(reference: DriftReference) -> str:
    """Write a reference for a file: counts alone, nothing of any text."""
    content = {
        "schema_version": REFERENCE_VERSION,
        "model": reference.model,
        "thresholds": dict(reference.thresholds),
        "description": reference.description,
        "histograms": {name: [int(count) for count in reference.histograms[name]] for name in FEATURES},
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def reference_from_json(text: str) -> DriftReference:
    """Read a reference; raises `ValueError` that names the field at fault."""
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("a drift reference is a JSON object")  # noqa: TRY004 - a fault of the text
    if found.get("schema_version") != REFERENCE_VERSION:
        message = f"schema_version is {found.get('schema_version')}; this version reads {REFERENCE_VERSION}"
        raise ValueError(message)
    for name in ("model", "description"):
        if not isinstance(found.get(name), str):
            message = f"{name}: must be a string"
            raise ValueError(message)  # noqa: TRY004 - a fault of the text
    thresholds, histograms = found.get("thresholds"), found.get("histograms")
    if not isinstance(thresholds, dict) or any(
        type(thresholds.get(kind.value)) not in (int, float) for kind in EVENT_TYPES
    ):
        raise ValueError("thresholds: must have a number for each type")
    if not isinstance(histograms, dict):
        raise ValueError("histograms: must be an object of figure to counts")  # noqa: TRY004 - a fault of the text
    for name, bins in FEATURES.items():
        counts = histograms.get(name)
        if not isinstance(counts, list) or len(counts) != bins or any(type(n) is not int or n < 0 for n in counts):
            message = f"histograms.{name}: must be a list of {bins} counts"
            raise ValueError(message)
    return DriftReference(
        model=found["model"],
        thresholds={kind.value: float(thresholds[kind.value]) for kind in EVENT_TYPES},
        description=found["description"],
        histograms={name: np.array(histograms[name], dtype=np.float64) for name in FEATURES},
    )


def _binned(values: "np.typing.NDArray[np.float64 | np.int32]", edges: tuple[float, ...]) -> Floats:
    bins = np.searchsorted(edges, values, side="right")
    return np.bincount(bins, minlength=len(edges) + 1).astype(np.float64)


def _empty() -> dict[str, Floats]:
    return {name: np.zeros(bins) for name, bins in FEATURES.items()}
