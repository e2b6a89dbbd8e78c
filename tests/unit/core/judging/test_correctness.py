"""Only judged articles count, and each figure is what it says, on cases small enough to check by hand."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from detector.core.evaluation import evaluate
from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.judging.correctness import daily_rate, judge, share
from detector.core.judging.frame import align, span_days
from detector.core.labelled import read_labelled
from detector.core.records import Classification, Evidence, Finding
from tests.unit.core.judging.frames import answers, articles, labels

CEASEFIRE, ATROCITY = EventType.CEASEFIRE, EventType.ATROCITY


def test_articles_without_labels_are_not_judged() -> None:
    """Neither as false alarms nor as right silences; labels of articles that were not read are counted."""
    frame = articles(3)
    found = answers(frame, {(0, "ceasefire"): (0.9, "agreed"), (1, "ceasefire"): (0.9, "agreed")})
    truth = align(labels({"a0": {"ceasefire": "agreed"}, "elsewhere": {}}), frame)
    (right,), _ = judge([found], truth, 1.0)
    assert (truth.judged.tolist(), truth.unknown_articles) == ([True, False, False], 1)
    assert right.types[CEASEFIRE].false_alarms == 0
    assert right.scores["all"]["ceasefire"].precision.value == 1.0
    assert right.confusion["none"]["none"] == 0


def test_the_last_version_of_an_article_is_judged() -> None:
    """An edit replaces what was said before."""
    frame = articles(2, ids=["a", "a"])
    found = answers(frame, {(0, "ceasefire"): (0.9, "agreed")})
    truth = align(labels({"a": {"ceasefire": "agreed"}}), frame)
    (right,), _ = judge([found], truth, None)
    assert (truth.judged.tolist(), truth.repeated) == ([False, True], 1)
    assert (right.types[CEASEFIRE].misses, right.false_alarms_per_day) == (1, None)


def test_an_unsure_label_counts_in_all_alone() -> None:
    frame = articles(1)
    truth = align(labels({"a0": {"ceasefire": "agreed"}}, a0={"ambiguous": frozenset({CEASEFIRE})}), frame)
    (right,), _ = judge([answers(frame, {})], truth, 1.0)
    assert right.scores["clear"]["ceasefire"].positives == 0
    assert right.scores["all"]["ceasefire"].positives == 1


def test_confusion_pairs_what_was_missed_with_what_fired_instead() -> None:
    """Labelled ceasefire and fired atrocity is one mistake of two names."""
    frame = articles(4)
    found = answers(
        frame, {(0, "atrocity"): (0.9, "alleged"), (1, "atrocity"): (0.8, "alleged"), (2, "ceasefire"): (0.7, "agreed")}
    )
    truth = align(
        labels({"a0": {"ceasefire": "agreed"}, "a1": {}, "a2": {"ceasefire": "agreed"}, "a3": {"solidarity": "held"}}),
        frame,
    )
    (right,), _ = judge([found], truth, 2.0)
    assert right.confusion["ceasefire"] == {"ceasefire": 1, "evacuation": 0, "atrocity": 1, "solidarity": 0, "none": 0}
    assert (right.confusion["none"]["atrocity"], right.confusion["solidarity"]["none"]) == (1, 1)
    assert right.types[ATROCITY].false_alarms_per_day == daily_rate(2, 2.0)


def test_a_status_is_judged_where_the_type_is_right_and_a_status_is_known() -> None:
    frame = articles(3)
    found = answers(frame, {(n, "ceasefire"): (0.9, "agreed") for n in range(3)})
    truth = align(
        labels({"a0": {"ceasefire": "agreed"}, "a1": {"ceasefire": "collapsed"}, "a2": {"ceasefire": None}}), frame
    )
    (right,), _ = judge([found], truth, 1.0)
    assert right.types[CEASEFIRE].statuses_judged == 2
    assert right.status_accuracy is not None and right.status_accuracy.value == 0.5
    assert right.status_confusion[CEASEFIRE]["collapsed"]["agreed"] == 1


def test_figures_are_those_of_evaluate() -> None:
    """Judging a replay and evaluating a file are one measure: same values, same intervals."""
    wanted = [{"ceasefire": "agreed"}, {}, {"ceasefire": "agreed"}, {"atrocity": "alleged"}, {}]
    said = {(0, "ceasefire"): (0.9, "agreed"), (1, "ceasefire"): (0.8, "agreed"), (3, "atrocity"): (0.6, "confirmed")}
    frame = articles(len(wanted))
    truth = align(labels({f"a{n}": statuses for n, statuses in enumerate(wanted)}), frame)
    (right,), _ = judge([answers(frame, said)], truth, 1.0)
    span = {"field": "text", "start": 0, "end": 1}
    gold = [
        {"id": f"a{n}", "text": "text", "labels": {k: {"status": s, "evidence": [span]} for k, s in one.items()}}
        for n, one in enumerate(wanted)
    ]
    piece = Evidence(field="text", start=0, end=1, sentence="t", confidence=0.9)
    classified = [
        Classification(
            scores={kind: said.get((n, kind.value), (0.1, ""))[0] for kind in EVENT_TYPES},
            findings=tuple(
                Finding(type=EventType(k), status=status, confidence=sure, threshold=0.5, evidence=(piece,), why=())
                for (row, k), (sure, status) in said.items()
                if row == n
            ),
        )
        for n in range(len(wanted))
    ]
    result = evaluate(read_labelled("\n".join(map(json.dumps, gold)).encode(), "gold"), classified)
    assert right.scores == result.scores
    assert right.status_accuracy is not None and right.status_accuracy.value == result.status_accuracy


def test_a_rate_has_the_exact_poisson_interval() -> None:
    """Ten in five days; the interval is that of Garwood's table, 4.80 to 18.39 for ten events."""
    figure = daily_rate(10, 5.0)
    assert figure is not None
    assert (figure.value, figure.low, figure.high) == pytest.approx((2.0, 4.795 / 5, 18.39 / 5), abs=1e-3)
    none = daily_rate(0, 2.0)
    assert none is not None and (none.value, none.low) == (0.0, 0.0)
    assert none.high == pytest.approx(3.689 / 2, abs=1e-3)
    assert daily_rate(3, None) is None


@given(st.integers(0, 50), st.integers(1, 50))
def test_a_share_lies_in_its_interval(part: int, more: int) -> None:
    figure = share(part, part + more)
    assert figure is not None and 0 <= figure.low <= figure.value <= figure.high <= 1
    assert share(0, 0) is None


@pytest.mark.parametrize(("part", "whole"), [(0, 7), (3, 7), (7, 7), (44, 100)])
def test_a_share_has_wilsons_interval(part: int, whole: int) -> None:
    """As scipy computes it, whose statistics take two seconds to import."""
    figure, known = share(part, whole), binomtest(part, whole).proportion_ci(method="wilson")
    assert figure is not None and (figure.low, figure.high) == pytest.approx((known.low, known.high))


def test_days_are_at_least_one_and_unknown_without_times() -> None:
    assert span_days(articles(3)) == 1.0
    assert span_days(articles(2, hours=[0, 72])) == 3.0
    assert span_days(articles(1, hours=[None])) is None
