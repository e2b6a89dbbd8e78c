"""The proof of dashboards and rules: a real broker, a real worker under load, a real Prometheus, every expression asked.

Each must give figures, or stand in one of the two lists below with the reason why it gives none here.
"""

import math
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.deploy.expressions import panel_expressions, rules, variable_expressions
from tests.support.observing import Load, Prometheus, running_prometheus
from tests.support.pipeline import Pipeline, running_pipeline, tagged_settings

WAIT_SECONDS = 120
TIMES = {"$__rate_interval": "30s", "$__range": "5m"}

WITHOUT_BAD_RECORDS = {
    "pipeline.json: Dead letters by reason": "shows the reasons that occur, and no dead letter was made yet",
}
"""Empty at first; the test makes dead letters and asks again."""

DEPENDS = {
    "pipeline.json: Alerts now": "full when the machine is so slow that the first alerts come late",
    "model.json: Drift": "begins when enough articles were seen",
    "operations.yml: DetectorModelDrift": "as above",
}
"""Empty or not, as it comes."""

NOT_HERE = {
    "pipeline.json: Offsets read again": "its series begin with the first refused jump, which needs a badly timed rebalance",
}
"""Empty to the end."""


class Observed(NamedTuple):
    """What runs for the time of this module."""

    pipeline: Pipeline
    prometheus: Prometheus
    load: Load
    variables: dict[str, str]


@pytest.fixture(scope="module")
def observed(broker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Observed]:
    """A worker under load, and Prometheus watching it."""
    folder: Path = tmp_path_factory.mktemp("observed")
    with running_pipeline(tagged_settings(broker, folder), folder) as pipeline:
        deadline = time.monotonic() + WAIT_SECONDS
        while not (url := pipeline.worker.url):
            assert time.monotonic() < deadline, pipeline.worker.explain("the worker does not start")
            time.sleep(0.1)
        target = url.removeprefix("http://")
        with running_prometheus(folder, [target]) as prometheus, Load(pipeline, rate=60) as load:
            while not prometheus.values("detector_alerts_by_country_total"):
                assert time.monotonic() < deadline, pipeline.worker.explain("no alert came")
                time.sleep(0.2)
            yield Observed(pipeline, prometheus, load, variables(prometheus))


def variables(prometheus: Prometheus) -> dict[str, str]:
    """Fill the variables of the dashboards with all their values, as Grafana asks for them."""
    filled: dict[str, str] = {}
    for expression in variable_expressions():
        match = re.fullmatch(r"label_values\((?P<series>.+), (?P<label>\w+)\)", expression.text)
        assert match, expression
        found = prometheus.get(f"label/{match['label']}/values", **{"match[]": fill(match["series"], filled)})
        assert found, f"{expression.where} has no values"
        filled[f"${match['label']}"] = "|".join(re.escape(value).replace("\\", "\\\\") for value in found)
    assert filled.keys() == {"$namespace", "$instance", "$type", "$country"}
    assert filled["$namespace"] == "detector"
    return filled


def fill(expression: str, values: dict[str, str]) -> str:
    """Put values in the place of variables."""
    for name, value in (TIMES | values).items():
        expression = expression.replace(name, value)
    return expression


def operands(expression: str) -> list[str]:
    """The series that an alert's expression compares: without comparison, and each side of `and` and `unless`."""
    parts = re.split(r"\n\s*(?:and|unless) ", expression.strip())
    bare = [re.split(r" (?:>=|>|==) ", part)[0].strip() for part in parts]
    return [re.sub(r"^absent\((.*)\)$", r"\1", part) for part in bare]


def asked() -> list[tuple[str, str]]:
    """Everything that must give figures: where it stands, and the expression."""
    found = [(expression.where, expression.text) for expression in panel_expressions()]
    for file, rule in rules():
        where = f"{file.name}: {rule.get('alert') or rule['record']}"
        found += [(where, part) for part in (operands(rule["expr"]) if "alert" in rule else [rule["expr"]])]
    return found


def without_figures(observed: Observed) -> dict[str, str]:
    """Give where no figure comes, and what was asked; figures that are no number count as none."""
    empty = {}
    for where, expression in asked():
        question = fill(expression, observed.variables)
        assert "$" not in question, question
        if not any(math.isfinite(value) for _, value in observed.prometheus.values(question)):
            empty[where] = question
    return empty


def wait_without_figures(observed: Observed, expected: set[str]) -> dict[str, str]:
    """Wait until nothing but the expected is empty; give what is."""
    deadline = time.monotonic() + WAIT_SECONDS
    while (empty := without_figures(observed)).keys() - expected and time.monotonic() < deadline:
        time.sleep(1)
    return empty


def test_every_expression_gives_figures(observed: Observed) -> None:
    """First without a bad record, then with some: what was empty for want of them is not any more."""
    empty = wait_without_figures(observed, {*NOT_HERE, *WITHOUT_BAD_RECORDS, *DEPENDS})
    assert empty.keys() - DEPENDS.keys() == {*NOT_HERE, *WITHOUT_BAD_RECORDS}, empty
    observed.load.bad_share = 0.15
    empty = wait_without_figures(observed, {*NOT_HERE, *DEPENDS} - {"pipeline.json: Alerts now"})
    assert empty.keys() - (DEPENDS.keys() - {"pipeline.json: Alerts now"}) == {*NOT_HERE}, empty


def test_every_rule_is_evaluated_without_an_error(observed: Observed) -> None:
    groups = observed.prometheus.get("rules")["groups"]
    found = {rule["name"]: rule for group in groups for rule in group["rules"]}
    assert found.keys() == {rule.get("alert") or rule["record"] for _, rule in rules()}
    assert {name: rule.get("lastError") for name, rule in found.items() if rule["health"] != "ok"} == {}


def test_the_worker_is_the_target_and_the_burst_is_told(observed: Observed) -> None:
    """The load tells of many atrocities in a country at once, which is what the newsroom wants to hear."""
    (target,) = [item for item in targets(observed.prometheus) if item["labels"]["job"] == "detector-worker"]
    assert target["health"] == "up"
    assert target["labels"]["namespace"] == "detector"
    firing = observed.prometheus.values('ALERTS{alertname="AtrocityBurst", alertstate="firing"}')
    assert firing
    assert all(labels["audience"] == "news" for labels, _ in firing)


def targets(prometheus: Prometheus) -> list[dict[str, Any]]:
    """What it scrapes."""
    found: list[dict[str, Any]] = prometheus.get("targets", state="active")["activeTargets"]
    return found


def test_what_is_scraped_is_bounded(observed: Observed) -> None:
    (_, scraped) = observed.prometheus.values('scrape_samples_scraped{job="detector-worker"}')[0]
    assert 200 < scraped < 1500, "prometheus.yml refuses more than 5000"
