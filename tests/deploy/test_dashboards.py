"""The dashboards are current, complete (description, unit, thresholds, links), and point at data that is provisioned."""

import json
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.grafana.build import FOLDER, built
from detector.core.eventtypes import EVENT_TYPES
from tests.deploy.expressions import DEPLOY, dashboards, panels

ALL = dict(dashboards())
SHOWN = [(name, panel) for name, dashboard in ALL.items() for panel in panels(dashboard)]
WITH_DATA = [(name, panel) for name, panel in SHOWN if panel["type"] != "text"]


def title_of(value: object) -> str | None:
    """Name a test case by its panel."""
    return str(value["title"]) if isinstance(value, dict) else None


def test_the_committed_files_are_what_the_code_builds() -> None:
    committed = {file.name: file.read_text(encoding="utf-8") for file in FOLDER.glob("*.json")}
    assert committed == built(), "run `make deploy-files`"


def test_what_was_asked_for_is_there() -> None:
    assert {dashboard["title"] for dashboard in ALL.values()} == {"Events", "Pipeline", "Model", "Workers", "Runbook"}
    assert len(WITH_DATA) > 40


@pytest.mark.parametrize("name", ALL)
def test_the_sdk_reads_what_it_wrote(name: str) -> None:
    """The files are dashboards by the types of Grafana's own kit, with nothing lost; it only adds its defaults."""
    register_default_plugins()
    again = json.loads(JSONEncoder(sort_keys=True, indent=2).encode(Dashboard.from_json(ALL[name])))
    for panel, original in zip(again["panels"], ALL[name]["panels"], strict=True):
        if original["type"] in {"heatmap", "table"}:
            panel["fieldConfig"]["defaults"].pop("custom")
    assert again == ALL[name]


@pytest.mark.parametrize(("name", "panel"), SHOWN, ids=title_of)
def test_no_panel_without_description(name: str, panel: dict[str, Any]) -> None:
    assert name
    assert panel["title"]
    assert panel["description"].endswith(".") and len(panel["description"]) > 15


@pytest.mark.parametrize(("name", "panel"), WITH_DATA, ids=title_of)
def test_a_panel_has_unit_thresholds_and_a_source(name: str, panel: dict[str, Any]) -> None:
    assert name
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["unit"]
    assert defaults["thresholds"]["steps"][0]["color"] == "green"
    assert panel["datasource"]["uid"] == "${datasource}"
    assert panel["targets"]
    for target in panel["targets"]:
        assert target["datasource"]["uid"] == "${datasource}"
        assert "$namespace" in target["expr"] or target["expr"].startswith("ALERTS"), "the variables choose"


@pytest.mark.parametrize("name", ALL)
def test_variables_annotations_and_links(name: str) -> None:
    dashboard = ALL[name]
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    assert {"datasource", "namespace", "instance"} <= variables
    if name in {"events.json", "model.json"}:
        assert {"type", "country"} <= variables
    assert {"Model", "Release"} <= {note["name"] for note in dashboard["annotations"]["list"]}
    runbook, others = (link for link in sorted(dashboard["links"], key=lambda link: link["type"] == "dashboards"))
    assert runbook["url"] == "/d/detector-runbook"
    assert others["tags"] == ["detector"] and set(others["tags"]) <= set(dashboard["tags"])


def test_links_lead_to_a_dashboard() -> None:
    uids = {dashboard["uid"] for dashboard in ALL.values()}
    assert len(uids) == len(ALL)
    assert "detector-runbook" in uids


def test_variables_that_are_used_are_declared() -> None:
    for name, panel in WITH_DATA:
        declared = {variable["name"] for variable in ALL[name]["templating"]["list"]}
        for target in panel["targets"]:
            used = {word for word in ("namespace", "instance", "type", "country") if f"${word}" in target["expr"]}
            assert used <= declared, (name, panel["title"])


def test_every_type_has_its_figure() -> None:
    titles = {panel["title"] for panel in panels(ALL["events.json"])}
    assert {f"New: {kind.value}" for kind in EVENT_TYPES} <= titles


def test_panels_do_not_overlap() -> None:
    for name, dashboard in ALL.items():
        cells: set[tuple[int, int]] = set()
        for panel in dashboard["panels"]:
            place = panel["gridPos"]
            mine = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert place["x"] + place["w"] <= 24, (name, panel["title"])
            assert not mine & cells, (name, panel["title"])
            cells |= mine


def test_provisioning_fits_the_files() -> None:
    """Grafana finds the data source under the scrape interval of Prometheus, and the dashboards in a folder."""
    provisioning = DEPLOY / "grafana/provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text())["datasources"]
    prometheus = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    assert source["jsonData"]["timeInterval"] == prometheus["global"]["scrape_interval"]
    assert source["type"] == "prometheus" and source["isDefault"]
    (provider,) = yaml.safe_load((provisioning / "dashboards/detector.yml").read_text())["providers"]
    assert provider["options"]["path"].startswith("/var/lib/grafana/")
    assert provider["folder"]
