"""`detector classify`, the stable offline interface: one answer a line, in order, the same bytes each time."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from detector.core.detect import Detector
from detector.core.offline import classify_lines
from tests.support.command import run_detector

BAD = (b"", b"   ", b"{", b"\xff", b'{"id":"n","text":5}')


@pytest.fixture
def news(tmp_path: Path, seed_articles: list[bytes]) -> Path:
    """The sample articles as JSON Lines, bad and blank lines among them, more than one batch."""
    compact = [json.dumps(json.loads(value)).encode() for value in seed_articles]
    lines = [line for number, article in enumerate(compact) for line in (article, BAD[number % len(BAD)])] * 5
    assert len(lines) > 256
    file = tmp_path / "news.jsonl"
    file.write_bytes(b"\n".join(lines))
    return file


def test_every_line_gets_its_answer_in_order(news: Path, detector: Detector) -> None:
    """Whatever the batches: the same as the lines answered one by one in this process."""
    result = run_detector("classify", news)
    assert (result.returncode, result.stderr) == (0, "")
    lines = news.read_bytes().split(b"\n")
    alone = {line: classify_lines(detector, [line])[0] for line in set(lines)}
    assert result.stdout.encode().split(b"\n") == [*(alone[line] for line in lines), b""]


def test_the_same_bytes_come_out_each_time_and_by_every_way(news: Path, tmp_path: Path) -> None:
    """Twice from the file, packed, from standard input, and to a file: no byte differs, whatever the hash seed."""
    packed = tmp_path / "news.jsonl.gz"
    packed.write_bytes(gzip.compress(news.read_bytes()))
    target = tmp_path / "answers.jsonl"
    first = run_detector("classify", news, environment={"PYTHONHASHSEED": "1"})
    again = run_detector("classify", news, environment={"PYTHONHASHSEED": "2"})
    unpacked = run_detector("classify", packed)
    piped = run_detector("classify", "-", stdin=news.read_bytes())
    to_file = run_detector("classify", news, "-o", target)
    assert [run.returncode for run in (first, again, unpacked, piped, to_file)] == [0] * 5
    assert first.stdout
    assert first.stdout == again.stdout == unpacked.stdout == piped.stdout == target.read_bytes().decode()
    assert to_file.stdout == ""


def test_line_ends_of_any_kind_give_the_same_answers(tmp_path: Path) -> None:
    lines = [b'{"id":"a","text":"one"}', b"", b'{"id":"b","text":"two"}']
    outputs = []
    for number, written in enumerate((b"\n".join(lines), b"\r\n".join(lines), b"\n".join(lines) + b"\n")):
        file = tmp_path / f"{number}.jsonl"
        file.write_bytes(written)
        outputs.append(run_detector("classify", file).stdout)
    assert len(outputs[0].splitlines()) == 3
    assert outputs[0] == outputs[1] == outputs[2]


def test_an_empty_file_gives_no_answers(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    result = run_detector("classify", tmp_path / "empty.jsonl")
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("name", ["nowhere.jsonl", "nowhere.jsonl.gz", "."])
def test_a_file_that_cannot_be_read_is_misuse(tmp_path: Path, name: str) -> None:
    result = run_detector("classify", tmp_path / name)
    assert result.returncode == 2
    assert result.stderr.startswith("Error: ")
    assert "cannot be read" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("damage", ["cut off", "bits flipped"])
def test_a_damaged_archive_is_named_without_a_stack_trace(tmp_path: Path, damage: str) -> None:
    packed = bytearray(gzip.compress(b"".join(b'{"text":"number %d"}\n' % number for number in range(500))))
    if damage == "cut off":
        del packed[len(packed) // 2 :]
    else:
        packed[40:80] = b"\xff" * 40
    (tmp_path / "news.jsonl.gz").write_bytes(packed)
    result = run_detector("classify", tmp_path / "news.jsonl.gz")
    assert result.returncode == 2
    assert "news.jsonl.gz cannot be read" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_output_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_bytes(b'{"text":"x"}\n')
    result = run_detector("classify", tmp_path / "news.jsonl", "-o", tmp_path / "no" / "folder.jsonl")
    assert result.returncode == 1
    assert "folder.jsonl cannot be written" in result.stderr


def test_the_input_is_never_overwritten(tmp_path: Path) -> None:
    """Naming it as the output is misuse, and the articles are still there."""
    file = tmp_path / "news.jsonl"
    file.write_bytes(b'{"text":"x"}\n')
    (tmp_path / "link.jsonl").symlink_to(file)
    for target in (file, tmp_path / "link.jsonl"):
        result = run_detector("classify", file, "-o", target)
        assert file.read_bytes() == b'{"text":"x"}\n'
        assert result.returncode == 2


def test_a_reader_that_goes_away_is_no_stack_trace(tmp_path: Path) -> None:
    """As in `detector classify news.jsonl | head -1`."""
    file = tmp_path / "news.jsonl"
    file.write_bytes(b'{"id":"a","text":"Bread prices fell."}\n' * 20_000)
    with subprocess.Popen(
        [sys.executable, "-m", "detector", "classify", str(file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        assert json.loads(process.stdout.readline())["id"] == "a"
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait(timeout=60) == 1
    assert said == b""
