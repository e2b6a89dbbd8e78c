"""Cuts an article into the sentences that are scored, title first, and names their features."""

from dataclasses import dataclass

from detector.core.features import document_features, position_feature, sentence_features, title_features
from detector.core.gate import fold, folded_words
from detector.core.records import Article, ArticleField
from detector.core.sentences import Span, line_spans, split_line
from detector.core.tokens import words
from detector.core.vectors import Row

MAX_CANDIDATES = 400
"""Sentences scored per article; the rest of an endless text is not looked at."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence to be scored: `article.<field>[span.start:span.end]`; `index` counts text sentences from 0."""

    field: ArticleField
    span: Span
    index: int


def candidates(article: Article, gate: frozenset[bytes] | None) -> list[Candidate]:
    """Return the sentences of an article that pass the gate, title first; all of them without a gate.

    Only lines with a gate word are split at all; `index` is then exact for a text whose first lines are single
    sentences and a lower bound otherwise (lines that were not split count as one).
    """
    found: list[Candidate] = []
    title = article.title or ""
    if title.strip() and (gate is None or not gate.isdisjoint(fold(title).split())):
        found.append(Candidate("title", _trimmed(title), 0))
    folded = fold(article.text)
    if gate is not None and gate.isdisjoint(folded.split()):
        return found
    index = 0
    for line in line_spans(article.text):
        if gate is not None and gate.isdisjoint(folded[line.start : line.end].split()):
            index += 1
            continue
        for span in split_line(article.text, line):
            if gate is None or not gate.isdisjoint(folded[span.start : span.end].split()):
                found.append(Candidate("text", span, index))
            index += 1
        if len(found) >= MAX_CANDIDATES:
            return found[:MAX_CANDIDATES]
    return found


def candidate_text(article: Article, candidate: Candidate) -> str:
    """Return the candidate's sentence exactly as it stands in the article."""
    body = (article.title or "") if candidate.field == "title" else article.text
    return body[candidate.span.start : candidate.span.end]


def sentence_row(article: Article, candidate: Candidate) -> Row:
    """Return the features of a sentence alone: its n-grams and its position."""
    own = sentence_features(words(candidate_text(article, candidate)))
    return own, [position_feature(candidate.index, is_title=candidate.field == "title")]


def context_row(article: Article) -> Row:
    """Return the features that all sentences of an article share: its title's words and its words."""
    return title_features(words(article.title or "")), document_features(folded_words(article.text))


def _trimmed(text: str) -> Span:
    start = len(text) - len(text.lstrip())
    return Span(start, start + len(text.strip()))
