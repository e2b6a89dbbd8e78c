"""Labelled files from disk: folders, texts kept elsewhere, and errors that name file, line and field."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from detector.core.labelled import LabelledDataError
from detector.corpus import default_judged, read_records, read_sources

LABELLED: dict[str, Any] = {
    "id": "a",
    "labels": {"ceasefire": {"status": "agreed", "evidence": [{"field": "text", "start": 0, "end": 5}]}},
}
TEXTS = {"id": "a", "title": "Truce", "text": "Truce agreed.", "family": "wire", "sample": "random"}


def _lines(path: Path, *records: object) -> Path:
    data = "".join(json.dumps(record) + "\n" for record in records).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.mark.parametrize("name", ["texts.jsonl", "texts.jsonl.gz"])
def test_labels_without_a_text_take_it_by_id(tmp_path: Path, name: str) -> None:
    """And with it all that the labels do not say themselves."""
    labels = _lines(tmp_path / "labels.jsonl", LABELLED)
    (item,) = read_sources([labels], [_lines(tmp_path / name, TEXTS)])[str(labels)]
    assert (item.article.title, item.article.text) == ("Truce", "Truce agreed.")
    assert (item.family, item.sample) == ("wire", "random")


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (None, r"labels.jsonl, line 1, field text: is missing, and no file of texts is given \(--texts\)"),
        ([], "labels.jsonl, line 1, field id: 'a' is in no file of texts"),
        ([{"id": "a"}], "texts.jsonl, line 1: no article: 'text'"),
        ([{**TEXTS, "text": "Tru"}], r"field labels.ceasefire.evidence\[0\]: offsets 0..5 do not lie inside the text"),
    ],
)
def test_texts_that_are_missing_are_named(tmp_path: Path, texts: list[object] | None, message: str) -> None:
    """No file, no such article, no article at all, and another text than the labels were made for."""
    labels = _lines(tmp_path / "labels.jsonl", LABELLED)
    files = [] if texts is None else [_lines(tmp_path / "texts.jsonl", *texts)]
    with pytest.raises(LabelledDataError, match=message):
        read_sources([labels], files)


def test_what_is_not_gzip_is_said(tmp_path: Path) -> None:
    """The name promises it, the bytes do not hold it."""
    path = tmp_path / "texts.jsonl.gz"
    path.write_text("plain")
    with pytest.raises(LabelledDataError, match=r"texts.jsonl.gz: not gzip"):
        read_records(path)


def test_a_damaged_archive_is_said(tmp_path: Path) -> None:
    """Bits inside that do not unpack, where the head is that of gzip, and an archive that is cut off."""
    whole = _lines(tmp_path / "texts.jsonl.gz", TEXTS).read_bytes()
    for damaged in (whole[:10] + b"\xff" * 20 + whole[30:], whole[:-12]):
        (tmp_path / "damaged.jsonl.gz").write_bytes(damaged)
        with pytest.raises(LabelledDataError, match=r"damaged.jsonl.gz: not gzip"):
            read_records(tmp_path / "damaged.jsonl.gz")


def test_the_judged_labels_hold_no_text() -> None:
    """Labels of other people's news may be in the repository, their sentences may not."""
    for line in default_judged().read_text("utf-8").splitlines():
        record = json.loads(line)
        assert set(record) <= {"id", "labels", "ambiguous", "by"}
        for label in record["labels"].values():
            assert set(label) == {"status", "evidence"}
            assert all(set(item) == {"field", "start", "end"} for item in label["evidence"])
