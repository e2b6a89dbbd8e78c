"""Splits a text into sentences with exact character offsets; the text itself is never altered.

The splitting is `sentencex` (rule-based, Rust). Around it: a line end is a sentence end unless the text is hard-wrapped,
blank edges are trimmed, and overlong sentences are cut, so that no input can make later stages slow.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import sentencex

MAX_SENTENCE_CHARS: Final = 700
"""A longer sentence is cut at a blank near this length. Real news sentences above it are lists or lost full stops."""

MAX_SENTENCES: Final = 5_000
"""Sentences considered per text; a text of 1 MiB of ordinary prose holds about 7,000, a long article 200."""

_LINE: Final = re.compile(r"\S[^\n\r\x0b\x0c\x85\u2028\u2029]*")
_WRAPPED_BLOCK: Final = re.compile(r"\S(?:[^\n]|\n(?![ \t]*\n))*")
_WRAP_WIDTHS: Final = (40, 90)
_TERMINAL: Final = (".", "!", "?", '"', "”", "'", "’", ")", ":", ";")


class Span(NamedTuple):
    """Half-open character range in a text."""

    start: int
    end: int


def split_sentences(text: str) -> list[Span]:
    """Return the sentences of a text in order, as spans without blank edges.

    `text[span.start:span.end]` is the sentence. At most `MAX_SENTENCES` spans, none longer than `MAX_SENTENCE_CHARS`.
    """
    spans: list[Span] = []
    for line in line_spans(text):
        spans.extend(split_line(text, line))
        if len(spans) >= MAX_SENTENCES:
            return spans[:MAX_SENTENCES]
    return spans


def line_spans(text: str) -> Iterator[Span]:
    """Yield the parts of a text that no sentence crosses: lines, or paragraphs when the text is hard-wrapped."""
    pattern = _WRAPPED_BLOCK if is_hard_wrapped(text) else _LINE
    for match in pattern.finditer(text):
        yield Span(match.start(), match.end())


def split_line(text: str, line: Span) -> list[Span]:
    """Return the sentences within one span of a text, trimmed, overlong ones cut."""
    whole = text[line.start : line.end]
    if len(whole) > MAX_SENTENCE_CHARS * MAX_SENTENCES:
        whole = whole[: MAX_SENTENCE_CHARS * MAX_SENTENCES]
    # Half a surrogate pair cannot be encoded: a question mark takes its place, one character for one.
    encodable = whole.encode("utf-8", "replace").decode("utf-8")
    spans: list[Span] = []
    for boundary in sentencex.get_sentence_boundaries("en", encodable):
        start, end = boundary["start_index"], boundary["end_index"]
        while start < end and whole[start].isspace():
            start += 1
        while end > start and whole[end - 1].isspace():
            end -= 1
        if start == end:
            continue
        if end - start <= MAX_SENTENCE_CHARS:
            spans.append(Span(line.start + start, line.start + end))
        else:
            spans.extend(_cut(text, line.start + start, line.start + end))
        if len(spans) >= MAX_SENTENCES:
            break
    return spans


def is_hard_wrapped(text: str) -> bool:
    """Tell whether line ends in a text are typesetting (old wire copy) and not paragraph ends.

    True when lines are of even, narrow width and most full ones do not end a sentence.
    """
    if text.count("\n", 0, 4_000) < 6:  # noqa: PLR2004 - too few lines to tell
        return False
    lines = [line.rstrip() for line in text[:4_000].split("\n")[:-1]]
    filled = [line for line in lines if line]
    low, high = _WRAP_WIDTHS
    wide = [line for line in filled if low <= len(line) <= high]
    if len(filled) < 6 or len(wide) < 0.6 * len(filled) or any(len(line) > high for line in filled):  # noqa: PLR2004 - as above
        return False
    return sum(not line.endswith(_TERMINAL) for line in wide) > 0.7 * len(wide)


def _cut(text: str, start: int, end: int) -> Iterator[Span]:
    """Cut an overlong span at the last blank before the limit, or at the limit where there is none."""
    while end - start > MAX_SENTENCE_CHARS:
        blank = text.rfind(" ", start + 1, start + MAX_SENTENCE_CHARS)
        cut = blank if blank > 0 else start + MAX_SENTENCE_CHARS
        yield Span(start, cut)
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        last = end
        while last > start and text[last - 1].isspace():
            last -= 1
        yield Span(start, last)
