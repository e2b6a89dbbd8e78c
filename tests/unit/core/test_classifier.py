"""The shipped classifier: exact evidence, additive reasons, and answers that depend on the article alone."""

import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from detector.core.classifier import REASONS, Classifier
from detector.core.eventtypes import STATUSES, EventType
from detector.core.modelfile import ModelFileError
from detector.core.operating import classifier_at
from detector.core.parsing import parse_article
from detector.core.records import Article

MODEL = Path(__file__).parents[3] / "detector" / "models" / "default.npz"
SAMPLES = Path(__file__).parents[3] / "seeds" / "articles"
MINIMUM_FOUND = 20

ALEPPO = Article(
    id="story",
    title="Buses leave besieged quarter under truce",
    text=(
        "A ceasefire between the government and the rebels came into force in the city at dawn on Thursday.\n"
        "Buses and ambulances evacuated some 4,000 fighters and civilians from the besieged eastern districts.\n"
        "The UN said it had credible reports that pro-government forces had massacred at least 82 civilians.\n"
        "In Paris the lights of the Eiffel Tower were switched off in solidarity with the people of the city.\n"
        "The price of bread fell for the third week."
    ),
)
QUIET = Article(
    id="quiet", title="Bread prices", text="The price of bread fell for the third week. Bakers were pleased."
)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """The shipped classifier."""
    return Classifier.from_bytes(MODEL.read_bytes())


def test_finds_every_type_with_its_sentence(classifier: Classifier) -> None:
    """Each type rests on the sentence that a reader would point at, with exact offsets."""
    (answer,) = classifier.classify([ALEPPO])
    telling = {
        EventType.CEASEFIRE: "ceasefire",
        EventType.EVACUATION: "evacuated",
        EventType.ATROCITY: "massacred",
        EventType.SOLIDARITY: "solidarity",
    }
    assert {finding.type for finding in answer.findings} == set(EventType)
    for finding in answer.findings:
        assert finding.status in STATUSES[finding.type]
        assert finding.confidence >= finding.threshold
        assert finding.confidence == answer.scores[finding.type]
        assert 1 <= len(finding.evidence) <= 3
        for piece in finding.evidence:
            body = ALEPPO.text if piece.field == "text" else ALEPPO.title or ""
            assert body[piece.start : piece.end] == piece.sentence
        assert any(telling[finding.type] in piece.sentence for piece in finding.evidence)


def test_quiet_news_is_no_event(classifier: Classifier) -> None:
    """An article without a telling word has low scores and no finding."""
    (answer,) = classifier.classify([QUIET])
    assert answer.findings == ()
    assert set(answer.scores) == set(EventType)
    assert max(answer.scores.values()) < 0.2


def test_reasons_add_up_to_the_decision_function(classifier: Classifier) -> None:
    """The named features, the rest and the intercept sum to the score of the best evidence sentence."""
    (answer,) = classifier.classify([ALEPPO])
    for finding in answer.findings:
        total = sum(reason.weight for reason in finding.why)
        assert total == pytest.approx(classifier.decision(ALEPPO, finding.evidence[0], finding.type), abs=1e-4)
        assert len(finding.why) <= REASONS + 2


def test_an_answer_does_not_depend_on_the_batch(classifier: Classifier) -> None:
    """Alone, repeated, or among others in any order: the same answer to the byte."""
    alone = classifier.classify([ALEPPO])[0]
    batch = classifier.classify([QUIET, ALEPPO, QUIET, ALEPPO])
    assert repr(batch[1]) == repr(batch[3]) == repr(alone)
    assert repr(batch[0]) == repr(classifier.classify([QUIET])[0])
    assert classifier.classify([]) == []


def test_close_below_the_threshold_is_a_doubt_with_its_sentence() -> None:
    """With a threshold that nothing reaches, what fired becomes a doubt; nothing is both."""
    data = (Path(__file__).parents[3] / "detector" / "models" / "default.npz").read_bytes()
    (plain,) = Classifier.from_bytes(data).classify([ALEPPO])
    (strict,) = classifier_at(data, {"solidarity": 1.01}).classify([ALEPPO])
    assert {finding.type for finding in strict.findings} == {f.type for f in plain.findings} - {EventType.SOLIDARITY}
    doubt = next(doubt for doubt in strict.doubts if doubt.type == EventType.SOLIDARITY)
    (found,) = [finding for finding in plain.findings if finding.type == EventType.SOLIDARITY]
    assert (doubt.sentence, doubt.confidence, doubt.threshold) == (found.evidence[0].sentence, found.confidence, 1.01)
    assert EventType.SOLIDARITY not in {doubt.type for doubt in plain.doubts}


def test_case_of_the_letters_makes_little_difference(classifier: Classifier) -> None:
    """Old wires in capitals and feeds in lower case raise the same types."""
    for changed in (str.upper, str.lower):
        article = Article(id="x", title=changed(ALEPPO.title or ""), text=changed(ALEPPO.text))
        (answer,) = classifier.classify([article])
        assert {finding.type for finding in answer.findings} == set(EventType)


def test_the_sample_articles_are_found_in_any_case(classifier: Classifier) -> None:
    """All capitals or all lower case change at most one of the types found in the sample articles."""
    samples = [parse_article(path.read_bytes()) for path in sorted(SAMPLES.glob("*.json"))]
    articles = [sample for sample in samples if isinstance(sample, Article)]
    found = _pairs_found(classifier, articles)
    assert len(found) >= MINIMUM_FOUND
    for changed in (str.upper, str.lower):
        written = [replace(each, title=changed(each.title or ""), text=changed(each.text)) for each in articles]
        assert len(found ^ _pairs_found(classifier, written)) <= 1


def _pairs_found(classifier: Classifier, articles: list[Article]) -> set[tuple[str, EventType]]:
    """Every article with a type that is found in it."""
    answers = classifier.classify(articles)
    return {(article.id, f.type) for article, answer in zip(articles, answers, strict=True) for f in answer.findings}


@pytest.mark.parametrize(
    "text",
    [
        "x" * 900_000,
        "a. " * 100_000,
        "\n" * 1_000_000,
        "ceasefire massacre " * 45_000,
        "killed civilians massacre. " * 35_000,
        "killed civilians massacre\n" * 35_000,
        "ceasefire" * 100_000,
        "é" * 500_000,
        "İ killed " * 80_000,
        "\ud800 killed \x00 " * 50_000,
    ],
    ids=["word", "short", "newlines", "stems", "sentences", "lines", "glued", "accents", "odd case", "surrogates"],
)
def test_hostile_input_is_bounded(classifier: Classifier, text: str) -> None:
    """A megabyte of anything takes under two seconds and under 200 MB."""
    article = Article(id="x", text=text)
    started = time.process_time()
    classifier.classify([article])
    assert time.process_time() - started < 2.0
    tracemalloc.start()
    classifier.classify([article])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200e6


@pytest.mark.parametrize("data", [b"", b"nonsense", b"PK\x03\x04broken"])
def test_a_damaged_model_file_is_refused(data: bytes) -> None:
    """What is no model file is an error that says so."""
    with pytest.raises(ModelFileError, match="not a detector model file"):
        Classifier.from_bytes(data)


def test_the_model_file_is_small_and_quick_to_load() -> None:
    """At most 15 MB, loaded in under a second."""
    data = MODEL.read_bytes()
    assert len(data) <= 15e6
    started = time.process_time()
    Classifier.from_bytes(data)
    assert time.process_time() - started < 1.0
