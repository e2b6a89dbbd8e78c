"""Labels are read in both forms; a fault names its line and field, and nothing is guessed."""

import json

import pytest

from detector.core.eventtypes import EventType
from detector.core.judging.labels import read_label_lines, with_events
from detector.core.labelled import LabelledDataError


def lines(*records: object) -> bytes:
    """JSON Lines."""
    return "\n".join(json.dumps(record) for record in records).encode()


def test_labelled_news_gives_status_evidence_and_doubt() -> None:
    """The form of the corpus; offsets are not needed."""
    record = {
        "id": "a",
        "text": "They agreed a truce.",
        "labels": {"ceasefire": {"status": "agreed", "evidence": [{"start": 0, "end": 4, "text": "They"}]}},
        "ambiguous": ["atrocity"],
    }
    labels = read_label_lines(lines(record), "file")["a"]
    assert labels.statuses == {EventType.CEASEFIRE: "agreed"}
    assert labels.evidence == {EventType.CEASEFIRE: "They"}
    assert labels.ambiguous == {EventType.ATROCITY}


def test_the_short_form_needs_id_and_types_alone() -> None:
    """A status may be unknown; an empty object says that there is nothing."""
    found = read_label_lines(
        lines(
            {"article_id": "a", "types": {"ceasefire": "agreed", "atrocity": None}},
            {"article_id": "b", "types": {}},
            {"article_id": "c", "types": ["solidarity"]},
        ),
        "file",
    )
    assert found["a"].statuses == {EventType.CEASEFIRE: "agreed", EventType.ATROCITY: None}
    assert found["b"].statuses == {}
    assert found["c"].statuses == {EventType.SOLIDARITY: None}


def test_events_come_with_the_label_or_from_a_file() -> None:
    """An article may report several; memberships of other articles are passed over."""
    labels = read_label_lines(
        lines(
            {"article_id": "a", "types": {"ceasefire": "agreed"}, "event": "e1"},
            {"article_id": "b", "types": {"ceasefire": "agreed"}, "event": {"ceasefire": ["e1", "e2"]}},
        ),
        "file",
    )
    assert labels["a"].events == {EventType.CEASEFIRE: ("e1",)}
    assert labels["b"].events == {EventType.CEASEFIRE: ("e1", "e2")}
    grouped = with_events(
        labels,
        lines(
            {"article_id": "a", "type": "ceasefire", "event_id": "e3"},
            {"article_id": "elsewhere", "type": "ceasefire", "event_id": "e3"},
        ),
        "events",
    )
    assert grouped["a"].events == {EventType.CEASEFIRE: ("e1", "e3")}
    assert set(grouped) == {"a", "b"}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ("text", "line 2: not a JSON object"),
        ({"types": {}}, "line 2, field article_id"),
        ({"article_id": " ", "types": {}}, "field article_id"),
        ({"article_id": "a"}, "field types: must be an object"),
        ({"article_id": "a", "types": {"strike": None}}, "field types.strike: unknown type"),
        ({"article_id": "a", "types": {"ceasefire": "held"}}, "field types.ceasefire: 'held' is no status"),
        ({"article_id": "a", "types": [1]}, "field types"),
        ({"article_id": "a", "types": {}, "ambiguous": ["strike"]}, "field ambiguous"),
        ({"article_id": "a", "types": {}, "event": {"strike": "e"}}, "field event"),
        ({"article_id": "a", "types": {"ceasefire": None}, "event": 7}, "field event"),
        ({"article_id": "first", "types": {}}, "'first' was labelled in an earlier line"),
    ],
)
def test_a_fault_names_line_and_field(record: object, message: str) -> None:
    with pytest.raises(LabelledDataError, match=message):
        read_label_lines(lines({"article_id": "first", "types": {}}, record), "file")


@pytest.mark.parametrize(("data", "message"), [(b"", "no labels"), (b"{", "not JSON"), (b"\xff", "not UTF-8")])
def test_a_file_that_is_none_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(LabelledDataError, match=message):
        read_label_lines(data, "file")


@pytest.mark.parametrize(
    "record", ["x", {"article_id": "a", "type": "strike", "event_id": "e"}, {"article_id": "a", "type": "ceasefire"}]
)
def test_a_faulty_membership_is_refused(record: object) -> None:
    with pytest.raises(LabelledDataError, match="events, line 1"):
        with_events({}, lines(record), "events")
