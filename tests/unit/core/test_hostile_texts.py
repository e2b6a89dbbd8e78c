"""What a hostile article can cost: time grows with its size and no faster, whatever it is made of.

Measured in processor time of this process, as the ratio between an input and one four times as long: 4 where time grows
linearly, 16 where it grows with the square. The bound between them leaves room for a machine that is at other work.
"""

import importlib
import inspect
import json
import pkgutil
import re
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from time import process_time
from typing import Final

import pytest
from rich.console import Console

from detector import core
from detector.cli.alert_view import alert_block, alert_line
from detector.core.correlation.numbers import read_number
from detector.core.detect import Detector
from detector.core.parsing import parse_article
from detector.core.records import Article, Detection
from detector.core.sentences import MAX_SENTENCE_CHARS, MAX_SENTENCES, split_sentences
from detector.loading import load_detector
from tests.support.records import alert_for
from tests.support.topics import NOON

_TIMES: Final = 4
_MOST: Final = 10.0
_NOISE_SECONDS: Final = 0.02
"""Less than this is not measured: clock, cache and collector would decide."""

_PATTERN_CHARS: Final = 24_000
_BOUNDED: Final[Mapping[str, int]] = {
    "place._DATELINE": 120,
    "correlation.families._IN_HEAD": 240,
    "correlation.families._IN_TAIL": 200,
    "correlation.numbers._PARTS": MAX_SENTENCE_CHARS,
    "correlation.quantities.": MAX_SENTENCE_CHARS,
    "correlation.support.": MAX_SENTENCE_CHARS,
}
"""Expressions that are never applied to more, by the beginning of their names; what is exponential shows there too."""

_TEXT_BYTES: Final = 800_000
_MAX_TEXT: Final = 1 << 20

_PIECES: Final = (
    *("a", "A", "1", " ", "\n", "\t", ".", ",", "-", "'", "(", "/", "_", "#", "é", "\u200b", "\u202e", "Aa"),
    *(
        "1,",
        "1.",
        "a.",
        "A.",
        "a-",
        "a b ",
        "A b ",
        "1 ",
        "\n ",
        " \n",
        "n't ",
        "n '",
        "//a.",
        "(a ",
        "[a",
        "1-1-",
        "- ",
    ),
)


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Give every compiled expression that a module of the core holds, in containers too, by name."""
    for info in pkgutil.walk_packages(core.__path__, "detector.core."):
        for name, value in vars(importlib.import_module(info.name)).items():
            items = value.items() if isinstance(value, Mapping) else [("", value)]
            for key, item in items:
                if isinstance(item, re.Pattern) and isinstance(item.pattern, str):
                    yield f"{info.name.removeprefix('detector.core.')}.{name}{key and f'[{key}]'}", item


PATTERNS: Final = dict(patterns())


def attacks(pattern: re.Pattern[str], chars: int) -> Iterator[str]:
    """Give texts made to keep an expression busy: repeated characters, and repeated words of its own, left unfinished."""
    words = sorted(set(re.findall(r"[A-Za-z]{2,}", pattern.pattern)))
    pieces = [*_PIECES, *words[:40], *(f"{word} " for word in words[:40]), *(f"{word} 1 " for word in words[:10])]
    for piece in pieces:
        yield (piece * chars)[:chars] + "!"
    for word in words[:10]:
        for piece in (" ", "1", "a", "-", "a "):
            yield word + (piece * chars)[:chars] + "!"


def seconds(work: Callable[[], object]) -> float:
    """Measure the least of two runs."""
    found = []
    for _ in range(2):
        began = process_time()
        work()
        found.append(process_time() - began)
    return min(found)


def growth(work: Callable[[str], object], small: str, large: str) -> float:
    """Tell how many times longer the large text takes; 0 when it takes too little to tell."""
    longer = seconds(lambda: work(large))
    return 0.0 if longer < _NOISE_SECONDS else longer / max(seconds(lambda: work(small)), 1e-6)


def applied(name: str) -> Callable[[str], object]:
    """Give an expression as its module uses it: at the beginning of a text only, or anywhere in it."""
    pattern = PATTERNS[name]
    module, _, variable = name.partition("[")[0].rpartition(".")
    source = inspect.getsource(importlib.import_module(f"detector.core.{module}"))
    used = set(re.findall(rf"\b{variable}\.(\w+)\(", source))
    if used and used <= {"match", "fullmatch"}:
        return pattern.fullmatch if used == {"fullmatch"} else pattern.match
    return lambda text: sum(1 for _ in pattern.finditer(text))


def longest(name: str) -> int:
    """Give how many characters an expression is ever applied to, where its module bounds that."""
    return next((chars for begin, chars in _BOUNDED.items() if name.startswith(begin)), _PATTERN_CHARS)


@pytest.mark.parametrize("name", sorted(PATTERNS))
def test_no_expression_takes_more_than_time_in_proportion(name: str) -> None:
    """Every expression of the core, over whatever could make it try again and again."""
    chars, work = longest(name), applied(name)
    pairs = zip(attacks(PATTERNS[name], chars // _TIMES), attacks(PATTERNS[name], chars), strict=True)
    for small, large in pairs:
        times = growth(work, small, large)
        assert times < _MOST, f"{name} over {small[:40]!r}...: {times:.1f} times as long"


def test_there_are_expressions_to_try() -> None:
    """The collection finds them where they are known to be."""
    assert {"place._DATELINE", "sentences._LINE", "tokens._WORD"} <= set(PATTERNS)
    assert len(PATTERNS) > 20


@pytest.fixture(scope="module")
def detector() -> Detector:
    """The detector as a worker loads it."""
    return load_detector()


def article(text: str, title: str | None = None) -> Article:
    """Parse an article as it comes from the topic."""
    fields = {"id": "hostile", "text": text, "title": title, "outlet": "Wire", "published_at": "2016-12-15T12:00:00Z"}
    parsed = parse_article(json.dumps(fields).encode())
    assert isinstance(parsed, Article)
    return parsed


def repeated(piece: str, size: int) -> str:
    """Give a text of a piece again and again, of that many bytes."""
    return (piece.encode() * (size // len(piece.encode()) + 1))[:size].decode("utf-8", "ignore")


def detections_of(detector: Detector, text: str, title: str | None = None) -> list[Detection]:
    """Run the whole core over one article."""
    ((_, found),) = detector.detect([article(text, title)], ingested_at=[None], detected_at=NOON)
    return found


STORY: Final = "The government and the rebels agreed a ceasefire in Aleppo, Syria, on Thursday, officials said."
HOSTILE: Final[Mapping[str, str]] = {
    "one word": "a",
    "one-letter sentences": "A. ",
    "one-letter lines": "a\n",
    "blank lines": "x\n\n \n",
    "brackets": "(",
    "quotation marks": '"',
    "digits": "9",
    "grouped digits": "999,",
    "numbers of people killed": "5 killed 5 ",
    "capitals": "A B C ",
    "place names": "Aleppo, Syria, ",
    "a ceasefire without end": "ceasefire agreed in Aleppo and ",
    "whole stories": STORY + " ",
    "bidirectional marks": "\u202eceasefire\u202c ",
    "zero-width characters": "c\u200be\u200ba\u200bs\u200be fire ",
    "combining marks": "e" + "\u0301" * 50,
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "hyphens": "cease-",
    "wrapped lines": "the rebels and the government agreed that they would\n",
    "escapes": "\x1b[2J",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_an_article_takes_time_in_proportion(detector: Detector, name: str) -> None:
    """Parse, split, gate, classify, locate, count: the whole way from bytes to detections."""
    small, large = (repeated(HOSTILE[name], size) for size in (_TEXT_BYTES // _TIMES, _TEXT_BYTES))
    times = growth(lambda text: detections_of(detector, text), small, large)
    assert times < _MOST, f"{times:.1f} times as long"


@pytest.mark.parametrize("name", ["one word", "one-letter sentences", "whole stories", "zero-width characters"])
def test_the_largest_article_takes_bounded_memory(detector: Detector, name: str) -> None:
    """A text of 1 MiB, of 350,000 one-letter sentences even, stays within a worker's memory limit many times over."""
    text = repeated(HOSTILE[name], _MAX_TEXT)
    tracemalloc.start()
    try:
        detections_of(detector, text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200 * 2**20, f"{peak / 2**20:.0f} MiB"


def test_a_hundred_thousand_one_letter_sentences_are_cut_to_the_limit() -> None:
    """So many are looked at and no more, whatever they are."""
    assert len(split_sentences("A. " * 100_000)) <= MAX_SENTENCES
    assert all(end - start <= MAX_SENTENCE_CHARS for start, end in split_sentences("a" * _MAX_TEXT))


@pytest.mark.parametrize("mark", ["\u202e", "\u2066", "\u200b", "\ufeff", "\x1b[31m", "\x07", "\x9b2J"])
def test_hidden_characters_reach_the_evidence_and_not_the_terminal(detector: Detector, mark: str) -> None:
    """Evidence is the article's own text, character for character; `watch` shows what is hidden in it."""
    text = f"BEIRUT - {mark} {STORY} {mark}\n"
    (found,) = detections_of(detector, text, title=f"Truce {mark}in Aleppo")
    for item in found.evidence:
        source = text if item.field == "text" else f"Truce {mark}in Aleppo"
        assert source[item.start : item.end] == item.sentence
    alert = alert_for(found)
    console = Console(width=100, color_system=None, force_terminal=True)
    with console.capture() as capture:
        console.print(alert_block(alert))
    for shown in (alert_line(alert).replace("\t", ""), capture.get().replace("\n", "")):
        assert all(char.isprintable() for char in shown), shown


def test_a_number_of_hundreds_of_digits_is_no_number_of_people(detector: Detector) -> None:
    """It is larger than a float, and the detection stands without it."""
    (found,) = detections_of(
        detector, f"Soldiers massacred {'9' * 400} civilians in Aleppo, Syria, a witness said. " + ATROCITY
    )
    assert all(quantity.value < 10**9 for quantity in found.quantities)
    assert read_number("9" * 400, None) is None


ATROCITY: Final = "Government soldiers executed 40 civilians in the village on Monday, survivors said."
