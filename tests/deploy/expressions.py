"""Every PromQL expression of the rules and the dashboards, and the metric names in it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

from tests.conftest import REPOSITORY

DEPLOY: Final = REPOSITORY / "deploy"
RULE_FILES: Final = tuple(sorted((DEPLOY / "prometheus/rules").glob("*.yml")))
DASHBOARD_FILES: Final = tuple(sorted((DEPLOY / "grafana/dashboards").glob("*.json")))

_NAME: Final = re.compile(r"(?<![\w:])(?:detector|process|python_gc)_[a-z0-9_]+(?![\w:])")
_SUFFIX: Final = re.compile(r"_(?:bucket|sum|count)$")


class Expression(NamedTuple):
    """One expression and where it stands."""

    where: str
    text: str


def rules() -> Iterator[tuple[Path, dict[str, Any]]]:
    """Give every rule with its file."""
    for file in RULE_FILES:
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                yield file, rule


def alert_rules() -> list[dict[str, Any]]:
    """Every rule that raises an alert."""
    return [rule for _, rule in rules() if "alert" in rule]


def dashboards() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give every dashboard as committed, by file name."""
    for file in DASHBOARD_FILES:
        yield file.name, json.loads(file.read_text(encoding="utf-8"))


def panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the panels of a dashboard that are no rows, those inside of rows too."""
    for panel in dashboard["panels"]:
        yield from (inner for inner in panel.get("panels", ()))
        if panel["type"] != "row":
            yield panel


def rule_expressions() -> list[Expression]:
    """Every rule's expression."""
    return [Expression(f"{file.name}: {rule.get('alert') or rule['record']}", rule["expr"]) for file, rule in rules()]


def panel_expressions() -> list[Expression]:
    """Every panel's and annotation's expressions."""
    found = []
    for name, dashboard in dashboards():
        for panel in panels(dashboard):
            found += [Expression(f"{name}: {panel['title']}", item["expr"]) for item in panel.get("targets", ())]
        for note in dashboard["annotations"]["list"]:
            if "expr" in note:
                found.append(Expression(f"{name}: annotation {note['name']}", note["expr"]))
    return found


def variable_expressions() -> list[Expression]:
    """What the variables of the dashboards ask for."""
    return [
        Expression(f"{name}: variable {variable['name']}", str(variable["query"]))
        for name, dashboard in dashboards()
        for variable in dashboard["templating"]["list"]
        if variable["type"] == "query"
    ]


def metrics_in(expression: str) -> set[str]:
    """Name the metrics in an expression; a histogram's series count as the histogram."""
    return {_SUFFIX.sub("", name) for name in _NAME.findall(expression)}
