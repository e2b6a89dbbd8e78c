"""The gate keeps offsets, lets telling sentences through and skips the rest."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from detector.core.document import all_sentences, candidate_text, candidates
from detector.core.gate import Gate, fit_gate, fold
from detector.core.records import Article

GATE = Gate(weights={b"truce": 2.0, b"rebels": 0.7, b"bread": -1.0}, sentence=0.6, article=1.5)


@given(st.text(max_size=500))
def test_folding_keeps_every_offset(text: str) -> None:
    """One byte per character, whatever the text."""
    assert len(fold(text)) == len(text)


def test_only_sentences_with_a_passing_chunk_are_candidates() -> None:
    """The strong sentence opens the article; a weaker one comes along; the others stay out."""
    text = "Bakers met today. A truce began at noon. It rained.\nThe rebels left. Bread for rebels was dear."
    found = candidates(Article(id="a", text=text, title="A truce"), GATE)
    texts = [candidate_text(Article(id="a", text=text, title="A truce"), item) for item in found]
    assert texts == ["A truce", "A truce began at noon.", "The rebels left."]


def test_an_article_without_a_strong_chunk_is_skipped_whole() -> None:
    """A sentence above the lower threshold is not enough for an article."""
    assert candidates(Article(id="a", text="The rebels left. The rebels came."), GATE) == []


@given(st.text(alphabet="abt ruce.\n!Éİ", max_size=300))
def test_candidates_are_sentences_of_the_article(text: str) -> None:
    """What passes the gate is a subset of the sentences, in order, with the same offsets."""
    article = Article(id="a", text=text, title="truce")
    every = all_sentences(article)
    found = candidates(article, GATE)
    assert [item for item in every if item in found] == found


def test_a_fitted_gate_passes_what_fired() -> None:
    """The regression gives telling words weight, and the thresholds lie below what fired."""
    telling = [f"Side {name} signed a truce on the river." for name in "abcdefghij"]
    quiet = [f"Shop {name} sold bread by the river." for name in "abcdefghijklmnopqrst"]
    scores = np.array([3.0] * len(telling) + [-4.0] * len(quiet))
    gate = fit_gate([*telling, *quiet], scores, np.arange(30), scores > 0)
    assert gate.weights[b"truce"] > 0 > gate.weights[b"bread"]
    assert min(map(gate.best_chunk, telling)) >= gate.sentence > max(map(gate.best_chunk, quiet))
