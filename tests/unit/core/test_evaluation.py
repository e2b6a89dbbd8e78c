"""Figures are computed as defined, on cases small enough to check by hand."""

import json

import numpy as np
import pytest

from detector.core.baselines import DocumentBaseline, classify_by_keywords
from detector.core.crossing import MINIMUM_POSITIVES, cross_by_family
from detector.core.evaluation import evaluate, expected_calibration_error
from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.labelled import LabelledArticle, LabelledDataError, read_labelled
from detector.core.pairs import pair_scores, read_pairs
from detector.core.records import Article, Classification, Evidence, Finding
from detector.core.resampling import METRICS, RESAMPLES, ROWS, Decisions, average_precision, resampled


def gold(*kinds: tuple[str, ...], ambiguous: tuple[str, ...] = ()) -> list[LabelledArticle]:
    """An article per tuple of types; the evidence is its first five characters."""
    status = {"ceasefire": "agreed", "evacuation": "planned", "atrocity": "reported", "solidarity": "held"}
    records = [
        {
            "id": f"a{n}",
            "text": "First <sentence>. Second one.",
            "labels": {
                kind: {"status": status[kind], "evidence": [{"field": "text", "start": 0, "end": 5}]} for kind in named
            },
            "ambiguous": list(ambiguous),
        }
        for n, named in enumerate(kinds)
    ]
    return read_labelled("\n".join(map(json.dumps, records)).encode(), "gold")


def answer(*kinds: str, status: str = "agreed", start: int = 0) -> Classification:
    """An answer that finds the given types with 0.9 and the others with 0.1."""
    piece = Evidence(field="text", start=start, end=start + 17, sentence="First <sentence>.", confidence=0.9)
    findings = tuple(
        Finding(type=EventType(kind), status=status, confidence=0.9, threshold=0.5, evidence=(piece,), why=())
        for kind in kinds
    )
    return Classification(scores={kind: 0.9 if kind in kinds else 0.1 for kind in EVENT_TYPES}, findings=findings)


def test_precision_recall_and_f1() -> None:
    """One hit, one miss, one false alarm."""
    result = evaluate(gold(("ceasefire",), ("ceasefire",), ()), [answer("ceasefire"), answer(), answer("ceasefire")])
    row = result.scores["all"]["ceasefire"]
    assert (row.precision.value, row.recall.value, row.f1.value) == (0.5, 0.5, 0.5)
    assert row.f1.low <= row.f1.value <= row.f1.high
    assert [(item.article_id, item.expected) for item in result.mistakes] == [("a1", True), ("a2", False)]


def test_clear_figures_leave_unsure_pairs_out() -> None:
    """A wrong answer on an unsure label counts only in `all`."""
    result = evaluate(gold(("ceasefire",), ambiguous=("ceasefire",)), [answer()])
    assert result.scores["clear"]["ceasefire"].positives == 0
    assert result.scores["all"]["ceasefire"].positives == 1


def test_status_and_evidence_are_judged_where_the_type_is_right() -> None:
    """A right type with another status and evidence elsewhere counts as neither."""
    right = evaluate(gold(("ceasefire",)), [answer("ceasefire")])
    wrong = evaluate(gold(("ceasefire",)), [answer("ceasefire", status="violated", start=12)])
    assert (right.status_accuracy, right.evidence_hit_rate) == (1.0, 1.0)
    assert (wrong.status_accuracy, wrong.evidence_hit_rate) == (0.0, 0.0)


def test_average_precision_of_a_ranking() -> None:
    """Hits at ranks 1 and 3 of three: (1 + 2/3) / 2."""
    truth, used = np.array([True, False, True]), np.ones(3, dtype=np.bool_)
    value = average_precision(truth, np.array([0.9, 0.8, 0.7]), used, np.ones((1, 3)))
    assert value[0] == pytest.approx(5 / 6)


def test_calibration_error() -> None:
    """Two articles at 0.75, one of them true: off by a quarter."""
    assert expected_calibration_error(np.array([0.75, 0.75]), np.array([True, False])) == pytest.approx(0.25)


PAIR = {
    "id": "p",
    "type": "ceasefire",
    "rule": "negated",
    "a": {"text": "They agreed a truce.", "labels": {"ceasefire": {"status": "agreed"}}},
    "b": {"text": "They agreed no truce.", "labels": {}},
}


def test_a_pair_is_right_only_on_both_sides() -> None:
    """Firing on both sides gets one side right."""
    pairs = read_pairs(json.dumps(PAIR).encode(), "pairs")
    assert pair_scores(pairs, [answer("ceasefire"), answer()])["all"].both_right == 1
    score = pair_scores(pairs, [answer("ceasefire"), answer("ceasefire")])["negated"]
    assert (score.both_right, score.sides_right) == (0, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"type": "strike"}, "line 1"), ({"a": {"text": "x", "labels": {"ceasefire": {"status": "held"}}}}, "status")],
)
def test_faulty_pairs_are_refused(change: dict[str, object], message: str) -> None:
    """The error names the line."""
    with pytest.raises(LabelledDataError, match=message):
        read_pairs(json.dumps({**PAIR, **change}).encode(), "pairs")


def test_keyword_baseline_fires_on_its_words() -> None:
    """A practitioner's list knows no negation."""
    found = classify_by_keywords(
        [Article(id="a", text="No cease-fire was discussed."), Article(id="b", text="It rained.")]
    )
    assert [[finding.type for finding in item.findings] for item in found] == [[EventType.CEASEFIRE], []]


def test_document_baseline_learns_words() -> None:
    """It answers for every article and type."""
    articles = gold(*[("ceasefire", "atrocity"), (), ("evacuation",), ("solidarity",)] * 3)
    baseline = DocumentBaseline(articles)
    answers = baseline.classify([item.article for item in articles])
    assert all(set(item.scores) == set(EVENT_TYPES) for item in answers)


def test_small_families_are_not_crossed() -> None:
    """A family with few positives is no judge."""
    articles = gold(*[("ceasefire",)] * (MINIMUM_POSITIVES - 1))
    assert cross_by_family({"gold": articles}, articles) == []


def test_resamples_are_drawn_in_chunks_that_do_not_change_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bounded memory gives the same figures."""
    random = np.random.default_rng(5)
    truth = random.random((60, len(EVENT_TYPES))) < 0.3
    chances = random.random(truth.shape)
    case = Decisions(truth=truth, fired=chances > 0.5, chances=chances, used=np.ones_like(truth))
    (whole,) = resampled([case])
    monkeypatch.setattr("detector.core.resampling._CHUNK", 7 * 60)
    (chunked,) = resampled([case])
    assert whole.shape == (1 + RESAMPLES, len(ROWS), len(METRICS))
    assert np.array_equal(whole, chunked)


def test_cases_share_their_resamples() -> None:
    """So that the difference between a model and itself is nothing in every resample."""
    truth = np.array([[True, False, False, False], [False] * 4] * 10)
    case = Decisions(truth=truth, fired=truth, chances=truth.astype(float), used=np.ones_like(truth))
    first, second = resampled([case, case])
    assert np.array_equal(first, second)
