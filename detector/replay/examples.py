"""The cases that a report shows: false alarms, misses, and what two models say otherwise, with the evidence marked."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.core.eventtypes import ALL_STATUSES, EVENT_TYPES, EventType
from detector.core.judging.comparison import Pair
from detector.core.judging.frame import UNKNOWN, Answers
from detector.core.telling import telling_phrases, telling_spans
from detector.replay.judgement import Compared, Judgement
from detector.replay.runs import ShownArticle, shown_articles, shown_detections, shown_sentences

MOST_MISTAKES = 40
"""Shown of the false alarms, and of the misses: the worst first; the report says how many there are."""

MOST_CHANGES = 30
"""Shown of the alerts gained, lost and changed, each."""

Part = tuple[str, bool]
"""A piece of a sentence, and whether it is a telling one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one model says of a type in an article. `sentences` are in parts; none where the run kept none."""

    fired: bool
    confidence: float
    threshold: float
    status: str | None
    country: str | None
    sentences: Sequence[Sequence[Part]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One case: an article, a type, what the models say, and what the label says (`None` when not judged)."""

    article: ShownArticle
    type: EventType
    said: Sequence[Said]
    labelled: bool | None
    labelled_status: str | None
    label_evidence: str | None
    unsure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Some cases of one kind, and how many there are in all."""

    shown: Sequence[Example]
    total: int


def mistakes(connection: sqlite3.Connection, judgement: Judgement) -> dict[str, Examples]:
    """Return `false_alarms` (most confident first) and `misses` (least confident first); empty without labels."""
    truth, candidate = judgement.truth, judgement.candidate
    if truth is None:
        return {}
    judged = truth.judged[:, None]
    alarms = np.argwhere(candidate.fired & ~truth.present & judged)
    missed = np.argwhere(truth.present & ~candidate.fired & judged)
    found = {}
    for name, pairs, sign in (("false_alarms", alarms, -1), ("misses", missed, 1)):
        order = np.argsort(sign * candidate.scores[pairs[:, 0], pairs[:, 1]], kind="stable")[:MOST_MISTAKES]
        chosen = [(int(row), int(column)) for row, column in pairs[order]]
        found[name] = Examples(shown=_examples(connection, judgement, [candidate], chosen), total=len(pairs))
    return found


def changes(connection: sqlite3.Connection, judgement: Judgement, compared: Compared) -> dict[str, Examples]:
    """Return what the second variant `gained`, `lost` and `changed`, the widest gaps of confidence first."""
    models = [judgement.variants[compared.first], judgement.variants[compared.second]]
    gaps = np.abs(models[0].scores - models[1].scores)
    found = {}
    for name in ("gained", "lost", "changed"):
        pairs: Sequence[Pair] = getattr(compared.comparison, name)
        chosen = sorted(pairs, key=lambda pair: -gaps[pair])[:MOST_CHANGES]
        found[name] = Examples(shown=_examples(connection, judgement, models, chosen), total=len(pairs))
    return found


def _examples(
    connection: sqlite3.Connection, judgement: Judgement, models: Sequence[Answers], pairs: Sequence[Pair]
) -> list[Example]:
    numbers = judgement.run.numbers
    articles = shown_articles(connection, (int(numbers[row]) for row, _ in pairs))
    told = [_said(connection, judgement, answers, pairs) for answers in models]
    truth = judgement.truth
    found = []
    for place, (row, column) in enumerate(pairs):
        kind = EVENT_TYPES[column]
        judged = truth is not None and bool(truth.judged[row])
        labels = (judgement.question.labels or {}).get(judgement.run.articles.ids[row]) if judged else None
        found.append(
            Example(
                article=articles[int(numbers[row])],
                type=kind,
                said=[item[place] for item in told],
                labelled=kind in labels.statuses if labels else None,
                labelled_status=labels.statuses.get(kind) if labels else None,
                label_evidence=labels.evidence.get(kind) if labels else None,
                unsure=bool(labels and kind in labels.ambiguous),
            )
        )
    return found


def _said(connection: sqlite3.Connection, judgement: Judgement, answers: Answers, pairs: Sequence[Pair]) -> list[Said]:
    numbers = judgement.run.numbers
    wanted = {(int(numbers[row]), EVENT_TYPES[column]) for row, column in pairs}
    detections = shown_detections(connection, answers.digest, wanted)
    best = shown_sentences(connection, answers.digest, wanted)
    found = []
    for row, column in pairs:
        key = int(numbers[row]), EVENT_TYPES[column]
        detection = detections.get(key)
        if detection:
            phrases = telling_phrases(detection.why)
            sentences = [parts(piece.sentence, phrases) for piece in detection.evidence]
        else:
            sentences = [[(best[key], False)]] if key in best else []
        status, country = int(answers.statuses[row, column]), int(answers.countries[row, column])
        found.append(
            Said(
                fired=bool(answers.fired[row, column]),
                confidence=float(answers.scores[row, column]),
                threshold=answers.thresholds[key[1]],
                status=None if status == UNKNOWN else ALL_STATUSES[status],
                country=None if country == UNKNOWN else answers.country_names[country],
                sentences=sentences,
            )
        )
    return found


def parts(sentence: str, phrases: Sequence[str]) -> list[Part]:
    """Cut a sentence where telling phrases begin and end."""
    pieces: list[Part] = []
    end = 0
    for start, stop in telling_spans(sentence, phrases):
        pieces += [(sentence[end:start], False), (sentence[start:stop], True)]
        end = stop
    return [piece for piece in [*pieces, (sentence[end:], False)] if piece[0]]
