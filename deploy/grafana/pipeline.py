"""Dashboard Pipeline: rate, errors, duration, and how far behind."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from deploy.grafana.parts import HERE, INSTALLED, density, limits, lines, new_dashboard, number, present, query, rows

RATE = "$__rate_interval"


def pipeline() -> Dashboard:
    """Build it."""
    new = new_dashboard("pipeline", "Pipeline", "Rate, errors and duration of the stream, and how far it is behind.")
    _at_a_glance(new)
    _rates(new.with_row(Row("Rate")))
    _errors(new.with_row(Row("Errors")))
    _durations(new.with_row(Row("Duration and lag")))
    return new


def _at_a_glance(new: Dashboard) -> None:
    new.with_panel(
        number(
            "Articles a second",
            "Records of the articles topic that were finished.",
            "reqps",
            query(f"sum(rate(detector_articles_total{{{HERE}}}[{RATE}]))"),
        )
    ).with_panel(
        number(
            "Oldest record",
            "Age of the oldest record that is not finished. Alerts from 60 s (warning) and 600 s (critical).",
            "s",
            query(f"max(topic:detector_lag_seconds:max{{{INSTALLED}}})"),
            thresholds=limits(60, 600),
        )
    ).with_panel(
        number(
            "Dead-letter share",
            "Of the records of 15 minutes. Alert from 5 % on; above half, workers stop.",
            "percentunit",
            query(f"max(namespace:detector_dead_letters:share15m{{{INSTALLED}}})"),
            thresholds=limits(0.05, 0.5),
        )
    ).with_panel(
        number(
            "Last article",
            "Time since an article was finished, by whichever worker. Alert from 30 minutes on, if none waits.",
            "s",
            query(f"time() - max(detector_last_article_timestamp_seconds{{{HERE}}})"),
            thresholds=limits(1800),
        )
    ).with_panel(
        number(
            "Later than 10 s",
            "Share of alerts of the last hour that came later than 10 s after their article; the objective is 1 %.",
            "percentunit",
            query(f"max(namespace:detector_end_to_end_slow:share1h{{{INSTALLED}}})"),
            thresholds=limits(0.01, 0.144),
        )
    ).with_panel(
        number(
            "Batches held",
            "Batches that a worker holds because the broker does not take what they cause. Anything but 0 for long is a fault.",
            "short",
            query(f"sum(detector_retries_held{{{HERE}}})"),
            thresholds=limits(critical=1),
        )
    )


def _rates(new: Dashboard) -> None:
    new.with_panel(
        lines(
            "Articles by outcome",
            "Each article ends as detections, as no event, or as a dead letter. Withdrawals count as no event as well.",
            "reqps",
            query(f"sum(rate(detector_articles_with_detections_total{{{HERE}}}[{RATE}]))", "detections"),
            query(f"sum(rate(detector_no_event_total{{{HERE}}}[{RATE}]))", "no event"),
            query(f"sum(rate(detector_rejected_total{{{HERE}}}[{RATE}]))", "dead letters"),
            query(f"sum(rate(detector_withdrawals_total{{{HERE}}}[{RATE}]))", "withdrawals"),
        )
    ).with_panel(
        lines(
            "Articles by worker",
            "Articles a second that each worker finishes; very unequal lines mean unequal partitions.",
            "reqps",
            query(f"sum by (instance) (rate(detector_articles_total{{{HERE}}}[{RATE}]))", "{{instance}}"),
        )
    ).with_panel(
        lines(
            "Records a batch",
            "Mean number of records handled together, by topic. Near the setting's 64: the workers are busy.",
            "short",
            query(
                f"sum by (topic) (rate(detector_batch_articles_sum{{{HERE}}}[{RATE}]))"
                f" / sum by (topic) (rate(detector_batch_articles_count{{{HERE}}}[{RATE}]))",
                "{{topic}}",
            ),
        )
    )


def _errors(new: Dashboard) -> None:
    new.with_panel(
        lines(
            "Dead letters by reason",
            "Records an hour kept as dead letters. internal_error and undeliverable are the program's, all others the input's.",
            "short",
            query(
                f"sum by (topic, reason) (rate(detector_rejected_total{{{HERE}}}[{RATE}])) * 3600 > 0",
                "{{topic}} {{reason}}",
            ),
            stacked=True,
        )
    ).with_panel(
        lines(
            "Retries",
            "Deliveries a second that were tried again, and batches held meanwhile.",
            "short",
            query(f"sum(rate(detector_retries_total{{{HERE}}}[{RATE}]))", "retries a second"),
            query(f"sum(detector_retries_held{{{HERE}}})", "batches held"),
        )
    ).with_panel(
        lines(
            "Undated articles",
            "Share of articles without a readable publication time; for these, the time of arrival is taken.",
            "percentunit",
            query(
                f"sum(rate(detector_articles_undated_total{{{HERE}}}[{RATE}]))"
                f" / sum(rate(detector_articles_total{{{HERE}}}[{RATE}]))",
                "undated",
            ),
        )
    ).with_panel(
        lines(
            "Offsets read again",
            "Refused jumps, seeks back and offsets without a record. Rebalances cause some; a steady line is a fault.",
            "short",
            query(f"sum by (topic) (increase(detector_offset_jumps_total{{{HERE}}}[5m]))", "{{topic}} jumps refused"),
            query(
                f"sum by (topic, cause) (increase(detector_offset_rereads_total{{{HERE}}}[5m]))", "{{topic}} {{cause}}"
            ),
            query(
                f"sum by (topic) (increase(detector_offset_gap_records_total{{{HERE}}}[5m]))",
                "{{topic}} without record",
            ),
        )
    ).with_panel(
        lines(
            "Rebalances",
            "Assignments received in 5 minutes, by worker: at starts and stops; else workers lose their sessions.",
            "short",
            query(f"sum by (instance) (increase(detector_rebalances_total{{{HERE}}}[5m]))", "{{instance}}"),
            thresholds=limits(5),
        )
    ).with_panel(
        rows(
            "Alerts now",
            "What Prometheus' rules for operations say now, pending ones too; the runbook has a section for each.",
            "short",
            present('ALERTS{alertname=~"Detector.+"}'),
            hidden=("Value",),
        )
    )


def _durations(new: Dashboard) -> None:
    new.with_panel(
        lines(
            "End to end",
            "From the broker's time of the article to its alert being delivered. Objective: 99 % within 10 s.",
            "s",
            *(
                query(
                    f"histogram_quantile({share}, sum by (le) (rate(detector_end_to_end_seconds_bucket{{{HERE}}}[{RATE}])))",
                    f"p{share:.0%}".rstrip("%"),
                )
                for share in (0.5, 0.95, 0.99)
            ),
            thresholds=limits(10),
        )
    ).with_panel(
        lines(
            "From publication to alert",
            "From the article's own publication time: mostly the sources' delay, and hours for archives.",
            "s",
            *(
                query(
                    f"histogram_quantile({share}, "
                    f"sum by (le) (rate(detector_published_to_alert_seconds_bucket{{{HERE}}}[{RATE}])))",
                    f"p{share:.0%}".rstrip("%"),
                )
                for share in (0.5, 0.95)
            ),
        )
    ).with_panel(
        lines(
            "Time in the core",
            "Per article: parsing, splitting, gate, scores, places. The rest of the latency is waiting and the broker.",
            "s",
            query(
                f"sum(rate(detector_classify_seconds_sum{{{HERE}}}[{RATE}]))"
                f" / sum(rate(detector_classify_seconds_count{{{HERE}}}[{RATE}]))",
                "mean",
            ),
            query(
                f"histogram_quantile(0.99, sum by (le) (rate(detector_classify_seconds_bucket{{{HERE}}}[{RATE}])))",
                "p99",
            ),
        )
    ).with_panel(
        density(
            "End to end, all",
            "How many alerts a second came after how long.",
            "s",
            f"sum by (le) (rate(detector_end_to_end_seconds_bucket{{{HERE}}}[{RATE}]))",
        )
    ).with_panel(
        lines(
            "Lag",
            "Records that are not committed yet, by partition.",
            "short",
            query(f"sum by (topic, partition) (detector_lag_records{{{HERE}}})", "{{topic}} {{partition}}"),
        )
    ).with_panel(
        lines(
            "Age of the oldest record",
            "By partition; 0 when nothing waits.",
            "s",
            query(f"max by (topic, partition) (detector_lag_seconds{{{HERE}}})", "{{topic}} {{partition}}"),
            thresholds=limits(60, 600),
        )
    ).with_panel(
        lines(
            "Records in hand",
            "Delivered to the agents and not finished, by partition; bounded by the queue.",
            "short",
            query(f"sum by (topic, partition) (detector_commits_held_records{{{HERE}}})", "{{topic}} {{partition}}"),
        )
    )
