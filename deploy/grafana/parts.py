"""What the dashboards are made of: queries, panels with all that a panel must have, variables, annotations, links."""

from typing import Final, TypeVar

from grafana_foundation_sdk.builders import dashboard as board
from grafana_foundation_sdk.builders import heatmap, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders.common import ReduceDataOptions, StackingConfig, VizLegendOptions
from grafana_foundation_sdk.models.common import LegendDisplayMode, StackingMode
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataSourceRef,
    DataTransformerConfig,
    Threshold,
    ThresholdsMode,
    VariableOption,
    VariableRefresh,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

DATA_SOURCE: Final = DataSourceRef(type_val="prometheus", uid="${datasource}")
HERE: Final = 'namespace=~"$namespace", instance=~"$instance"'
"""Selector of the workers that the variables choose."""

INSTALLED: Final = 'namespace=~"$namespace"'
"""Selector for recorded series, which have no instance."""

SPAN: Final = 8
"""A third of the width; rows have 24 columns."""

_HEIGHT: Final = 8
_GOOD: Final = "green"
_TAG: Final = "detector"

P = TypeVar("P", timeseries.Panel, stat.Panel, table.Panel, heatmap.Panel)


def query(expression: str, legend: str = "") -> prometheus.Dataquery:
    """Ask for values over the time shown."""
    return prometheus.Dataquery().expr(expression).legend_format(legend or "__auto").datasource(DATA_SOURCE).range()


def present(expression: str, legend: str = "") -> prometheus.Dataquery:
    """Ask for the newest values alone, as rows of a table."""
    return (
        prometheus.Dataquery()
        .expr(expression)
        .legend_format(legend or "__auto")
        .datasource(DATA_SOURCE)
        .format(PromQueryFormat.TABLE)
        .instant()
    )


def limits(warning: float | None = None, critical: float | None = None) -> board.ThresholdsConfig:
    """Colour values from `warning` on orange and from `critical` on red; where both are absent all is green."""
    steps = [Threshold(value=None, color=_GOOD)]
    steps += [Threshold(value=warning, color="orange")] if warning is not None else []
    steps += [Threshold(value=critical, color="red")] if critical is not None else []
    return board.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _common(panel: P, title: str, description: str, unit: str, queries: tuple[prometheus.Dataquery, ...]) -> P:
    panel.title(title).description(description).datasource(DATA_SOURCE).unit(unit).height(_HEIGHT).span(SPAN)
    for number, item in enumerate(queries):
        panel.with_target(item.ref_id(chr(ord("A") + number)))
    return panel


def lines(
    title: str,
    description: str,
    unit: str,
    *queries: prometheus.Dataquery,
    thresholds: board.ThresholdsConfig | None = None,
    stacked: bool = False,
) -> timeseries.Panel:
    """Values over time."""
    panel = _common(timeseries.Panel(), title, description, unit, queries)
    panel.thresholds(thresholds or limits()).fill_opacity(30 if stacked else 8).min(0)
    panel.legend(VizLegendOptions().display_mode(LegendDisplayMode.LIST).show_legend(show_legend=True))
    if stacked:
        panel.stacking(StackingConfig().mode(StackingMode.NORMAL))
    return panel


def number(
    title: str,
    description: str,
    unit: str,
    *queries: prometheus.Dataquery,
    thresholds: board.ThresholdsConfig | None = None,
) -> stat.Panel:
    """One figure, coloured by its thresholds."""
    panel = _common(stat.Panel(), title, description, unit, queries).thresholds(thresholds or limits())
    return panel.reduce_options(ReduceDataOptions().calcs(["lastNotNull"])).span(4).height(4)


def rows(
    title: str, description: str, unit: str, *queries: prometheus.Dataquery, hidden: tuple[str, ...]
) -> table.Panel:
    """A table of the newest values; `hidden` names the labels that it leaves out."""
    panel = _common(table.Panel(), title, description, unit, queries).thresholds(limits())
    exclude = dict.fromkeys(("Time", "__name__", "job", *hidden), True)
    return panel.with_transformation(DataTransformerConfig(id_val="organize", options={"excludeByName": exclude}))


def density(title: str, description: str, unit: str, expression: str) -> heatmap.Panel:
    """A histogram over time; the expression gives rates by `le`."""
    panel = _common(
        heatmap.Panel(), title, description, unit, (query(expression, "{{le}}").format(PromQueryFormat.HEATMAP),)
    )
    return panel.thresholds(limits())


def new_dashboard(uid: str, title: str, description: str, *, events: bool = False) -> board.Dashboard:
    """Begin a dashboard with its variables, annotations and links; `events` adds type and country."""
    new = board.Dashboard(title).uid(f"detector-{uid}").description(description).tags([_TAG]).refresh("30s")
    new.time("now-6h", "now").timezone("browser").editable()
    new.with_variable(board.DatasourceVariable("datasource").label("Data source").type("prometheus"))
    new.with_variable(_choice("namespace", "Namespace", "label_values(detector_build_info, namespace)"))
    instances = 'label_values(detector_build_info{namespace=~"$namespace"}, instance)'
    new.with_variable(_choice("instance", "Worker", instances))
    if events:
        new.with_variable(_choice("type", "Type", "label_values(detector_alerts_total, type)"))
        countries = 'label_values(detector_alerts_by_country_total{namespace=~"$namespace"}, country)'
        new.with_variable(_choice("country", "Country", countries))
    new.annotation(_changes("Model", "detector_model_info", "digest", "purple"))
    new.annotation(_changes("Release", "detector_build_info", "version", "blue"))
    others = board.DashboardLink("Dashboards").type(DashboardLinkType.DASHBOARDS).tags([_TAG])
    new.link(others.as_dropdown(as_dropdown=True).keep_time(keep_time=True).include_vars(include_vars=True))
    runbook = board.DashboardLink("Runbook").type(DashboardLinkType.LINK).url("/d/detector-runbook")
    return new.link(runbook.icon("doc").tooltip("What each alert means and what to do"))


def _choice(name: str, label: str, values: str) -> board.QueryVariable:
    variable = board.QueryVariable(name).label(label).query(values).datasource(DATA_SOURCE)
    variable.multi(multi=True).include_all(include_all=True).all_value(".*")
    variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    return variable.current(VariableOption(selected=True, text="All", value="$__all"))


def _changes(name: str, metric: str, label: str, colour: str) -> board.AnnotationQuery:
    """Mark where a value of `label` is there that was not there ten minutes before."""
    selector = f'{metric}{{{INSTALLED}, {label}!=""}}'
    expression = f"count by ({label}) ({selector}) unless count by ({label}) ({selector} offset 10m)"
    return (
        board.AnnotationQuery()
        .name(name)
        .datasource(DATA_SOURCE)
        .expr(expression)
        .icon_color(colour)
        .enable(enable=True)
    )
