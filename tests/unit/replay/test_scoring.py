"""A replay's scoring makes of a record what the live detector makes of it."""

import json

import pytest

from detector.core import wire
from detector.core.detect import Detector
from detector.core.records import Article
from detector.loading import read_model
from detector.replay.scoring import Scorer
from detector.settings import TopicSettings
from detector.stream.messages import Incoming

OFFSET = 41
SIGNED = "The government and the rebels signed a ceasefire agreement on Tuesday, both sides said."


@pytest.mark.parametrize(
    ("text", "key", "country"),
    [
        (f"DAMASCUS, Syria - {SIGNED} Guns fell silent in Damascus.", b"ceasefire|SY", "SY"),
        (SIGNED, b"ceasefire|-", None),
    ],
    ids=["located", "unlocated"],
)
def test_a_detection_is_the_live_one(detector: Detector, text: str, key: bytes, country: str | None) -> None:
    """Sketch, figures and revision too. A key without a country ends in a bucket of the content, which is no country."""
    value = json.dumps({"id": "a", "text": text}).encode()
    record = Incoming(topic="articles", partition=0, offset=OFFSET, timestamp=None, key=None, value=value)
    scored = Scorer([(read_model(), {})], TopicSettings()).score(1, [record])
    ((sent_key, sent_value),) = [one for found in scored.found for one in found.detections]
    again = wire.decode_detection(sent_value)
    ((_, (live,)),) = detector.detect(
        [Article(id="a", text=text)], ingested_at=[None], detected_at=again.detected_at, revisions=[OFFSET]
    )
    assert again.revision == OFFSET
    assert again.sketch.terms
    assert sent_value == wire.encode_detection(live)
    assert sent_key.startswith(key)
    ((_n, _model, _type, _status, _confidence, kept, _record),) = scored.tables["detections"]
    assert kept == country
