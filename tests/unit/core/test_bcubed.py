"""B-cubed on groupings small enough to be worked out by hand, overlapping events among them."""

import pytest

from detector.core.correlation.bcubed import bcubed, wrong_pairs
from detector.core.correlation.judged import halves, read_memberships
from detector.core.labelled import LabelledDataError

ONE, TWO = frozenset(("one",)), frozenset(("two",))


@pytest.mark.parametrize(
    ("found", "judged", "precision", "recall"),
    [
        ("AABB", [ONE, ONE, TWO, TWO], 1.0, 1.0),
        ("ABCD", [ONE, ONE, TWO, TWO], 1.0, 0.5),
        ("AAAA", [ONE, ONE, TWO, TWO], 0.5, 1.0),
        # Three together of which one does not belong: (2/3 + 2/3 + 1/3 + 1) / 4, and of it half the second event is missed.
        ("AAAB", [ONE, ONE, TWO, TWO], 2 / 3, 3 / 4),
        ("A", [ONE], 1.0, 1.0),
        # The middle article reports both events; a grouping can put it with one of them only.
        ("AAB", [ONE, ONE | TWO, TWO], 1.0, (1 + (1 / 2 + 1) / 3 + 1 / 2) / 3),
    ],
)
def test_figures_by_hand(found: str, judged: list[frozenset[str]], precision: float, recall: float) -> None:
    groups, events = dict(enumerate(found)), dict(enumerate(judged))
    score = bcubed(groups, events)
    assert score.precision == pytest.approx(precision)
    assert score.recall == pytest.approx(recall)
    assert score.f1 == pytest.approx(2 * precision * recall / (precision + recall))


def test_wrong_pairs_name_both_sides() -> None:
    merged, parted = wrong_pairs(dict(enumerate("AAB")), {0: ONE, 1: TWO, 2: TWO})
    assert (merged, parted) == ([(0, 1)], [(1, 2)])


def test_memberships_are_read_and_halved_by_event() -> None:
    lines = b"\n".join(
        b'{"article_id": "a%d", "type": "atrocity", "event_id": "e%d", "place": {"name": "X"}, "event_start": "2016"}'
        % (n, n % 4)
        for n in range(8)
    )
    memberships = read_memberships(lines + b"\n\n", "mine.jsonl")
    assert (memberships[1].event_id, memberships[1].place, memberships[1].event_title) == ("e1", "X", "e1")
    assert halves(memberships) == (frozenset(("e0", "e2")), frozenset(("e1", "e3")))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no memberships"),
        (b"[]", "line 1"),
        (b"{", "line 1"),
        (b'{"article_id": "a", "type": "strike", "event_id": "e"}', "line 1"),
        (b'{"article_id": "a", "type": "atrocity"}', "event_id"),
    ],
)
def test_a_malformed_file_is_named_by_line(data: bytes, message: str) -> None:
    with pytest.raises(LabelledDataError, match=message):
        read_memberships(data, "mine.jsonl")
