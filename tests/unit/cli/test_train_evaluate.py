"""`detector train` and `detector evaluate`: files in, a model and figures out, faults in one sentence."""

import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from detector.cli.evaluate import evaluate
from detector.cli.train import train
from detector.core.classifier import Classifier

CORPUS = Path(__file__).parents[3] / "seeds" / "corpus"


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A labelled file with every fifth passage of the corpus, in two families."""
    path = tmp_path_factory.mktemp("gold") / "mine.jsonl"
    lines = [line for file in sorted(CORPUS.glob("*.jsonl")) for line in file.read_text("utf-8").splitlines()[::5]]
    records = [
        {**json.loads(line), "family": "wire" if n % 2 else "radio", "sample": "random"} for n, line in enumerate(lines)
    ]
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def model(labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The model that `detector train` makes of it."""
    path = tmp_path_factory.mktemp("model") / "mine.npz"
    result = CliRunner().invoke(train, ["--corpus", str(labelled), "-o", str(path)])
    assert result.exit_code == 0, result.output
    assert Classifier.from_bytes(path.read_bytes()).info.digest in result.output
    return path


def test_evaluate_reports_figures_baselines_and_pool(labelled: Path, model: Path, tmp_path: Path) -> None:
    """One run prints the model, the second model, both baselines, pairs, alarms and speed, and writes the page."""
    pool = tmp_path / "pool.jsonl.gz"
    pool.write_bytes(gzip.compress(b'{"id": "p", "text": "It rained.", "sample": "random"}\n' * 3))
    page = tmp_path / "report.html"
    arguments = ["--gold", str(labelled), "--model", str(model), "--against", str(model), "--train", str(labelled)]
    result = CliRunner().invoke(evaluate, [*arguments, "--pool", str(pool), "--html", str(page), "--cross", "family"])
    assert result.exit_code == 0, result.output
    shown = (
        "clear labels",
        "keyword list",
        "document TF-IDF",
        "minimal pairs",
        "per 1,000",
        "gate:",
        "families left out",
        "by models that had not seen them: ",
    )
    for expected in shown:
        assert expected in result.output
    assert "Mistakes" in page.read_text("utf-8")


@pytest.mark.parametrize("command", [train, evaluate])
def test_misuse_is_exit_status_two(command: object) -> None:
    """A missing option is misuse."""
    assert CliRunner().invoke(command, []).exit_code == 2  # type: ignore[arg-type]  # click commands are loosely typed here


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no articles"),
        (b'{"id": "a", "text": "It rained.", "labels": {}}', "labels.ceasefire"),
        (b'{"id": "a", "text": "It rained.", "labels": {"strike": {}}}', "line 1, field labels.strike"),
    ],
)
def test_bad_training_data_is_one_sentence(tmp_path: Path, content: bytes, message: str) -> None:
    """Exit status 1 and a message that names the place."""
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(content)
    result = CliRunner().invoke(train, ["--corpus", str(bad), "-o", str(tmp_path / "m.npz")])
    assert result.exit_code == 1
    assert "bad.jsonl" in result.output and message in result.output
    assert "Traceback" not in result.output


def test_an_id_in_two_files_is_refused(labelled: Path, tmp_path: Path) -> None:
    """The same article twice would count twice."""
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(labelled.read_bytes())
    result = CliRunner().invoke(train, ["--corpus", str(labelled), "--gold", str(copy), "-o", str(tmp_path / "m.npz")])
    assert result.exit_code == 1 and "field id" in result.output


def test_missing_files_and_broken_models_are_named(labelled: Path, tmp_path: Path) -> None:
    """No stack trace for a wrong path or a file that is no model."""
    missing = CliRunner().invoke(evaluate, ["--gold", str(tmp_path / "none.jsonl")])
    assert missing.exit_code == 1 and "none.jsonl" in missing.output
    broken = CliRunner().invoke(evaluate, ["--gold", str(labelled), "--model", str(labelled)])
    assert broken.exit_code == 1 and "cannot be used" in broken.output
    initial = CliRunner().invoke(
        train, ["--corpus", str(labelled), "--init", str(labelled), "-o", str(tmp_path / "m.npz")]
    )
    assert initial.exit_code == 1 and "not a detector model file" in initial.output
