"""Cuts an article into the sentences that are scored, title first."""

from dataclasses import dataclass
from typing import Final

from detector.core.gate import Gate
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


def candidates(article: Article, gate: Gate) -> list[Candidate]:
    """Return the sentences of an article that pass the gate, title first; only lines with a passing chunk are split."""
    in_title, hits = gate.hits(article.text, article.title or "")
    found = [Candidate("title", _trimmed(article.title))] if in_title and article.title else []
    if not hits:
        return found
    place = 0
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


def _trimmed(text: str) -> Span:
    """The title without blank edges, at most as long as a sentence."""
    start = len(text) - len(text.lstrip())
    return Span(start, start + min(len(text.strip()), MAX_SENTENCE_CHARS))
