"""Labelled files are checked to the field, and faults are named."""

import json
from typing import Any

import pytest

from detector.core.eventtypes import EventType
from detector.core.labelled import LabelledDataError, read_labelled, require_all_types

TEXT = "Both sides agreed a truce. It rained."


def record(**changes: Any) -> dict[str, Any]:
    """A valid record with some fields changed."""
    span = {"field": "text", "start": 0, "end": 26, "text": "Both sides agreed a truce."}
    labels = {"ceasefire": {"status": "agreed", "evidence": [span]}}
    return {"id": "a-1", "title": "Truce", "text": TEXT, "labels": labels, "ambiguous": [], **changes}


def lines(*records: object) -> bytes:
    """The records as JSON Lines."""
    return "\n".join(json.dumps(item) for item in records).encode()


def test_reads_a_valid_file() -> None:
    """Labels, evidence, ambiguity and family arrive typed; blank lines are skipped."""
    (labelled,) = read_labelled(lines(record(ambiguous=["atrocity"], family="wire")) + b"\n\n", "gold.jsonl")
    label = labelled.labels[EventType.CEASEFIRE]
    assert (label.status, label.evidence[0].end) == ("agreed", 26)
    assert labelled.ambiguous == {EventType.ATROCITY}
    assert labelled.family == "wire"


def evidence(**changes: Any) -> dict[str, Any]:
    """Labels whose only evidence has some fields changed."""
    span = {"field": "text", "start": 0, "end": 26, "text": "Both sides agreed a truce."}
    return {"ceasefire": {"status": "agreed", "evidence": [{**span, **changes}]}}


@pytest.mark.parametrize(
    ("data", "place", "problem"),
    [
        (lines(record(), record()), "gold.jsonl, line 2, field id", "line 1"),
        (lines(record(labels={"strike": {}})), "line 1, field labels.strike", "unknown type"),
        (lines(record(labels={"ceasefire": {"status": "held", "evidence": []}})), "labels.ceasefire.status", "'held'"),
        (
            lines(record(labels={"ceasefire": {"status": "agreed", "evidence": []}})),
            "labels.ceasefire.evidence",
            "non-empty",
        ),
        (lines(record(labels=evidence(end=99))), "labels.ceasefire.evidence[0]", "37 characters"),
        (lines(record(labels=evidence(start=5, end=5))), "labels.ceasefire.evidence[0]", "offsets 5..5"),
        (lines(record(labels=evidence(start=True))), "labels.ceasefire.evidence[0]", "offsets"),
        (lines(record(labels=evidence(text="Other"))), "labels.ceasefire.evidence[0].text", "0..26"),
        (lines(record(labels=evidence(field="body"))), "labels.ceasefire.evidence[0]", "title or text"),
        (lines(record(labels=None)), "field labels", "object"),
        (lines(record(ambiguous=["strike"])), "field ambiguous", "types"),
        (lines(record(id="")), "field id", "non-empty"),
        (lines(record(text=7)), "field text", "non-empty"),
        (lines(record(title=7)), "field title", "string"),
        (lines([1]), "line 1", "not a JSON object"),
        (b"{", "line 1", "not JSON"),
        (lines(record()) + b"\n\xff", "line 2", "UTF-8"),
        (b"\n \n", "gold.jsonl", "no articles"),
    ],
)
def test_faults_name_file_line_and_field(data: bytes, place: str, problem: str) -> None:
    """Every fault says where it is and what is wrong."""
    with pytest.raises(LabelledDataError) as caught:
        read_labelled(data, "gold.jsonl")
    assert "gold.jsonl" in str(caught.value)
    assert place in str(caught.value)
    assert problem in str(caught.value)


def test_each_type_must_occur() -> None:
    """Training on a file without some type is refused by name."""
    articles = read_labelled(lines(record(), record(id="a-2", labels={})), "gold.jsonl")
    with pytest.raises(LabelledDataError, match=r"gold.jsonl, field labels.evacuation: no article"):
        require_all_types({"gold.jsonl": articles})
