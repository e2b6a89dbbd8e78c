"""What a scoring process does: records in, rows of the archive and detections out, by the live agent's own step."""

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from multiprocessing.connection import Connection
from operator import itemgetter
from queue import SimpleQueue
from typing import Any, NamedTuple, TypeAlias

from detector.core.detect import Detector
from detector.core.eventtypes import EventType
from detector.core.judging.coverage import Coverage
from detector.core.operating import classifier_at
from detector.core.parsing import Parsed
from detector.core.records import Article, Rejected, Withdrawal
from detector.loading import load_places, load_weights, spare_loaded
from detector.logs import configure_logging
from detector.replay.archive import (
    ArticleRow,
    BestRow,
    DetectionRow,
    RejectedRow,
    Row,
    ScoreRow,
    Tables,
    seconds,
    tables_of,
)
from detector.replay.models import ReplayModel, content_of
from detector.settings import LogSettings, TopicSettings
from detector.stream.messages import Incoming, Outcome, Outgoing
from detector.stream.outcomes import Work, article_outcomes, one_by_one_on_error, parse_record

Packed: TypeAlias = tuple[int, int, datetime | None, bytes | None, bytes | None, tuple[tuple[str, bytes], ...]]
"""A record on its way to a scoring process; as a dataclass it would take eight times as long to pickle."""

_NICENESS = 10
"""Scoring gives way to a live worker on the same machine; alone, it has the machine to itself."""


class Found(NamedTuple):
    """What one model found in one version of an article, on its way to correlation."""

    n: int
    model: str
    article_id: str
    withdrawn: bool
    detections: tuple[tuple[bytes, bytes], ...]
    """Key and value of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """What a batch of records came to."""

    tables: Tables
    found: tuple[Found, ...]
    """In the order of the records; of each model, those without a detection too."""
    core_seconds: dict[str, float]
    """Processor time in the core by model; parsing, which the models share, is not in it."""
    articles: int
    withdrawals: int
    rejected: int


class Scorer:
    """Scores batches with one or more models; parsing is done once for all of them.

    Args:
        models: contents of the model files and the thresholds to use; the first one's words count for vocabulary coverage.
        topics: the live topics, whose names stand in what the step gives.
    """

    def __init__(self, models: Sequence[tuple[bytes, Mapping[str, float]]], topics: TopicSettings) -> None:
        places, weights = load_places(), load_weights()
        self._detectors = [
            Detector(classifier=classifier_at(data, thresholds), places=places, weights=weights)
            for data, thresholds in models
        ]
        self._coverage = Coverage(self._detectors[0].classifier.features)
        self._topics = topics

    def score(self, first: int, records: Sequence[Incoming]) -> Scored:
        """Score a batch whose first record has the number `first`; never raises for anything a record holds."""
        parsed = _ParsedOnce()
        self._guarded(parsed.all_of, records)
        articles: dict[int, Row] = {}
        refused: dict[int, Row] = {}
        rows: list[Row] = []
        found: list[Found] = []
        spent: dict[str, float] = {}
        for detector in self._detectors:
            model = detector.classifier.info.digest
            work = partial(article_outcomes, detector=detector, topics=self._topics, now=None, parse=parsed.one)
            began = time.process_time()
            outcomes = self._guarded(work, records)
            spent[model] = time.process_time() - began
            for n, (record, outcome) in enumerate(zip(records, outcomes, strict=True), first):
                if outcome.rejected:
                    refused[n] = rejected_row(record.partition, record.offset, outcome.rejected)
                if outcome.article or outcome.withdrawal:
                    found.append(_found(n, model, outcome))
                if outcome.article and outcome.classification:
                    articles.setdefault(n, self._article_row(n, record, outcome.article))
                    rows += _model_rows(n, model, outcome)
        return Scored(
            tables=tables_of([*articles.values(), *refused.values(), *rows]),
            found=tuple(sorted(found, key=itemgetter(0))),
            core_seconds=spent,
            articles=len(articles),
            withdrawals=parsed.withdrawals,
            rejected=len(refused),
        )

    def _guarded(self, work: Work, records: Sequence[Incoming]) -> list[Outcome]:
        return one_by_one_on_error(work, records, rejected_topic=self._topics.rejected)

    def _article_row(self, n: int, record: Incoming, article: Article) -> ArticleRow:
        words, known_words = self._coverage.count(article)
        return ArticleRow(
            n=n,
            article_id=article.id,
            title=article.title,
            outlet=article.outlet,
            url=article.url,
            published_at=seconds(article.published_at),
            ingested_at=seconds(record.timestamp),
            partition=record.partition,
            offset=record.offset,
            chars=len(article.text),
            words=words,
            known_words=known_words,
        )


class _ParsedOnce:
    """What the records of a batch were read as, for all models."""

    def __init__(self) -> None:
        self._known: dict[int, Parsed] = {}

    def one(self, record: Incoming) -> Parsed:
        """Return what one record is, parsed at the first call."""
        known = self._known.get(id(record))
        if known is None:
            known = self._known[id(record)] = parse_record(record)
        return known

    def all_of(self, records: Sequence[Incoming]) -> list[Outcome]:
        """Parse a batch, so that no model's time has parsing in it."""
        for record in records:
            self.one(record)
        return [Outcome()] * len(records)

    @property
    def withdrawals(self) -> int:
        """How many records take an article back."""
        return sum(isinstance(item, Withdrawal) for item in self._known.values())


def rejected_row(partition: int, offset: int, rejected: Rejected) -> RejectedRow:
    """Return what the archive keeps of a record that was rejected."""
    return RejectedRow(
        partition=partition,
        offset=offset,
        article_id=rejected.article_id,
        field=rejected.field,
        reason=rejected.reason.value,
        detail=rejected.detail,
    )


def _model_rows(n: int, model: str, outcome: Outcome) -> Iterator[Row]:
    assert outcome.classification  # noqa: S101 - the caller has looked; this narrows the type
    scores = outcome.classification.scores
    yield ScoreRow(
        n=n,
        model=model,
        ceasefire=scores[EventType.CEASEFIRE],
        evacuation=scores[EventType.EVACUATION],
        atrocity=scores[EventType.ATROCITY],
        solidarity=scores[EventType.SOLIDARITY],
    )
    for finding, outgoing in zip(outcome.classification.findings, outcome.outgoing, strict=True):
        yield DetectionRow(
            n=n,
            model=model,
            type=finding.type.value,
            status=finding.status,
            confidence=finding.confidence,
            country=_country(outgoing),
            record=outgoing.value or b"",
        )
        best = finding.evidence[0]
        yield BestRow(n=n, model=model, type=finding.type.value, confidence=best.confidence, sentence=best.sentence)
    for doubt in outcome.classification.doubts:
        yield BestRow(n=n, model=model, type=doubt.type.value, confidence=doubt.confidence, sentence=doubt.sentence)


def _country(detection: Outgoing) -> str | None:
    """Read the country from a detection's key; an unlocated detection's has a bucket instead (see `core.correlation.key`)."""
    half = (detection.key or b"").decode("utf-8").partition("|")[2]
    return None if not half or half.startswith("-") else half


def _found(n: int, model: str, outcome: Outcome) -> Found:
    return Found(
        n=n,
        model=model,
        article_id=outcome.article.id
        if outcome.article
        else outcome.withdrawal.article_id
        if outcome.withdrawal
        else "",
        withdrawn=outcome.withdrawal is not None,
        detections=tuple((outgoing.key or b"", outgoing.value or b"") for outgoing in outcome.outgoing),
    )


def packed(records: Sequence[Incoming]) -> list[Packed]:
    """Return records as they go through the pipe."""
    return [(one.partition, one.offset, one.timestamp, one.key, one.value, one.headers) for one in records]


def unpacked(topic: str, records: Sequence[Packed]) -> list[Incoming]:
    """Return the records that came through the pipe."""
    return [
        Incoming(
            topic=topic, partition=partition, offset=offset, timestamp=timestamp, key=key, value=value, headers=headers
        )
        for partition, offset, timestamp, key, value, headers in records
    ]


def serve(
    pipes: "Sequence[Connection[Any, Any]]", models: Sequence[ReplayModel], topics: TopicSettings, log: LogSettings
) -> None:
    """Be the scoring processes, one for each pipe; what they share is loaded once, before the others are forked off.

    Each answers (number of the first record, topic, packed records) with what they come to, in order, and ends with the other
    end of its pipe, however that ended.
    """
    os.nice(_NICENESS)
    configure_logging(log)
    scorer = Scorer([(content_of(model), model.thresholds) for model in models], topics)
    spare_loaded()
    pipe = _one_for_each(pipes)
    questions: SimpleQueue[tuple[int, str, Sequence[Packed]]] = SimpleQueue()
    threading.Thread(target=_receive, args=(pipe, questions), daemon=True).start()
    while True:
        first, topic, records = questions.get()
        pipe.send(scorer.score(first, unpacked(topic, records)))


def _one_for_each(pipes: "Sequence[Connection[Any, Any]]") -> "Connection[Any, Any]":
    """Fork until there is a process for each pipe; return this process's own. No process keeps the end of another's."""
    own, *others = pipes
    while others:
        theirs = others.pop()
        if os.fork() == 0:
            for one in (own, *others):
                one.close()
            return theirs
        theirs.close()
    return own


def _receive(pipe: "Connection[Any, Any]", questions: "SimpleQueue[tuple[int, str, Sequence[Packed]]]") -> None:
    """Take questions while others are answered, so that asking does not wait, and the next one is there at once."""
    try:
        while True:
            questions.put(pipe.recv())
    except (EOFError, OSError):
        os._exit(0)
