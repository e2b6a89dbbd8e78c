"""Drift as live metrics: the figures of `detector replay`, over the articles that a worker has just scored.

A worker counts what it scores, and compares the last 24 hours of that with a reference: how the same model answered about
news it was trusted on. Each worker sees its own partitions alone. A figure is shown once so many articles were counted that
chance alone does not reach what is commonly called a shift.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import numpy as np
import structlog

from detector.core.detect import ArticleClassifier
from detector.core.eventtypes import EVENT_TYPES
from detector.core.judging.coverage import Coverage
from detector.core.judging.drift import FEATURES, STABLE, DriftMonitor, DriftReference
from detector.core.records import Article, Classification, ModelInfo
from detector.loading import load_drift_reference
from detector.metrics import Metrics
from detector.settings import Settings
from detector.stream.messages import Outcome

_log = structlog.get_logger(__name__)

_COUNTED_TOGETHER: Final = 256
"""Articles that wait to be counted at once: one by one, counting would cost a tenth of scoring."""
_REFRESH: Final = timedelta(seconds=15)
_PERIOD: Final = timedelta(hours=1)
_PERIODS: Final = 24


def drift_labels(feature: str) -> tuple[str, str]:
    """Return the labels `figure` and `type` of a feature; the type is empty where a figure is of all articles."""
    kind, separator, figure = feature.rpartition("_")
    return (figure, kind) if separator else (feature, "")


class DriftMetrics:
    """Feeds the drift metrics; used by one thread at a time. Memory does not grow with the number of articles.

    Args:
        reference: of the model at work, else `None`: then the metrics stay absent, and the log says why once.
        coverage: the words that the model knows.
        model: the model at work.
        thresholds: those in force, by type; the rate of a type whose reference had another one stays absent.
        metrics: where the figures go.
        clock: seconds that only rise.
    """

    def __init__(
        self,
        reference: DriftReference | None,
        coverage: Coverage,
        *,
        model: ModelInfo,
        thresholds: dict[str, float],
        metrics: Metrics,
        clock: Callable[[], float],
    ) -> None:
        self._coverage = coverage
        self._metrics = metrics
        self._clock = clock
        self._waiting: list[tuple[Article, Classification]] = []
        self._refreshed = self._period_began = clock()
        self._monitor: DriftMonitor | None = None
        self._shown: list[str] = []
        if reference is None or reference.model != model.digest:
            made_for = f"the reference is of model {reference.model}" if reference else "there is no reference"
            _log.warning("no drift metrics", model=model.digest, reason=made_for, remedy="detector reports reference")
            return
        self._monitor = DriftMonitor(reference.histograms, periods=_PERIODS)
        moved = {f"{kind}_rate" for kind, value in reference.thresholds.items() if thresholds.get(kind) != value}
        if moved:
            _log.warning("no drift metrics of some rates: other thresholds than in the reference", rates=sorted(moved))
        self._shown = [name for name in FEATURES if name not in moved]

    def observe(self, outcomes: Sequence[Outcome]) -> None:
        """Count the articles of a batch; costs next to nothing without a reference."""
        if self._monitor is None:
            return
        self._waiting += [(one.article, one.classification) for one in outcomes if one.article and one.classification]
        now = self._clock()
        due = now - self._refreshed >= _REFRESH.total_seconds()
        if self._waiting and (due or len(self._waiting) >= _COUNTED_TOGETHER):
            self._count(self._monitor)
        if due:
            self._refresh(self._monitor, now)

    def _count(self, monitor: DriftMonitor) -> None:
        waiting, self._waiting = self._waiting, []
        count = self._coverage.count
        words = np.array([count(article) for article, _ in waiting], dtype=np.int32)
        # A classifier gives its scores in one order; looking each type up would cost more than all else here.
        order = [list(waiting[0][1].scores).index(kind) for kind in EVENT_TYPES]
        scores = np.array([[*said.scores.values()] for _, said in waiting])[:, order]
        fired = np.zeros(scores.shape, dtype=np.bool_)
        for row, (_, said) in enumerate(waiting):
            for finding in said.findings:
                fired[row, EVENT_TYPES.index(finding.type)] = True
        chars = np.array([len(article.text) for article, _ in waiting], dtype=np.int32)
        monitor.observe(scores, fired, chars, words[:, 0], words[:, 1])

    def _refresh(self, monitor: DriftMonitor, now: float) -> None:
        self._refreshed = now
        indices, chances = monitor.figures(), monitor.chances()
        self._metrics.drift_articles.set(monitor.articles)
        for name in self._shown:
            labels = drift_labels(name)
            if chances[name] < STABLE:
                self._metrics.drift_psi.labels(*labels).set(indices[name])
            else:
                self._metrics.drift_psi.remove(*labels)
        while now - self._period_began >= _PERIOD.total_seconds():
            monitor.advance()
            self._period_began += _PERIOD.total_seconds()


def drift_metrics(
    settings: Settings, classifier: ArticleClassifier, metrics: Metrics, clock: Callable[[], float]
) -> DriftMetrics:
    """Return the drift metrics of the model at work; raises `SettingsError` for a reference file that cannot be used."""
    reference = load_drift_reference(settings.drift.reference_file)
    known = classifier.features if reference and reference.model == classifier.info.digest else ()
    thresholds = {kind.value: threshold for kind, threshold in classifier.thresholds.items()}
    return DriftMetrics(
        reference, Coverage(known), model=classifier.info, thresholds=thresholds, metrics=metrics, clock=clock
    )
