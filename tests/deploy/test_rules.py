"""Prometheus' own checks of configuration and rules, a firing and a quiet case of each, and where their pages lead."""

import re
from collections import defaultdict
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY
from tests.deploy.expressions import DEPLOY, alert_rules
from tests.support.programs import run_program

PROMETHEUS = DEPLOY / "prometheus"
ALERTS = alert_rules()
NAMES = {rule["alert"] for rule in ALERTS}


def test_the_configuration_and_the_rules_are_valid() -> None:
    done = run_program("promtool", "check", "config", str(PROMETHEUS / "prometheus.yml"))
    assert done.returncode == 0, done.stderr
    assert "3 rule files found" in done.stdout
    files = sorted(map(str, (PROMETHEUS / "rules").glob("*.yml")))
    done = run_program("promtool", "check", "rules", "--lint-fatal", *files)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_case_of_the_rules_comes_out() -> None:
    done = run_program("promtool", "test", "rules", *sorted(map(str, (PROMETHEUS / "tests").glob("*.yml"))))
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_wrong_expectation_would_be_found() -> None:
    """The cases are compared for real: with another number in one of them they fail."""
    original = (PROMETHEUS / "tests/operations.yml").read_text(encoding="utf-8")
    wrong = PROMETHEUS / "tests/wrong.yml.tmp"
    wrong.write_text(original.replace("90 s old", "91 s old", 1), encoding="utf-8")
    try:
        done = run_program("promtool", "test", "rules", str(wrong))
    finally:
        wrong.unlink()
    assert done.returncode != 0
    assert "91 s old" in done.stdout + done.stderr


def test_each_rule_has_a_case_that_fires_and_one_that_is_quiet() -> None:
    cases: dict[str, set[bool]] = defaultdict(set)
    for file in (PROMETHEUS / "tests").glob("*.yml"):
        for case in yaml.safe_load(file.read_text(encoding="utf-8"))["tests"]:
            for check in case["alert_rule_test"]:
                assert case["input_series"], f"{case['name']}: quiet for want of data"
                cases[check["alertname"]].add(bool(check["exp_alerts"]))
    assert cases == {name: {True, False} for name in NAMES}


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_how_bad_it_is_and_what_to_read(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"info", "warning", "critical"}
    assert rule["annotations"].keys() == {"summary", "description", "runbook_url"}
    for name in ("summary", "description"):
        assert rule["annotations"][name].endswith(".")
    page, _, heading = rule["annotations"]["runbook_url"].partition("#")
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    assert heading == rule["alert"].lower()
    assert heading in headings(text), f"{page} has no heading {heading}"


def test_every_alert_of_the_runbook_exists() -> None:
    """A page for an alert that no rule raises would mislead; headings of one word are alerts."""
    text = (DEPLOY / "RUNBOOK.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^### ([A-Z]\w+)$", text, flags=re.MULTILINE))
    assert named == NAMES


def headings(text: str) -> set[str]:
    """The anchors that a Markdown page has, as forges make them."""
    titles = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
