"""Dashboard Model: what the model sees and says, and whether that is still what it was made for."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.grafana.parts import HERE, INSTALLED, density, limits, lines, new_dashboard, number, present, query, rows

RATE = "$__rate_interval"
TYPED = f'{HERE}, type=~"$type"'


def model() -> Dashboard:
    """Build it."""
    new = new_dashboard("model", "Model", "Scores, confidence, gate, doubts and drift.", events=True)
    _shares(new)
    new.with_panel(
        density(
            "Scores",
            "Scores of the articles that passed the gate, of the types chosen. Mass that moves upwards is news or drift.",
            "percentunit",
            f"sum by (le) (rate(detector_score_bucket{{{TYPED}}}[{RATE}]))",
        )
    ).with_panel(
        density(
            "Confidence",
            "Confidence of the detections, of the types chosen. Mass near the thresholds means doubtful alerts.",
            "percentunit",
            f"sum by (le) (rate(detector_confidence_bucket{{{TYPED}}}[{RATE}]))",
        )
    ).with_panel(
        lines(
            "Mean score",
            "Of the articles that passed the gate, by type.",
            "percentunit",
            query(
                f"sum by (type) (rate(detector_score_sum{{{TYPED}}}[{RATE}]))"
                f" / sum by (type) (rate(detector_score_count{{{TYPED}}}[{RATE}]))",
                "{{type}}",
            ),
        )
    ).with_panel(
        lines(
            "Doubts",
            "Share of articles in the abstain band of a type: close below its threshold, and never told.",
            "percentunit",
            query(
                f"sum by (type) (rate(detector_abstained_total{{{TYPED}}}[{RATE}]))"
                f" / on () group_left sum(rate(detector_articles_total{{{HERE}}}[{RATE}]))",
                "{{type}}",
            ),
        )
    ).with_panel(
        lines(
            "Detections an article",
            "Share of articles with a detection, by type.",
            "percentunit",
            query(
                f"sum by (type) (rate(detector_detections_total{{{TYPED}}}[{RATE}]))"
                f" / on () group_left sum(rate(detector_articles_total{{{HERE}}}[{RATE}]))",
                "{{type}}",
            ),
        )
    ).with_panel(
        lines(
            "Drift",
            "Population stability index against the model's reference: under 0.1 as it was, above 0.25 other news. "
            "Absent while too few articles were seen, or when the model has no reference.",
            "short",
            query(f"max by (figure, type) (detector_drift_psi{{{HERE}}})", "{{figure}} {{type}}"),
            thresholds=limits(0.1, 0.25),
        )
    ).with_panel(
        lines(
            "Articles behind the drift",
            "Articles of the last day that each worker compares with the reference.",
            "short",
            query(f"sum by (instance) (detector_drift_articles{{{HERE}}})", "{{instance}}"),
        )
    ).with_panel(
        rows(
            "Models at work",
            "Number of workers by model. More than one row for longer than a release takes raises an alert.",
            "short",
            present(f'count by (namespace, name, version, digest) (detector_model_info{{{INSTALLED}, digest!=""}})'),
            hidden=(),
        )
    )
    return new


def _shares(new: Dashboard) -> None:
    articles = f"sum(rate(detector_articles_total{{{HERE}}}[$__range]))"
    new.with_panel(
        number(
            "Past the gate",
            "Share of articles of which a sentence passed the gate. It decides the cost per article.",
            "percentunit",
            present(f"sum(rate(detector_gate_passed_total{{{HERE}}}[$__range])) / {articles}"),
        ).span(6)
    ).with_panel(
        number(
            "With an event",
            "Share of articles that caused a detection.",
            "percentunit",
            present(f"sum(rate(detector_articles_with_detections_total{{{HERE}}}[$__range])) / {articles}"),
        ).span(6)
    ).with_panel(
        number(
            "In doubt",
            "Articles in an abstain band, by article.",
            "percentunit",
            present(f"sum(rate(detector_abstained_total{{{HERE}}}[$__range])) / {articles}"),
        ).span(6)
    ).with_panel(
        number(
            "Without evidence",
            "Detections that name no sentence, in the time shown. Anything but 0 is a defect.",
            "short",
            present(f"sum(increase(detector_detections_without_evidence_total{{{HERE}}}[$__range]))"),
            thresholds=limits(critical=1),
        ).span(6)
    )
