"""Drift as live metrics: shown when it means something, absent when there is nothing to compare with, and forgotten in time."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.judging.coverage import Coverage
from detector.core.judging.drift import FEATURES, SHIFTED, DriftReference, histograms, reference_to_json
from detector.core.modelfile import digest_of
from detector.core.records import Article, Classification, Evidence, Finding, ModelInfo
from detector.errors import SettingsError
from detector.loading import load_detector, load_drift_reference, read_model
from detector.metrics import Metrics
from detector.settings import DriftSettings, Settings
from detector.stream.drift_metrics import DriftMetrics, drift_labels, drift_metrics
from detector.stream.messages import Outcome

MODEL = ModelInfo(name="m", version="1", digest="0123456789abcdef")
THRESHOLDS = dict.fromkeys((kind.value for kind in EVENT_TYPES), 0.5)
HOUR = 3600.0


def outcomes(count: int, score: float, *, first: int = 0) -> list[Outcome]:
    """Articles of which every tenth has the score for an atrocity, and fires where that reaches the threshold."""
    found = []
    for number in range(first, first + count):
        score_here = score if number % 10 == 0 else 0.005
        evidence = Evidence(field="text", start=0, end=5, sentence="truce", confidence=score_here)
        finding = Finding(
            type=EventType.ATROCITY,
            status="reported",
            confidence=score_here,
            threshold=0.5,
            evidence=(evidence,),
            why=(),
        )
        scores = dict.fromkeys(EVENT_TYPES, 0.005) | {EventType.ATROCITY: score_here}
        said = Classification(scores=scores, findings=(finding,) if score_here >= finding.threshold else ())
        found.append(Outcome(article=Article(id=f"a{number}", text="truce holds " * 60), classification=said))
    return found


def reference_of(said: Sequence[Outcome], model: str = MODEL.digest) -> DriftReference:
    """The reference that the same articles would give in a replay."""
    coverage = Coverage(["truce"])
    words = np.array([coverage.count(one.article) for one in said if one.article], dtype=np.int32)
    scores = np.array([[one.classification.scores[kind] for kind in EVENT_TYPES] for one in said if one.classification])
    chars = np.array([len(one.article.text) for one in said if one.article], dtype=np.int32)
    counted = histograms(scores, scores >= 0.5, chars, words[:, 0], words[:, 1])
    return DriftReference(model=model, thresholds=THRESHOLDS, description="made up", histograms=counted)


class Worker:
    """Drift metrics with a clock that a test moves."""

    def __init__(self, reference: DriftReference | None, thresholds: dict[str, float] = THRESHOLDS) -> None:
        self.now = 0.0
        self.metrics = Metrics()
        self.drift = DriftMetrics(
            reference,
            Coverage(["truce"]),
            model=MODEL,
            thresholds=thresholds,
            metrics=self.metrics,
            clock=lambda: self.now,
        )

    def see(self, said: Sequence[Outcome], *, seconds: float = 60.0) -> None:
        """Let a worker score something in batches, and time pass."""
        for first in range(0, len(said), 64):
            self.drift.observe(said[first : first + 64])
        self.now += seconds
        self.drift.observe([])

    def index(self, feature: str) -> float | None:
        """The figure as it is scraped."""
        figure, kind = drift_labels(feature)
        return self.metrics.registry.get_sample_value("detector_drift_psi", {"figure": figure, "type": kind})


def test_the_same_news_shows_no_drift_and_other_news_does() -> None:
    worker = Worker(reference_of(outcomes(4000, 0.2)))
    worker.see(outcomes(2000, 0.2, first=50_000))
    assert all((index := worker.index(name)) is not None and index < 0.02 for name in FEATURES)
    worker.see(outcomes(2000, 0.8, first=60_000))
    rate, score = worker.index("atrocity_rate"), worker.index("atrocity_score")
    assert rate is not None and rate > SHIFTED
    assert score is not None and score > SHIFTED
    assert worker.index("ceasefire_rate") == pytest.approx(0, abs=0.02)
    assert worker.metrics.registry.get_sample_value("detector_drift_articles") == 4000


def test_a_few_articles_show_nothing() -> None:
    """An index of a handful of articles is chance; the two-bin rates come first, the ten-bin figures later."""
    worker = Worker(reference_of(outcomes(4000, 0.2)))
    worker.see(outcomes(8, 0.8))
    assert all(worker.index(name) is None for name in FEATURES)
    worker.see(outcomes(40, 0.8))
    assert worker.index("atrocity_rate") is not None
    assert worker.index("atrocity_score") is None


def test_a_day_later_it_is_forgotten() -> None:
    worker = Worker(reference_of(outcomes(4000, 0.2)))
    worker.see(outcomes(2000, 0.8), seconds=HOUR)
    assert worker.index("atrocity_rate") is not None
    worker.see([], seconds=23 * HOUR)
    worker.see([])
    assert worker.index("atrocity_rate") is None
    assert worker.metrics.registry.get_sample_value("detector_drift_articles") == 0


def test_a_rate_at_another_threshold_is_not_compared() -> None:
    """Its scores still are."""
    worker = Worker(reference_of(outcomes(4000, 0.2)), THRESHOLDS | {"atrocity": 0.7})
    worker.see(outcomes(2000, 0.2))
    assert worker.index("atrocity_rate") is None
    assert worker.index("atrocity_score") is not None and worker.index("ceasefire_rate") is not None


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (None, "there is no reference"),
        (reference_of(outcomes(10, 0.2), "fedcba9876543210"), "the reference is of model fedcba9876543210"),
    ],
)
def test_a_model_without_a_reference_says_so_and_shows_nothing(reference: DriftReference | None, reason: str) -> None:
    with capture_logs() as logs:
        worker = Worker(reference)
    assert [(line["event"], line["reason"]) for line in logs] == [("no drift metrics", reason)]
    worker.see(outcomes(2000, 0.8))
    assert all(worker.index(name) is None for name in FEATURES)


def test_the_shipped_model_has_its_reference() -> None:
    """`make drift-reference` rebuilds it after `make model`."""
    reference = load_drift_reference()
    assert reference is not None
    assert reference.model == digest_of(read_model())
    assert reference.articles > 1000
    metrics = Metrics()
    with capture_logs() as logs:
        drift = drift_metrics(Settings(), load_detector().classifier, metrics, lambda: 0.0)
    assert not logs
    drift.observe(outcomes(300, 0.2))


def test_a_reference_file_of_ones_own(tmp_path: Path) -> None:
    """Named by a setting; a fault in it is an error that names the setting, not a silent absence."""
    file = tmp_path / "reference.json"
    file.write_text(reference_to_json(reference_of(outcomes(100, 0.2))))
    settings = Settings(drift=DriftSettings(reference_file=file))
    loaded = load_drift_reference(settings.drift.reference_file)
    assert loaded is not None and loaded.articles == 100
    file.write_text("{}")
    with pytest.raises(SettingsError, match=r"DETECTOR_DRIFT__REFERENCE_FILE: .*schema_version is None"):
        load_drift_reference(file)
    with pytest.raises(SettingsError, match="No such file"):
        load_drift_reference(tmp_path / "nowhere.json")
