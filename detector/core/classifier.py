"""The classifier: articles in, types with status, confidence, evidence and reasons out. Pure and deterministic."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
from scipy.sparse import csr_matrix

from detector.core.aggregation import article_features, article_scores, probability
from detector.core.document import MAX_CANDIDATES, Candidate, all_sentences, candidate_text, candidates, starts_in_text
from detector.core.eventtypes import ALL_STATUSES, EVENT_TYPES, STATUSES, EventType
from detector.core.features import describe, sentence_features
from detector.core.modelfile import LinearModel, digest_of, model_from_bytes
from detector.core.records import Article, Classification, Doubt, Evidence, Finding, ModelInfo, Reason
from detector.core.statuscues import CUES, article_row, sentence_shares
from detector.core.tokens import words
from detector.core.vectors import Floats, Vocabulary

MAX_EVIDENCE: Final = 3
EVIDENCE_SHARE: Final = 0.5
"""A further sentence is evidence when its probability is at least this share of the best one's."""

TYPICAL_CHARS: Final = 3_000
"""Length taken for articles of which nothing passes the gate; they are all given the same scores."""

REASONS: Final = 12
CONFIDENCE_DECIMALS: Final = 4
_REASON_DECIMALS: Final = 6
_STATUS_COLUMNS: Final = {
    kind: np.array([ALL_STATUSES.index(status) for status in STATUSES[kind]]) for kind in EVENT_TYPES
}


class _Read(NamedTuple):
    """An article's sentences, and where in its batch their words and feature rows are: from `first` on."""

    sentences: Sequence[Candidate]
    words: Sequence[Sequence[str]]
    rows: "csr_matrix[Any]"
    first: int


class Classifier:
    """Finds the event types in articles with a linear model; immutable and safe to share between threads."""

    def __init__(self, model: LinearModel, digest: str) -> None:
        """Take the model and the digest of the file it came from."""
        self.info = ModelInfo(name=model.name, version=model.version, digest=digest)
        self.thresholds: Mapping[EventType, float] = dict(model.thresholds)
        self._model = replace(model, weights=model.weights.astype(np.float64))
        self._vocabulary = Vocabulary(model.features)
        # The cues follow the features in a status row, and the weights of the features in the weights.
        self._status_rank = np.full(len(model.features) + CUES, -1, dtype=np.int32)
        self._status_rank[model.status_columns] = np.arange(len(model.status_columns))
        self._status_rank[len(model.features) :] = len(model.status_columns) + np.arange(CUES)
        empty = np.empty((0, len(EVENT_TYPES)))
        nothing = article_scores(
            article_features(empty, [], first_is_title=False, has_title=True, chars=TYPICAL_CHARS), model.aggregation
        )
        self._no_event = Classification(scores=_rounded(probability(nothing).tolist()), findings=(), passed_gate=False)

    @property
    def features(self) -> Sequence[str]:
        """Names of what the model has a weight for, in column order."""
        return self._vocabulary.features

    @property
    def notes(self) -> Mapping[str, Any]:
        """What the training run wrote of itself: its sources, and how its model did on articles held out."""
        return self._model.notes

    @classmethod
    def from_bytes(cls, data: bytes) -> "Classifier":
        """Return the classifier of a model file's content; raises `ModelFileError` when it is unusable."""
        return cls(model_from_bytes(data), digest_of(data))

    def classify(self, articles: Sequence[Article]) -> list[Classification]:
        """Return one classification per article, in order; an article's answer does not depend on its batch."""
        found = candidates(articles, self._model.gate)
        scored = [number for number, sentences in enumerate(found) if sentences]
        answers = [self._no_event] * len(articles)
        if not scored:
            return answers
        spoken = [words(candidate_text(articles[n], sentence)) for n in scored for sentence in found[n]]
        rows = self._rows(spoken)
        scores = rows @ self._model.weights + self._model.intercepts
        ends = np.cumsum([len(found[n]) for n in scored]).tolist()
        starts = [0, *ends]
        features = np.array(
            [self._features(articles[n], found[n], scores[a:b]) for n, a, b in zip(scored, starts, ends, strict=False)]
        )
        chances = probability(article_scores(features, self._model.aggregation)).tolist()
        for n, start, end, row in zip(scored, starts, ends, chances, strict=False):
            read = _Read(found[n], spoken, rows, start)
            answers[n] = self._answer(articles[n], read, _rounded(row), scores[start:end])
        return answers

    def gate_recall(self, articles: Sequence[Article]) -> tuple[int, int]:
        """Return how many sentences that fire on their own (even odds for some type) pass the gate, and how many there are."""
        kept = firing = 0
        for article, passed in zip(articles, candidates(articles, self._model.gate), strict=True):
            sentences = all_sentences(article)[:MAX_CANDIDATES]
            if not sentences:
                continue
            passing = set(passed)
            rows = self._rows([words(candidate_text(article, sentence)) for sentence in sentences])
            fires = (rows @ self._model.weights + self._model.intercepts >= 0).any(axis=1)
            firing += int(fires.sum())
            kept += sum(sentence in passing for sentence, fired in zip(sentences, fires, strict=True) if fired)
        return kept, firing

    def decision(self, article: Article, evidence: Evidence, kind: EventType) -> float:
        """Return the decision function (log-odds) of one evidence sentence, which the reasons of a finding add up to."""
        body = article.text if evidence.field == "text" else article.title or ""
        scores = self._rows([words(body[evidence.start : evidence.end])]) @ self._model.weights + self._model.intercepts
        return float(scores[0, EVENT_TYPES.index(kind)])

    def _rows(self, sentences: Sequence[Sequence[str]]) -> "csr_matrix[Any]":
        return self._vocabulary.rows(list(map(sentence_features, sentences)))

    def _features(self, article: Article, sentences: Sequence[Candidate], scores: Floats) -> Floats:
        return article_features(
            scores,
            starts_in_text(sentences),
            first_is_title=sentences[0].field == "title",
            has_title=bool(article.title),
            chars=len(article.text),
        )

    def _answer(
        self,
        article: Article,
        read: _Read,
        confidences: dict[EventType, float],
        scores: Floats,
    ) -> Classification:
        sentences = read.sentences
        findings: list[Finding] = []
        doubts: list[Doubt] = []
        for column, kind in enumerate(EVENT_TYPES):
            if confidences[kind] < self.thresholds[kind]:
                if confidences[kind] >= self._model.doubt[kind]:
                    best = candidate_text(article, sentences[int(np.argmax(scores[:, column]))])
                    doubts.append(
                        Doubt(type=kind, confidence=confidences[kind], threshold=self.thresholds[kind], sentence=best)
                    )
                continue
            order = np.argsort(-scores[:, column], kind="stable")[:MAX_EVIDENCE]
            chances = probability(scores[order, column])
            kept = [int(n) for n, chance in zip(order, chances, strict=True) if chance >= EVIDENCE_SHARE * chances[0]]
            findings.append(
                Finding(
                    type=kind,
                    status=self._status(kind, read, scores[:, column]),
                    confidence=confidences[kind],
                    threshold=self.thresholds[kind],
                    evidence=tuple(
                        Evidence(
                            field=sentences[n].field,
                            start=sentences[n].span.start,
                            end=sentences[n].span.end,
                            sentence=candidate_text(article, sentences[n]),
                            confidence=round(float(chance), CONFIDENCE_DECIMALS),
                        )
                        for n, chance in zip(kept, chances, strict=False)
                    ),
                    why=self._why(read.rows[read.first + kept[0]], column),
                )
            )
        return Classification(scores=confidences, findings=tuple(findings), doubts=tuple(doubts))

    def _why(self, row: "csr_matrix[Any]", column: int) -> tuple[Reason, ...]:
        """The strongest features of a sentence, the sum of the others, and the intercept: together the decision function."""
        parts = [
            (float(value * self._model.weights[index, column]), index)
            for index, value in zip(row.indices, row.data, strict=True)
        ]
        parts.sort(key=lambda part: (-abs(part[0]), self._vocabulary.features[part[1]]))
        strongest = [
            Reason(feature=describe(self._vocabulary.features[index]), weight=round(weight, _REASON_DECIMALS))
            for weight, index in parts[:REASONS]
        ]
        remainder = sum(weight for weight, _ in parts[REASONS:])
        return (
            *strongest,
            Reason(feature="(all other features)", weight=round(remainder, _REASON_DECIMALS)),
            Reason(feature="(intercept)", weight=round(float(self._model.intercepts[column]), _REASON_DECIMALS)),
        )

    def _status(self, kind: EventType, read: _Read, scores: Floats) -> str:
        """The likeliest status by all sentences of an article that tell of the event."""
        shares = sentence_shares(scores, first_is_title=read.sentences[0].field == "title")
        told = read.words[read.first : read.first + len(shares)]
        found, values = article_row(shares, read.rows, read.first, told, STATUSES[kind])
        known = self._status_rank[found]
        used = known >= 0
        total = self._model.status_intercepts + values[used] @ self._model.status_weights[known[used]]
        columns = _STATUS_COLUMNS[kind]
        return ALL_STATUSES[int(columns[int(np.argmax(total[columns]))])]


def _rounded(chances: Sequence[float]) -> dict[EventType, float]:
    return {kind: round(chance, CONFIDENCE_DECIMALS) for kind, chance in zip(EVENT_TYPES, chances, strict=True)}
