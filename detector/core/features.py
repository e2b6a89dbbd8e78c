"""Names the features of a sentence: its own word n-grams, and words of the title and of the whole article as context.

A feature's block is the prefix of its name: none for the sentence, `t:` for the title, `d:` for the whole article,
`x:` for its position. Each block is scaled to a fixed length, so that context never outweighs the sentence itself.
"""

from collections.abc import Iterable, Sequence
from typing import Final

TITLE: Final = "t:"
DOCUMENT: Final = "d:"
POSITION: Final = "x:"

BLOCK_LENGTHS: Final = {"": 1.0, TITLE: 0.3, DOCUMENT: 0.4, POSITION: 0.2}
"""Euclidean length of each block of a sentence's vector."""

LEAD_SENTENCES: Final = 3


def sentence_features(words: Sequence[str]) -> list[str]:
    """Return the distinct n-grams of one to three words of a sentence, in order of first appearance."""
    grams = list(words)
    grams += [f"{a} {b}" for a, b in zip(words, words[1:], strict=False)]
    grams += [f"{a} {b} {c}" for a, b, c in zip(words, words[1:], words[2:], strict=False)]
    return list(dict.fromkeys(grams))


def title_features(words: Sequence[str]) -> list[str]:
    """Return the distinct words of a title as context features."""
    return [TITLE + word for word in dict.fromkeys(words)]


def document_features(folded: Iterable[bytes]) -> list[str]:
    """Return the distinct words of a whole article as context features, from the gate's folded words, sorted."""
    return [DOCUMENT + word.decode("ascii") for word in sorted(folded) if len(word) > 2]  # noqa: PLR2004 - as in the gate


def position_feature(index: int, *, is_title: bool) -> str:
    """Return the feature that tells where in the article a sentence stands; `index` counts text sentences from 0."""
    if is_title:
        return POSITION + "title"
    return POSITION + ("first" if index == 0 else "lead" if index <= LEAD_SENTENCES else "body")


def block_of(feature: str) -> str:
    """Return the block prefix of a feature name."""
    return feature[:2] if feature[1:2] == ":" else ""


def describe(feature: str) -> str:
    """Return a feature's name as shown to people: `title: word`, `article: word`, `position: first`, or the n-gram."""
    names = {TITLE: "title: ", DOCUMENT: "article: ", POSITION: "position: "}
    block = block_of(feature)
    return names.get(block, "") + feature[len(block) :]
