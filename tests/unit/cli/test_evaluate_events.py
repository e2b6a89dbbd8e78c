"""`detector evaluate --events`: figures, baselines, and every wrong pair with both its sides."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from detector.cli.evaluate import evaluate
from detector.errors import UsageError
from tests.support.scenarios import read, scenarios

USED = ("01-", "03-", "05-", "09-", "13-", "20-")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The articles of some scenarios, judged as the scenarios say; beside them `dev.jsonl` with the articles."""
    folder = tmp_path_factory.mktemp("judged")
    memberships: list[dict[str, Any]] = []
    articles: dict[str, dict[str, Any]] = {}
    for path in scenarios():
        if not path.name.startswith(USED):
            continue
        scenario = read(path)
        event_of = {after["after"]: after for after in scenario["thread"]}
        for record in scenario["records"]:
            if "withdraw" in record:
                continue
            name = f"{path.stem}-{record['id']}"
            articles[name] = {
                "id": name,
                "title": record["title"],
                "text": record["text"],
                "outlet": record.get("outlet"),
                "published_at": record["at"].isoformat(),
            }
            told = event_of.get(record["id"], scenario["thread"][0])
            memberships.append(
                {
                    "article_id": name,
                    "type": told["type"],
                    "event_id": f"{path.stem}-{told['event']}",
                    "event_title": f"{scenario['story']} ({told['event']})",
                    "place": {"name": told["place"], "country": "XX"},
                    "event_start": str(record["at"].date()),
                }
            )
    (folder / "events.jsonl").write_text("\n".join(map(json.dumps, memberships)), encoding="utf-8")
    (folder / "dev.jsonl").write_text("\n".join(map(json.dumps, articles.values())), encoding="utf-8")
    return folder / "events.jsonl"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(evaluate, [str(argument) for argument in arguments])


def test_it_reports_b_cubed_baselines_and_cross_validation(judged: Path) -> None:
    result = run("--events", judged)
    assert result.exit_code == 0, result.output
    for expected in (
        "B-cubed",
        "ceasefire",
        "atrocity",
        "chosen on the one",
        "each article alone",
        "type, country and day",
    ):
        assert expected in result.output
    assert "attacks in different places on one day put together: 0" in result.output


def test_wrong_pairs_are_shown_with_both_sides(judged: Path, tmp_path: Path) -> None:
    """Judgements turned round: what is one event is called two."""
    lines = [json.loads(line) for line in judged.read_text("utf-8").splitlines()]
    for number, line in enumerate(lines):
        line["event_id"], line["event_title"] = f"e{number}", f"event number {number}"
    mine = tmp_path / "events.jsonl"
    mine.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    result = run("--events", mine, "--articles", judged.parent / "dev.jsonl")
    assert result.exit_code == 0, result.output
    assert "put together, but two events" in result.output and "parted, but one event" not in result.output
    assert "event number 0" in result.output.replace("\n", " ")


def test_articles_that_are_not_there_are_misuse(judged: Path, tmp_path: Path) -> None:
    alone = tmp_path / "events.jsonl"
    alone.write_bytes(judged.read_bytes())
    result = run("--events", alone)
    assert isinstance(result.exception, UsageError)
    assert "--articles" in str(result.exception)


def test_options_that_need_labelled_news_are_refused(judged: Path) -> None:
    """Nothing that was asked for is left out in silence."""
    result = run("--events", judged, "--cross", "family", "--html", "out.html")
    assert result.exit_code == 2
    assert "--html, --cross needs --gold" in result.output


def test_a_broken_file_is_one_sentence(judged: Path, tmp_path: Path) -> None:
    broken = tmp_path / "articles.jsonl"
    broken.write_text("{", encoding="utf-8")
    result = run("--events", judged, "--articles", broken)
    assert result.exit_code == 1 and "articles.jsonl, line 1" in result.output
