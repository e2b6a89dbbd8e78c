"""Thresholds from the settings replace the model's own, for the model that they were chosen for."""

import pytest

from detector.core.eventtypes import EventType
from detector.core.records import Article
from detector.errors import ModelError
from detector.loading import load_classifier

TRUCE = Article(id="a", text="The government and the rebels agreed a ceasefire on Monday, the United Nations said.")


def test_a_threshold_decides_what_fires_and_leaves_scores_and_digest() -> None:
    """The others keep the model's."""
    own = load_classifier()
    strict = load_classifier(thresholds={"ceasefire": 0.9999}, chosen_for=own.info.digest)
    assert strict.info == own.info
    assert strict.thresholds == {**own.thresholds, EventType.CEASEFIRE: 0.9999}
    (before,), (after,) = own.classify([TRUCE]), strict.classify([TRUCE])
    assert before.scores == after.scores
    assert [finding.type for finding in before.findings] == [EventType.CEASEFIRE]
    assert after.findings == ()


def test_thresholds_of_another_model_are_refused() -> None:
    """With what to do about it; without thresholds nothing was chosen."""
    with pytest.raises(
        ModelError, match=r"chosen for model 0123456789abcdef, but model \w+ is loaded: choose them anew"
    ):
        load_classifier(thresholds={"ceasefire": 0.9}, chosen_for="0123456789abcdef")
    assert load_classifier(thresholds={}, chosen_for="0123456789abcdef").thresholds
