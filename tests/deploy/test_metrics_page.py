"""The metrics of the code, the page, the dashboards and the rules say the same, both ways."""

import re

import pytest
from prometheus_client import ProcessCollector

from deploy.metrics_page import PAGE, declared, page
from detector.metrics import Metrics
from tests.deploy.expressions import (
    DASHBOARD_FILES,
    RULE_FILES,
    Expression,
    metrics_in,
    panel_expressions,
    rule_expressions,
    rules,
    variable_expressions,
)

OURS = {metric.name for metric in declared()}


def scraped_names() -> set[str]:
    """What a worker's registry really holds, with the suffixes that a scrape shows."""
    suffixes = {"counter": "_total", "info": "_info"}
    return {family.name + suffixes.get(family.type, "") for family in Metrics().registry.collect()}


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make deploy-files`"


def test_the_page_lists_what_a_worker_serves() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert listed == {name for name in scraped_names() if name.startswith("detector_")}


def test_every_declared_metric_says_what_it_is() -> None:
    for metric in declared():
        assert metric.kind in {"counter", "gauge", "histogram", "info"}, metric
        assert metric.unit and metric.help.endswith("."), metric


@pytest.mark.parametrize(
    "expression", [*rule_expressions(), *panel_expressions(), *variable_expressions()], ids=lambda item: item.where
)
def test_what_is_asked_for_is_served(expression: Expression) -> None:
    """No rule, panel, annotation or variable asks for a metric that no worker has."""
    assert RULE_FILES and DASHBOARD_FILES
    process = {family.name for family in ProcessCollector(registry=None).collect()}
    process |= {"process_cpu_seconds_total"}
    unknown = metrics_in(expression.text) - scraped_names() - process
    assert not unknown


def test_recorded_series_are_recorded() -> None:
    """A name with colons in an expression is one that a recording rule makes."""
    recorded = {rule["record"] for _, rule in rules() if "record" in rule}
    asked = {
        name
        for expression in (*rule_expressions(), *panel_expressions())
        for name in re.findall(r"\b\w+(?::\w+)+\b", re.sub(r'"[^"]*"|\[[^\]]*\]', "", expression.text))
    }
    assert asked == recorded, "asked for and not recorded, or recorded and never used"


def test_every_metric_is_shown_or_watched() -> None:
    used = {name for expression in (*rule_expressions(), *panel_expressions()) for name in metrics_in(expression.text)}
    assert used >= OURS, f"on no dashboard and in no rule: {sorted(OURS - used)}"
