"""Where the time of an article goes: processor time of each stage, on the same articles."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Final

from detector.core import wire
from detector.core.correlation.correlator import Correlator
from detector.core.correlation.rules import Rules
from detector.core.document import candidate_text, candidates
from detector.core.features import sentence_features
from detector.core.parsing import parse_article
from detector.core.records import Article
from detector.core.tokens import words
from detector.loading import load_detector, load_families
from tests.bench.contenders import BATCH

_ROUNDS: Final = 3


class _Clock:
    """Adds up processor time by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        began = time.process_time()
        yield
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.process_time() - began


def stage_times(lines: Sequence[bytes]) -> dict[str, float]:
    """Return microseconds of processor time per article of each stage of the core, from the least of some rounds."""
    rounds = [_core(lines) for _ in range(_ROUNDS)]
    raw = {stage: min(one[stage] for one in rounds) / len(lines) * 1e6 for stage in rounds[0]}
    return {
        "decode": raw["decode"],
        "gate": raw["gate"],
        "split into sentences": raw["gate and split"] - raw["gate"],
        "features": raw["features"],
        "score": raw["score"],
        "evidence, status, reasons": raw["classify"] - raw["gate and split"] - raw["features"] - raw["score"],
        "place and sketch": raw["detect"] - raw["classify"],
        "write detections": raw["write detections"],
        "correlate": raw["correlate"],
    }


def _core(lines: Sequence[bytes]) -> dict[str, float]:
    """Seconds of each thing measured; some hold others."""
    detector, correlator = load_detector(), Correlator(Rules(), load_families())
    model, vocabulary = detector.classifier._model, detector.classifier._vocabulary  # type: ignore[attr-defined]  # its parts
    clock, now = _Clock(), datetime.now(UTC)
    for first in range(0, len(lines), BATCH):
        with clock("decode"):
            parsed = [parse_article(line) for line in lines[first : first + BATCH]]
        articles = [item for item in parsed if isinstance(item, Article)]
        with clock("gate"):
            model.gate.passing(articles)
        with clock("gate and split"):
            found = candidates(articles, model.gate)
        texts = [
            candidate_text(article, one) for article, several in zip(articles, found, strict=True) for one in several
        ]
        with clock("features"):
            features = [sentence_features(words(text)) for text in texts]
        with clock("score"):
            if features:
                vocabulary.rows(features) @ model.weights
        with clock("classify"):
            detector.classifier.classify(articles)
        with clock("detect"):
            results = detector.detect(articles, ingested_at=[None] * len(articles), detected_at=now)
        with clock("write detections"):
            values = [wire.encode_detection(detection) for _, several in results for detection in several]
        with clock("correlate"):
            for value in values:
                correlator.process(wire.decode_finding(value), value)
    return clock.seconds
