"""Articles are found in JSON Lines, one JSON object or plain text, packed or not, in files, folders or standard input."""

import gzip
import io
import json
from pathlib import Path

import pytest

from detector.article_files import ArticleSource, read_articles
from detector.core.parsing import parse_article
from detector.core.records import Article
from detector.errors import UsageError

LINES = b'{"text":"one"}\n\n{"text":"two"}\r\n{broken\n'
PRETTY = b'{\n  "text": "one"\n}\n'
PLAIN = b"Truce holds\n\nThe truce held on Friday.\nBoth sides said so.\n"


def read(*paths: Path | str, stdin: bytes = b"") -> list[ArticleSource]:
    """Read all of it."""
    return list(read_articles(map(Path, paths), standard_input=io.BytesIO(stdin)))


def values(sources: list[ArticleSource]) -> list[bytes]:
    """Give the bytes alone."""
    return [source.value for source in sources]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "my.news.v2.jsonl.gz", "a.json", "a", "a.gz", "a.ndjson"])
def test_json_lines_are_read_line_by_line_whatever_the_name(tmp_path: Path, name: str) -> None:
    """Blank lines are passed over, broken ones kept: the parser says what is wrong with them."""
    file = tmp_path / name
    file.write_bytes(gzip.compress(LINES) if name.endswith(".gz") else LINES)
    sources = read(file)
    assert values(sources) == [b'{"text":"one"}', b'{"text":"two"}', b"{broken"]
    assert [source.where for source in sources] == [f"{file}:1", f"{file}:3", f"{file}:4"]


def test_a_line_file_whose_first_line_is_broken_is_still_one_of_lines(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{broken\n{"text":"two"}')
    assert values(read(tmp_path / "a.jsonl")) == [b"{broken", b'{"text":"two"}']


@pytest.mark.parametrize("name", ["a.json", "a.json.gz", "a"])
def test_one_object_over_several_lines_is_one_article(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(gzip.compress(PRETTY) if name.endswith(".gz") else PRETTY)
    (source,) = read(file)
    assert source == ArticleSource(where=str(file), value=PRETTY.strip())
    assert isinstance(parse_article(source.value), Article)


@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz", "a"])
def test_plain_text_has_its_title_in_the_first_line(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(gzip.compress(PLAIN) if name.endswith(".gz") else PLAIN)
    (source,) = read(file)
    assert json.loads(source.value) == {
        "title": "Truce holds",
        "text": "The truce held on Friday.\nBoth sides said so.",
    }


def test_plain_text_of_one_line_has_no_title(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("  The truce held.\n", encoding="utf-8")
    (source,) = read(tmp_path / "a.txt")
    assert json.loads(source.value) == {"text": "The truce held."}


def test_plain_text_that_looks_like_json_stays_text(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b'{"text":"one"}\nmore')
    (source,) = read(tmp_path / "a.txt")
    assert json.loads(source.value) == {"title": '{"text":"one"}', "text": "more"}


def test_what_is_not_utf8_is_passed_on_for_the_parser_to_name(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"caf\xe9\nclosed")
    assert values(read(tmp_path / "a.txt")) == [b"caf\xe9\nclosed"]


def test_an_empty_text_holds_no_article(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b" \n\n")
    (tmp_path / "b.jsonl").write_bytes(b"")
    assert read(tmp_path / "a.txt", tmp_path / "b.jsonl") == []


@pytest.mark.parametrize(
    ("stdin", "number"), [(LINES, 3), (PRETTY, 1), (PLAIN, 1), (b"", 0), (b'[{"text":"one"}]', 1)], ids=range(5)
)
def test_standard_input_is_told_apart_by_its_content(stdin: bytes, number: int) -> None:
    sources = read("-", stdin=stdin)
    assert len(sources) == number
    assert all(source.where.startswith("standard input") for source in sources)


def test_lines_on_standard_input_may_begin_blank_or_broken() -> None:
    """One bad line must not take the good ones with it."""
    assert values(read("-", stdin=b'\n{"text":"one"}\n{"text":"two"}\n')) == [b'{"text":"one"}', b'{"text":"two"}']
    broken = values(read("-", stdin=b'{"text":"one"\n{"text":"two"}\n{"text":"three"}\n'))
    assert broken == [b'{"text":"one"', b'{"text":"two"}', b'{"text":"three"}']


def test_a_folder_means_its_article_files_by_name(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    for name in ("b.json", "a.json", "deeper/c.json", "notes.md", "d.txt~"):
        (tmp_path / name).write_text(json.dumps({"text": name}), encoding="utf-8")
    assert [json.loads(value)["text"] for value in values(read(tmp_path))] == ["a.json", "b.json", "deeper/c.json"]


def test_paths_are_read_in_the_order_given(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"text": name}), encoding="utf-8")
    sources = read(tmp_path / "b.jsonl", "-", tmp_path / "a.jsonl", stdin=b'{"text":"stdin"}')
    assert [json.loads(value)["text"] for value in values(sources)] == ["b", "stdin", "a"]


def test_json_bytes_are_passed_on_as_they_are(tmp_path: Path) -> None:
    value = b'{ "text" : "caf\\u00e9 \xc3\xa9" }'
    (tmp_path / "a.jsonl").write_bytes(value + b"\n")
    assert values(read(tmp_path / "a.jsonl")) == [value]


def test_files_of_lines_are_streamed(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"text":"one"}\n' * 3)
    sources = read_articles([tmp_path / "a.jsonl", tmp_path / "missing"], standard_input=io.BytesIO())
    assert [next(sources).value for _ in range(3)] == [b'{"text":"one"}'] * 3
    with pytest.raises(UsageError, match="missing does not exist"):
        next(sources)


def test_a_missing_path_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere does not exist"):
        read(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"holds no \.json"):
        read(tmp_path)


@pytest.mark.parametrize("damage", ["no gzip", "cut off", "bits flipped", "bad checksum"])
def test_a_damaged_archive_is_named(tmp_path: Path, damage: str) -> None:
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(damaged_gzip(damage))
    with pytest.raises(UsageError, match=r"a\.jsonl\.gz cannot be read"):
        read(file)


def damaged_gzip(damage: str) -> bytes:
    """Give packed lines, damaged in the way that is named."""
    packed = bytearray(gzip.compress(b"".join(b'{"text":"number %d"}\n' % number for number in range(500))))
    if damage == "no gzip":
        return b"{}"
    if damage == "cut off":
        return bytes(packed[: len(packed) // 2])
    if damage == "bad checksum":
        packed[-8] ^= 0xFF
        return bytes(packed)
    packed[40:80] = b"\xff" * 40
    return bytes(packed)
