"""Features are words, pairs and relations to triggers; rows are scaled by block and independent of each other."""

import numpy as np
import pytest

from detector.core.features import BLOCK_LENGTHS, describe, sentence_features
from detector.core.vectors import Vocabulary, build_vocabulary
from detector.core.wordvectors import fold_back, word_vectors


def test_a_sentence_has_words_pairs_and_relations() -> None:
    """Relations tell which words stand before and after a trigger."""
    words, pairs, related, beginnings, around = sentence_features(["both", "sides", "agreed", "a", "truce", "today"])
    assert list(words) == ["both", "sides", "agreed", "a", "truce", "today"]
    assert "a truce" in pairs
    assert {"CEASEFIRE<agreed", "CEASEFIRE>today"} <= set(related)
    assert beginnings == ["agree~"]
    assert "CEASEFIRE&now" in around
    assert sentence_features([]) == ([], [], [], [], [])


@pytest.mark.parametrize(
    ("feature", "shown"),
    [
        ("truce", "truce"),
        ("a truce", "a truce"),
        ("CEASEFIRE<called", "called … (ceasefire word)"),
        ("KILLING&civil!fighter", "(killing word) with civil without fighter"),
    ],
)
def test_features_can_be_shown(feature: str, shown: str) -> None:
    """People see words, not codes."""
    assert describe(feature) == shown


def test_each_block_has_its_length_over_known_features() -> None:
    """Unknown words change nothing; repeated ones count once."""
    vocabulary = Vocabulary(["a truce", "agreed", "truce"])
    row = sentence_features(["agreed", "a", "truce", "truce", "unheard"])
    matrix = vocabulary.rows([row, ((), (), (), (), ()), row]).toarray()
    assert matrix[0] == pytest.approx([BLOCK_LENGTHS[1], BLOCK_LENGTHS[0] / 2**0.5, BLOCK_LENGTHS[0] / 2**0.5])
    assert not matrix[1].any()
    assert (matrix[0] == matrix[2]).all()


def test_features_of_one_article_are_left_out() -> None:
    """Words need two articles, pairs three."""
    rows = [[sentence_features(["a", "truce"])], [sentence_features(["a", "truce"])], [sentence_features(["alone"])]]
    assert build_vocabulary(rows).features == ("a", "truce")


def test_folding_back_keeps_the_scores() -> None:
    """Words and vectors together score as the folded weights do."""
    random = np.random.default_rng(1)
    matrix, vectors = random.random((4, 7)), random.random((7, 3))
    weights, vector_weights = random.random(7), random.random(3)
    together = matrix @ weights + (matrix @ vectors) @ vector_weights
    assert matrix @ fold_back(weights, vector_weights, vectors) == pytest.approx(together)


def test_word_vectors_are_deterministic_and_zero_for_rare_words() -> None:
    """The same sentences give the same vectors; a vocabulary too small for them gives none."""
    names = [f"w{n:03d}" for n in range(100)]
    random = np.random.default_rng(2)
    sentences = [[names[n] for n in random.integers(0, 99, 12)] for _ in range(400)]
    vocabulary = Vocabulary([*names, "rare"])
    first, second = (word_vectors(sentences, vocabulary) for _ in range(2))
    assert (first == second).all()
    assert first[:99].any() and not first[100].any()
    assert not word_vectors([["rare"]], vocabulary).any()
