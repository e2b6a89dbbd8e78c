"""The status is read from all sentences that tell of the event, and from cues in them."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from detector.core.eventtypes import ALL_STATUSES, STATUSES, EventType
from detector.core.statuscues import CUE_SCALE, CUES, TITLE_SHARE, article_row, cue_row, own_cues, sentence_shares
from detector.core.tokens import words


def cues_of(sentence: str, kind: EventType) -> set[str]:
    """The statuses whose cues stand in a sentence, with `@` when near a word of the event."""
    row = cue_row(words(sentence), STATUSES[kind])
    return {ALL_STATUSES[place // 2] + "@" * (place % 2) for place in np.flatnonzero(row)}


@pytest.mark.parametrize(
    ("sentence", "kind", "found"),
    [
        ("The truce collapsed on Monday.", EventType.CEASEFIRE, {"collapsed", "collapsed@"}),
        ("The cease-fire was extended by three days.", EventType.CEASEFIRE, {"extended", "extended@"}),
        ("The rebels rejected the truce.", EventType.CEASEFIRE, {"rejected", "rejected@"}),
        ("Residents were ordered to evacuate.", EventType.EVACUATION, {"planned", "planned@"}),
        ("The evacuation was called off.", EventType.EVACUATION, {"cancelled", "cancelled@"}),
        ("The army denied the claim.", EventType.ATROCITY, {"alleged", "denied"}),
        ("The vigil is scheduled for Friday.", EventType.SOLIDARITY, {"announced", "announced@"}),
        ("Bread is dear.", EventType.SOLIDARITY, set()),
    ],
)
def test_cues(sentence: str, kind: EventType, found: set[str]) -> None:
    """Only cues of the type's own statuses are looked for."""
    assert cues_of(sentence, kind) == found


def test_best_sentences_and_title_count_most() -> None:
    """Unrelated sentences count nothing, related ones a little."""
    shares = sentence_shares(np.array([-6.0, 3.0, -2.0, 2.5, -6.0]), first_is_title=False)
    assert shares[[0, 4]] == pytest.approx([0, 0])
    assert shares[1] > shares[3] > shares[2] > 0
    assert shares.sum() == pytest.approx(2.0)
    titled = sentence_shares(np.array([-6.0, 3.0]), first_is_title=True)
    assert titled[0] == pytest.approx(TITLE_SHARE)


def test_without_a_likely_sentence_the_best_one_counts() -> None:
    """There is always something to read a status from."""
    assert sentence_shares(np.array([-9.0, -8.0]), first_is_title=False)[1] > 0


def test_an_article_row_is_a_mean_of_sentences_and_their_cues() -> None:
    """Features first, the cues after them."""
    rows = csr_matrix(np.array([[7.0, 7.0], [1.0, 0.0], [0.0, 1.0]]))
    told = [words("The truce collapsed."), words("Bread is dear.")]
    columns, values = article_row(np.array([0.5, 0.25]), rows, 1, told, STATUSES[EventType.CEASEFIRE])
    row = np.bincount(columns, values, minlength=2 + CUES)
    assert row.shape == (2 + CUES,)
    assert row[:2] == pytest.approx([0.5, 0.25])
    assert row[2 + np.array(own_cues(["collapsed"]))] == pytest.approx([0.5 * CUE_SCALE] * 2)
