"""Cuts an article into the sentences that are scored, title first."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from detector.core.gate import Gate, Passing
from detector.core.records import Article, ArticleField
from detector.core.sentences import MAX_SENTENCE_CHARS, Span, line_spans, split_line, split_sentences

MAX_CANDIDATES: Final = 400
"""Sentences scored per article; the rest of an endless text is not looked at."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence to be scored: `article.<field>[span.start:span.end]`."""

    field: ArticleField
    span: Span


def all_sentences(article: Article) -> list[Candidate]:
    """Return every sentence of an article, title first."""
    title = [Candidate("title", _trimmed(article.title))] if article.title and article.title.strip() else []
    return title + [Candidate("text", span) for span in split_sentences(article.text)]


def candidates(articles: Sequence[Article], gate: Gate) -> list[list[Candidate]]:
    """Return the sentences of each article that pass the gate, title first; only lines with a passing chunk are split."""
    return [
        _touching(article, passing) if passing.title or passing.chunks else []
        for article, passing in zip(articles, gate.passing(articles), strict=True)
    ]


def _touching(article: Article, passing: Passing) -> list[Candidate]:
    found = [Candidate("title", _trimmed(article.title))] if passing.title and article.title else []
    hits, place = passing.chunks, 0
    if not hits:
        return found
    for line in line_spans(article.text):
        while place < len(hits) and hits[place].end < line.start:
            place += 1
        if place == len(hits):
            break
        if hits[place].start >= line.end:
            continue
        for span in split_line(article.text, line):
            while place < len(hits) and hits[place].end <= span.start:
                place += 1
            if place < len(hits) and hits[place].start < span.end:
                found.append(Candidate("text", span))
        if len(found) >= MAX_CANDIDATES:
            return found[:MAX_CANDIDATES]
    return found


def candidate_text(article: Article, candidate: Candidate) -> str:
    """Return the candidate's sentence exactly as it stands in the article."""
    body = (article.title or "") if candidate.field == "title" else article.text
    return body[candidate.span.start : candidate.span.end]


def starts_in_text(found: Sequence[Candidate]) -> list[int]:
    """Return where each sentence begins in the text; the title counts as its beginning."""
    return [0 if candidate.field == "title" else candidate.span.start for candidate in found]


def _trimmed(text: str) -> Span:
    """The title without blank edges, at most as long as a sentence."""
    start = len(text) - len(text.lstrip())
    return Span(start, start + min(len(text.strip()), MAX_SENTENCE_CHARS))
