"""The gate lets telling sentences through with exact offsets, skips the rest, and answers each article by itself."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detector.core.document import all_sentences, candidate_text, candidates
from detector.core.gate import BLOCK_CHARS, Gate
from detector.core.gatemodel import fit_gate
from detector.core.records import Article
from detector.core.wordhash import SLOTS, fold, hash_texts


def _slot(word: str) -> int:
    return int(hash_texts([fold(word)]).words[0])


def _gate(**weights: float) -> Gate:
    table = np.zeros((SLOTS + 1, 4), dtype=np.float32)
    for word, weight in weights.items():
        table[_slot(word), 0] = weight
    return Gate(weights=table, intercepts=np.zeros(4), article=0.6, sentence=0.3)


GATE = _gate(truce=2.0, rebels=1.5, bread=-1.0)


def test_only_sentences_with_a_passing_chunk_are_candidates() -> None:
    """Title and text are read apart, and weights add up within a chunk."""
    text = "Bakers met today. A truce began at noon. It rained.\nThe rebels left. Bread for rebels was dear."
    article = Article(id="a", text=text, title="A truce")
    (found,) = candidates([article], GATE)
    assert [candidate_text(article, item) for item in found] == [
        "A truce",
        "A truce began at noon.",
        "The rebels left.",
    ]


def test_an_article_without_a_passing_chunk_has_no_candidates() -> None:
    """Empty texts and texts without a letter among them."""
    articles = [Article(id=text, text=text) for text in ("Bakers met.", " ", "...", "?", "12", "日本")]
    assert candidates(articles, GATE) == [[]] * len(articles)


@given(st.text(alphabet="abt ruce.\n!Éİ", max_size=300))
def test_candidates_are_sentences_of_the_article(text: str) -> None:
    """What passes the gate is a subset of the sentences, in order, with the same offsets."""
    article = Article(id="a", text=text, title="truce")
    every = all_sentences(article)
    (found,) = candidates([article], GATE)
    assert [item for item in every if item in found] == found


@given(st.lists(st.text(alphabet="truce bd.\n", max_size=60), max_size=8))
def test_an_article_passes_alone_as_in_a_batch(texts: list[str]) -> None:
    """No article changes what passes of another, also where the batch is cut into blocks."""
    articles = [Article(id=str(n), text=text * (1 if n else 1 + BLOCK_CHARS // 60)) for n, text in enumerate(texts)]
    assert GATE.passing(articles) == [GATE.passing([article])[0] for article in articles]


def test_a_fitted_gate_passes_what_fired() -> None:
    """The regressions give telling words weight, and the threshold lies below what fired."""
    telling = [f"Side {name} signed a truce on the river." for name in "abcdefghij"]
    quiet = [f"Shop {name} sold bread by the river." for name in "abcdefghijklmnopqrst"]
    scores = np.array([[3.0, -4.0]] * len(telling) + [[-4.0, -4.0]] * len(quiet))
    gate = fit_gate([*telling, *quiet], scores, np.arange(30), scores.max(axis=1) > 0)
    assert gate.weights[_slot("truce"), 0] > 0 > gate.weights[_slot("bread"), 0]
    assert not gate.weights[-1].any()
    passing = gate.passing([Article(id=text, text=text) for text in (*telling, *quiet)])
    assert [bool(item.chunks) for item in passing] == [True] * len(telling) + [False] * len(quiet)
