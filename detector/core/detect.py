"""From parsed articles to detections: the one place where classifier, place and ids come together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from detector.core import ids
from detector.core.correlation.quantities import quantities_of
from detector.core.correlation.sketch import sketch_of
from detector.core.correlation.terms import TermWeights
from detector.core.eventtypes import EventType
from detector.core.records import Article, Classification, Detection, Finding, ModelInfo, Place


class ArticleClassifier(Protocol):
    """What detection needs of a classifier."""

    @property
    def info(self) -> ModelInfo:
        """Which model decides."""

    @property
    def features(self) -> Sequence[str]:
        """Names of what the model has a weight for."""

    @property
    def thresholds(self) -> Mapping[EventType, float]:
        """From which confidence each type is reported."""

    def classify(self, articles: Sequence[Article]) -> list[Classification]:
        """Answer for each article, in order; the answer does not depend on the batch it is in."""


class PlaceFinder(Protocol):
    """What detection needs of a gazetteer."""

    def locate(self, article: Article, finding: Finding) -> tuple[Place | None, str | None]:
        """Say where the finding happened, or `None` and the reason why that is unknown."""


@dataclass(frozen=True, slots=True)
class Detector:
    """The pure core as the stream, the replay and the command line use it."""

    classifier: ArticleClassifier
    places: PlaceFinder
    weights: TermWeights = field(default_factory=TermWeights.equal)
    """What words count when correlation compares articles."""

    def detect(
        self,
        articles: Sequence[Article],
        *,
        ingested_at: Sequence[datetime | None],
        detected_at: datetime,
        revisions: Sequence[int] | None = None,
    ) -> list[tuple[Classification, list[Detection]]]:
        """Classify a batch; for each article its scores and at most one detection per event type, in type order.

        `revisions` are the offsets of the articles' records (see `Detection.revision`); all 0 without them.
        """
        results = self.classifier.classify(articles)
        numbers = revisions or [0] * len(articles)
        return [
            (
                result,
                [self.detection(article, finding, ingested, detected_at, revision) for finding in result.findings],
            )
            for article, result, ingested, revision in zip(articles, results, ingested_at, numbers, strict=True)
        ]

    def detection(
        self, article: Article, finding: Finding, ingested_at: datetime | None, detected_at: datetime, revision: int = 0
    ) -> Detection:
        """Make the detection of one finding: its place, figures and sketch."""
        place, place_reason = self.places.locate(article, finding)
        return Detection(
            detection_id=ids.detection_id(article.id, finding.type, self.classifier.info.digest),
            article_id=article.id,
            title=article.title,
            url=article.url,
            outlet=article.outlet,
            type=finding.type,
            status=finding.status,
            confidence=finding.confidence,
            threshold=finding.threshold,
            evidence=finding.evidence,
            why=finding.why,
            place=place,
            place_reason=place_reason,
            published_at=article.published_at,
            ingested_at=ingested_at,
            detected_at=detected_at,
            model=self.classifier.info,
            revision=revision,
            quantities=quantities_of(finding.evidence),
            sketch=sketch_of(article, finding.evidence, self.weights),
        )
