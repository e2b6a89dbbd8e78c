"""Hashing many texts at once finds the same words, pairs and chunks as reading them one by one."""

import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detector.core.wordhash import fold, hash_texts

TEXTS = st.lists(st.text(alphabet="aBé z9,.\n!?’", max_size=40), max_size=6)


@given(st.text(max_size=500))
def test_folding_keeps_every_offset(text: str) -> None:
    """One byte per character, whatever the text."""
    assert len(fold(text)) == len(text)


@given(TEXTS)
def test_chunks_and_words_are_those_of_a_plain_reading(texts: list[str]) -> None:
    """Chunks lie where their first and last word do; equal words have equal slots wherever they stand."""
    folded = [fold(text) for text in texts]
    hashed = hash_texts(folded)
    plain = [
        (number, chunk, list(re.finditer(rb"[a-z0]+", chunk)), start)
        for number, text in enumerate(folded)
        for start, chunk in ((match.start(), match[0]) for match in re.finditer(rb"[^.]+", text))
    ]
    plain = [item for item in plain if item[2]]
    assert hashed.texts.tolist() == [number for number, *_ in plain]
    assert hashed.starts.tolist() == [start + found[0].start() for *_, found, start in plain]
    assert hashed.ends.tolist() == [start + found[-1].end() for *_, found, start in plain]
    names = [match[0] for *_, found, _ in plain for match in found]
    slots = dict(zip(names, hashed.words.tolist(), strict=True))
    assert [slots[name] for name in names] == hashed.words.tolist()
    assert len(set(slots.values())) == len(slots)
    assert (hashed.pairs[hashed.first] == -1).all()
    assert int((hashed.pairs == -1).sum()) == len(plain)


def test_pairs_tell_their_order() -> None:
    """The pair of two words is another than that of the two the other way round, and than each word."""
    hashed = hash_texts([fold("truce holds. holds truce. truce holds")])
    pairs = hashed.pairs[hashed.pairs >= 0]
    assert pairs[0] == pairs[2] != pairs[1]
    assert not set(pairs.tolist()) & set(hashed.words.tolist())


def test_long_texts_hash_as_short_ones() -> None:
    """A word far behind in a long text has the slot it has alone."""
    long = hash_texts([fold("word " * 200_000 + "truce")])
    assert long.words[-1] == hash_texts([fold("truce")]).words[0]
    assert len(np.unique(long.words)) == 2
