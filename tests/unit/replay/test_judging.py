"""A kept run is judged, compared and written down; each fault is one sentence and a status."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from detector.cli.reports import reports
from detector.core.eventtypes import EVENT_TYPES
from detector.errors import DetectorError
from detector.loading import load_drift_reference
from detector.replay.figures import figure_names
from detector.replay.models import load_models
from detector.settings import ThresholdSettings, load_settings
from tests.support.runs import DIGEST, OTHER_DIGEST, THRESHOLD, Told, write_run

ARTICLES = [
    Told(id="a0", hours=0, found={"ceasefire": (0.9, "agreed")}, other={"ceasefire": (0.9, "violated")}),
    Told(id="a1", hours=1, found={"ceasefire": (0.8, "agreed")}, country=None),
    Told(id="a2", hours=30, found={"atrocity": (0.6, "alleged")}, other={}, outlet=None),
    Told(id="a3", hours=47, found={"evacuation": (0.4, "")}),
    Told(id="a4", hours=48),
]
LABELS = [
    {"article_id": "a0", "types": {"ceasefire": "agreed"}, "event": "truce"},
    {"article_id": "a1", "types": {"ceasefire": "collapsed"}, "event": "truce"},
    {"article_id": "a2", "types": {}},
    {"article_id": "a3", "types": {"evacuation": "planned"}},
    {"article_id": "elsewhere", "types": {}},
]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of runs with one in it, `one`, that two models scored."""
    for name in [name for name in os.environ if name.startswith("DETECTOR_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DETECTOR_REPLAY__RUNS_DIR", str(tmp_path / "runs"))
    write_run(tmp_path / "runs" / "one", ARTICLES, models=2)
    return tmp_path / "runs"


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """What is true of four of the five articles."""
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(label) + "\n" for label in LABELS))
    return path


def run(*arguments: object) -> Result:
    """Run `detector reports`; a `DetectorError` is the result's exception."""
    return CliRunner().invoke(reports, [str(argument) for argument in arguments], standalone_mode=False)


def judged(labels: Path, *more: object, name: str = "one") -> tuple[Result, dict[str, float | None]]:
    """Judge a run; returns what was said and the figures by name."""
    target = labels.parent / "out.json"
    result = run("judge", name, "--labels", labels, "--json", target, *more)
    assert result.exception is None, result.exception
    figures = json.loads(target.read_text())["figures"]
    return result, {name: item["value"] for name, item in figures.items()}


def test_figures_are_of_the_second_model(shelf: Path, labels: Path) -> None:
    """The candidate of a comparison; every promised name is there."""
    result, figures = judged(labels)
    assert result.return_value == 0
    assert set(figures) == figure_names()
    assert (figures["articles"], figures["judged_articles"], figures["alerts"], figures["days"]) == (5, 4, 2, 2.0)
    assert (figures["ceasefire_recall"], figures["ceasefire_status_accuracy"]) == (1.0, 0.0)
    assert (figures["misses"], figures["false_alarms"]) == (1, 0)
    assert (figures["alerts_gained"], figures["alerts_lost"], figures["alerts_changed"]) == (0, 1, 1)
    assert (figures["events"], figures["events_alerted"], figures["articles_before_alert_median"]) == (1, 1, 0)
    assert figures["published_to_alert_median_seconds"] == 1800
    assert figures["milliseconds_per_article"] == 100
    assert (shelf / "one" / "report.html").is_file()
    assert "1 labels are about articles that the run has not read" in result.output


def test_without_labels_nothing_is_said_about_correctness(shelf: Path) -> None:
    """Rates are; a requirement on what is unknown is not met."""
    result = run("judge", "one", "--require", "macro_f1>=0", "--require", "alerts<=2")
    assert result.return_value == 1
    assert "without labels nothing about correctness follows" in result.output
    assert "NOT met: macro_f1>=0 (no value in this run)" in result.output
    assert "met: alerts<=2 (2.0000)" in result.output
    page = (shelf / "one" / "report.html").read_text()
    assert "nothing about correctness follows from it" in page and "Types taken for each other" not in page


def test_labels_of_other_articles_judge_nothing(shelf: Path, tmp_path: Path) -> None:
    """That is said, and is no perfect score."""
    path = tmp_path / "labels.jsonl"
    path.write_text(json.dumps(LABELS[-1]))
    _, figures = judged(path)
    assert (figures["judged_articles"], figures["macro_f1"]) == (0, None)
    assert "None of the 1 labels is about an article of this run" in (shelf / "one" / "report.html").read_text()


@pytest.mark.parametrize(
    ("requirement", "status"),
    [("macro_f1>=0.2", 0), ("macro_f1>=0.9", 1), ("ceasefire_precision>=1", 0), ("misses<1", 1)],
)
def test_a_requirement_decides_the_status(shelf: Path, labels: Path, requirement: str, status: int) -> None:
    assert shelf.is_dir()
    assert judged(labels, "--require", requirement)[0].return_value == status


def test_a_what_if_uses_the_scores_there_are(shelf: Path, labels: Path) -> None:
    """Lower for evacuation: the miss is found; what newly fires has no status, and the file says what was chosen."""
    target = labels.parent / "thresholds.env"
    assert shelf.is_dir()
    _, figures = judged(labels, "--threshold", "evacuation=0.35", "--write-thresholds", target)
    assert (figures["evacuation_recall"], figures["misses"], figures["evacuation_threshold"]) == (1.0, 0, 0.35)
    assert figures["evacuation_status_accuracy"] is None
    assert figures["delta_evacuation_recall"] == 1.0
    assert f"DETECTOR_THRESHOLDS__MODEL={OTHER_DIGEST}\n" in target.read_text()


def test_the_worker_reads_the_thresholds_that_were_written(
    shelf: Path, labels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is the settings' own form; chosen by a rule it holds the rule's choice."""
    target = labels.parent / "thresholds.env"
    write_run(shelf / "single", ARTICLES)
    chosen = ["--threshold", "solidarity=0.7", "--threshold", "atrocity=0.7", "--operating-point", "recall>=1"]
    judged(labels, *chosen, "--write-thresholds", target, name="single")
    for line in target.read_text().splitlines():
        if not line.startswith("#"):
            monkeypatch.setenv(*line.split("=", 1))
    settings = load_settings()
    assert settings.thresholds.model == DIGEST
    assert settings.thresholds.by_type() == {"ceasefire": 0.8, "evacuation": 0.4, "atrocity": 0.7, "solidarity": 0.7}


def test_json_and_csv_hold_the_same_figures(shelf: Path, labels: Path) -> None:
    target = labels.parent / "out.csv"
    assert shelf.is_dir()
    _, figures = judged(labels, "--csv", target)
    rows = list(csv.DictReader(target.read_text().splitlines()))
    told = {row["figure"]: float(row["value"]) if row["value"] else None for row in rows if row["section"] == "figures"}
    assert told == figures
    assert {row["section"] for row in rows} >= {
        "sweep atrocity",
        "confusion",
        "delays",
        "drift",
        "outlets",
        "countries",
    }


def test_standard_output_holds_nothing_but_what_was_asked_for(shelf: Path, labels: Path) -> None:
    assert shelf.is_dir()
    result = run("judge", "one", "--labels", labels, "--json", "-")
    assert json.loads(result.stdout)["title"] == "Replay of articles, 2016-12-01 to 2016-12-03"


def test_drift_is_against_another_run_or_a_period(shelf: Path, tmp_path: Path) -> None:
    """Named by id, folder or two times; a period without articles is an answer."""
    write_run(shelf / "earlier", ARTICLES[:1])
    target = tmp_path / "out.json"
    for reference, told in (
        ("earlier", "run earlier"),
        (shelf / "earlier", "run earlier"),
        ("2016-12-01T00:00:00Z/2016-12-01T12:00:00Z", "2 articles"),
    ):
        assert run("judge", "one", "--reference", reference, "--json", target).exception is None
        assert told in json.loads(target.read_text())["drift_reference"]
    empty = run("judge", "one", "--reference", "2015-12-01T00:00:00Z/2015-12-01T12:00:00Z")
    assert isinstance(empty.exception, DetectorError) and "no article of the run lies between" in str(empty.exception)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--require", "macro_f2>=1"], "there is no figure macro_f2; did you mean macro_f1"),
        (["--require", "macro_f1"], "is no rule like macro_f1>=0.85"),
        (["--threshold", "strike=0.5"], "is no threshold like atrocity=0.7"),
        (["--threshold", "atrocity=1.5"], "is no threshold like atrocity=0.7"),
        (["--operating-point", "misses<=1"], "not by misses"),
        (["--operating-point", "f1"], "without labels an operating point can only be chosen by alerts_per_day"),
        (["--write-thresholds", "file"], "nothing to write"),
        (["--events", "file"], "it needs --labels"),
        (["--labels", "nowhere.jsonl"], "nowhere.jsonl: No such file"),
        (["--reference", "nowhere"], "there is no run nowhere"),
        (["--reference", "2016-12-02T00:00:00Z/2016-12-01T00:00:00Z"], "ends before it begins"),
    ],
)
def test_misuse_is_answered_in_one_sentence(shelf: Path, arguments: list[str], said: str) -> None:
    assert shelf.is_dir()
    error = run("judge", "one", *arguments).exception
    assert said in str(getattr(error, "message", error))
    assert getattr(error, "exit_code", getattr(error, "exit_status", None)) == 2


def test_a_rule_that_no_threshold_meets_is_an_answer(shelf: Path, labels: Path) -> None:
    assert shelf.is_dir()
    error = run("judge", "one", "--labels", labels, "--operating-point", "precision>1").exception
    assert isinstance(error, DetectorError) and "no threshold for ceasefire meets precision>1" in str(error)


def test_a_run_that_scored_nothing_is_an_answer(shelf: Path) -> None:
    write_run(shelf / "empty", [], meta={"models": []})
    error = run("judge", "empty").exception
    assert "replay the range again" in str(error)


def test_an_empty_range_is_judged(shelf: Path, labels: Path) -> None:
    """A range without articles: no figures, no crash."""
    write_run(shelf / "empty", [])
    _, figures = judged(labels, name="empty")
    assert (figures["articles"], figures["alerts_per_day"], figures["macro_f1"]) == (0, None, None)
    assert (shelf / "empty" / "report.html").is_file()


def test_live_thresholds_hold_for_the_model_that_they_were_chosen_for() -> None:
    """A new model on trial runs at its own."""
    (own,) = load_models([None])
    (same,) = load_models([None], ThresholdSettings(atrocity=0.9, model=own.info.digest))
    (other,) = load_models([None], ThresholdSettings(atrocity=0.9, model="0123456789abcdef"))
    (every,) = load_models([None], ThresholdSettings(atrocity=0.9))
    assert same.thresholds == every.thresholds == {**own.thresholds, "atrocity": 0.9}
    assert other.thresholds == own.thresholds


WITHOUT_EXTRA = """
import sys
sys.modules["jinja2"] = sys.modules["matplotlib"] = None
from detector.cli.main import main
main()
"""


def test_a_plain_install_judges_without_pages(shelf: Path, labels: Path) -> None:
    """Without the extra `report` the figures are the same; asking for a page says what to install."""
    environment = os.environ | {"DETECTOR_REPLAY__RUNS_DIR": str(shelf)}

    def plain(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-c", WITHOUT_EXTRA, "reports", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    done = plain("judge", "one", "--labels", str(labels), "--require", "ceasefire_recall>=1")
    assert done.returncode == 0, done.stderr
    assert "No page was made" in done.stderr and not (shelf / "one" / "report.html").exists()
    assert json.loads((shelf / "one" / "figures.json").read_text())["figures"]["ceasefire_recall"]["value"] == 1.0
    for arguments in (["judge", "one", "--report", "out.html"], ["open", "--print"]):
        refused = plain(*arguments)
        assert refused.returncode == 2 and "pip install 'news-event-detector[report]'" in refused.stderr


def test_a_damaged_run_is_listed_and_said(shelf: Path) -> None:
    """One bad folder does not hide the others."""
    (shelf / "bad").mkdir()
    (shelf / "bad" / "run.sqlite").write_bytes(b"no archive at all, but long enough to be looked at" * 20)
    judge_first = run("judge", "one")
    assert judge_first.exception is None
    listed = run("list").output.splitlines()
    assert len(listed) == 3
    assert any(line.startswith("bad\t") and "is no run archive" in line for line in listed)
    page = run("open", "--print").output.strip()
    assert "is no run archive" in Path(page).read_text() and "one/report.html" in Path(page).read_text()
    unopened = run("open", "bad").exception
    assert isinstance(unopened, DetectorError) and "has no report yet" in str(unopened)


@pytest.mark.usefixtures("shelf")
def test_a_run_becomes_the_reference_of_drift_metrics(tmp_path: Path) -> None:
    """Of its last model, at that model's thresholds; its file has counts and the source's name, no path and no text."""
    target = tmp_path / "reference.json"
    result = run("reference", "one", "-o", target)
    assert result.exception is None
    assert f"written: {target}: 5 articles, model {OTHER_DIGEST}" in result.stderr
    reference = load_drift_reference(target)
    assert reference is not None
    assert (reference.model, reference.articles, reference.description) == (OTHER_DIGEST, 5, "5 articles of articles")
    assert reference.thresholds == dict.fromkeys(EVENT_TYPES, THRESHOLD)
    assert reference.histograms["ceasefire_rate"].tolist() == [3, 2]
    absent = run("reference", "nowhere", "-o", target)
    assert "there is no run nowhere" in str(absent.exception)
