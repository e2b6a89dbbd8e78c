"""Dashboard Events: what is being told, of what type, where."""

from grafana_foundation_sdk.builders import geomap
from grafana_foundation_sdk.builders.common import FrameGeometrySource, MapLayerOptions
from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.models.common import FrameGeometrySourceMode
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from deploy.grafana.parts import (
    DATA_SOURCE,
    HERE,
    INSTALLED,
    limits,
    lines,
    new_dashboard,
    number,
    present,
    query,
    rows,
)

TYPED = f'{HERE}, type=~"$type"'
PLACED = f'{TYPED}, country=~"$country"'
NEW_IN_RANGE = (
    f"(detector_alerts_by_country_total{{{PLACED}}} unless detector_alerts_by_country_total{{{PLACED}}} offset $__range)"
    f" or increase(detector_alerts_by_country_total{{{PLACED}}}[$__range])"
)


def events() -> Dashboard:
    """Build it."""
    new = new_dashboard("events", "Events", "What the detector tells: by type, status and country.", events=True)
    for kind, colour_from in (("ceasefire", None), ("evacuation", None), ("atrocity", 5), ("solidarity", None)):
        new.with_panel(
            number(
                f"New: {kind}",
                f"Alerts of new events of the type {kind} in the time shown.",
                "short",
                present(
                    f'sum(increase(detector_alerts_total{{{HERE}, type="{kind}", message_type="alert"}}[$__range]))'
                ),
                thresholds=limits(warning=colour_from),
            ).span(6)
        )
    new.with_panel(
        lines(
            "Alerts by type",
            "Alerts an hour by type and what they say: a new event, an update, or a cancel. It is what subscribers get.",
            "short",
            query(
                f"sum by (type, message_type) (rate(detector_alerts_total{{{TYPED}}}[$__rate_interval])) * 3600",
                "{{type}} {{message_type}}",
            ),
            stacked=True,
        )
    )
    new.with_panel(
        lines(
            "Detections by status",
            "Articles an hour that report an event, by type and the state that it is in.",
            "short",
            query(
                f"sum by (type, status) (rate(detector_detections_total{{{TYPED}}}[$__rate_interval])) * 3600 > 0",
                "{{type}} {{status}}",
            ),
            stacked=True,
        )
    )
    new.with_panel(
        lines(
            "What became of detections",
            "Detections and retractions an hour: opened an event, joined one, retracted, or repeated and told as before.",
            "short",
            query(
                f"sum by (decision) (rate(detector_correlated_total{{{TYPED}}}[$__rate_interval])) * 3600",
                "{{decision}}",
            ),
            stacked=True,
        )
    )
    new.with_panel(
        lines(
            "Taken back and forgotten",
            "An hour: what edits and withdrawals take back, by reason, and events that expired after their quiet period.",
            "short",
            query(
                f"sum by (reason) (rate(detector_retractions_total{{{HERE}}}[$__rate_interval])) * 3600", "{{reason}}"
            ),
            query(f"sum(rate(detector_events_expired_total{{{HERE}}}[$__rate_interval])) * 3600", "expired"),
        )
    )
    new.with_panel(world())
    new.with_panel(
        rows(
            "Latest alerts",
            "When each type was told last in each country. The alerts themselves: detector watch, or the topic alerts.",
            "dateTimeFromNow",
            present(f"sort_desc(max by (type, country) (detector_last_alert_timestamp_seconds{{{PLACED}}})) * 1000"),
            hidden=(),
        ).override_by_name("Value", [DynamicConfigValue(id_val="displayName", value="last alert")])
    )
    new.with_panel(
        lines(
            "Atrocity events by country",
            "New events of the last hour; the alert AtrocityBurst fires from 5 on, at three times the usual number.",
            "short",
            query(f'country:detector_alerts:new1h{{{INSTALLED}, type="atrocity", country=~"$country"}}', "{{country}}"),
            thresholds=limits(warning=5),
        )
    )
    new.with_panel(
        lines(
            "Atrocity events, usual number",
            "Hourly mean of the last seven days, by country: what a burst is measured against.",
            "short",
            query(
                f'country:detector_alerts:new7d{{{INSTALLED}, type="atrocity", country=~"$country"}} / 168',
                "{{country}}",
            ),
        )
    )
    new.with_panel(
        rows(
            "Bursts now",
            "Alerts for the newsroom that fire now; empty when all is as usual.",
            "short",
            present('ALERTS{audience="news", alertstate="firing"}'),
            hidden=("Value", "alertstate", "audience", "severity"),
        )
    )
    return new


def world() -> geomap.Panel:
    """Build the map: a circle on each country, as large as its number of new events."""
    panel = geomap.Panel().title("New events by country").datasource(DATA_SOURCE).unit("short").height(12).span(16)
    panel.description("Alerts of new events in the time shown; events without a country are not on the map.")
    panel.with_target(present(f"sum by (country) ({NEW_IN_RANGE})").ref_id("A"))
    panel.basemap(MapLayerOptions().type("default").name("Basemap"))
    location = (
        FrameGeometrySource()
        .mode(FrameGeometrySourceMode.LOOKUP)
        .lookup("country")
        .gazetteer("public/gazetteer/countries.json")
    )
    size = {"field": "Value", "fixed": 5, "min": 4, "max": 24}
    style = {"size": size, "color": {"field": "Value", "fixed": "orange"}, "opacity": 0.6}
    layer = MapLayerOptions().type("markers").name("Events").location(location)
    return panel.layers([layer.config({"style": style, "showLegend": True}).tooltip(tooltip=True)]).thresholds(
        limits(10, 50)
    )
