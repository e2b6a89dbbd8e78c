"""Training is deterministic, adapts a given model, and says what is wrong with its sources."""

import json
import os
from pathlib import Path

import pytest

from detector.core.classifier import Classifier
from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.labelled import LabelledArticle, LabelledDataError, read_labelled
from detector.core.modelfile import ModelFileError, digest_of, model_from_bytes, model_to_bytes
from detector.core.records import Article
from detector.core.training import held_out_parts, train

ROOT = Path(__file__).parents[3]
CORPUS = ROOT / "seeds" / "corpus"
SHARED = Path(os.environ.get("DETECTOR_TEST_SHARED", ROOT.parent / "shared"))


@pytest.fixture(scope="module")
def passages() -> dict[str, list[LabelledArticle]]:
    """Every fourth passage of the project's own corpus."""
    return {path.name: read_labelled(path.read_bytes(), path.name)[::4] for path in sorted(CORPUS.glob("*.jsonl"))}


@pytest.fixture(scope="module")
def model(passages: dict[str, list[LabelledArticle]]) -> bytes:
    """A model of those passages."""
    return train(passages)


def test_training_twice_gives_the_same_bytes(passages: dict[str, list[LabelledArticle]], model: bytes) -> None:
    """Same sources, same digest."""
    assert digest_of(train(passages)) == digest_of(model)


def test_a_model_file_survives_a_round_trip(model: bytes) -> None:
    """Reading and writing again changes no byte."""
    assert model_to_bytes(model_from_bytes(model)) == model


def test_no_feature_holds_more_than_three_words(model: bytes) -> None:
    """The model carries n-grams, no sentences."""
    assert all(len(name.replace("<", " ").replace(">", " ").split()) <= 3 for name in model_from_bytes(model).features)


def test_a_small_model_knows_the_types_apart(model: bytes) -> None:
    """Even passages alone teach the plain cases."""
    classifier = Classifier.from_bytes(model)
    plain = {
        EventType.CEASEFIRE: "The two armies agreed a ceasefire on Sunday, to begin at midnight.",
        EventType.EVACUATION: "Some 900 residents were evacuated from their homes on Sunday as the flood rose.",
        EventType.SOLIDARITY: "Hundreds held a candlelight vigil on Sunday in solidarity with the victims.",
    }
    answers = classifier.classify([Article(id=kind, text=text) for kind, text in plain.items()])
    for kind, answer in zip(plain, answers, strict=True):
        assert max(answer.scores, key=lambda name: answer.scores[name]) == kind


def test_an_initial_model_is_adapted(passages: dict[str, list[LabelledArticle]], model: bytes) -> None:
    """Starting from a model keeps its features and records where it came from."""
    name = next(iter(passages))
    adapted = model_from_bytes(train(passages, initial=model))
    assert set(model_from_bytes(model).features) <= set(adapted.features)
    assert adapted.notes["initial"] == digest_of(model)
    assert name in adapted.notes["articles"]


def test_a_missing_type_is_named() -> None:
    """Sources without some type cannot train it."""
    record = {"id": "a", "text": "It rained.", "labels": {}}
    articles = read_labelled(json.dumps(record).encode(), "mine.jsonl")
    with pytest.raises(LabelledDataError, match=r"mine.jsonl, field labels.ceasefire"):
        train({"mine.jsonl": articles})


def test_another_format_is_refused(model: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of another layout says so."""
    monkeypatch.setattr("detector.core.modelfile.FORMAT", 99)
    with pytest.raises(ModelFileError, match="train it anew"):
        model_from_bytes(model)


def test_every_article_is_held_out_once_at_random(passages: dict[str, list[LabelledArticle]]) -> None:
    """The random parts are a partition."""
    articles = [item for items in passages.values() for item in items]
    parts = held_out_parts(articles, 5)
    assert sorted(n for part in parts for n in part) == list(range(len(articles)))


@pytest.mark.skipif(
    not (SHARED / "gold").is_dir(), reason=f"no labelled news at {SHARED / 'gold'} (DETECTOR_TEST_SHARED)"
)
def test_the_shipped_model_holds_on_dev() -> None:
    """The figures of the model card, with a little room."""
    from detector.core.evaluation import evaluate  # noqa: PLC0415 - slow, and only where the gold folder is

    gold = read_labelled((SHARED / "gold" / "dev.jsonl").read_bytes(), "dev.jsonl")
    classifier = Classifier.from_bytes((ROOT / "detector" / "models" / "default.npz").read_bytes())
    result = evaluate(gold, classifier.classify([item.article for item in gold]))
    assert result.scores["clear"]["macro"].f1.value >= 0.90
    assert result.evidence_hit_rate >= 0.90
    assert max(result.quality[kind].calibration_error for kind in EVENT_TYPES) <= 0.05
