"""Dashboard Workers: what the processes use, and what they keep."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from deploy.grafana.parts import HERE, INSTALLED, limits, lines, new_dashboard, present, query, rows

RATE = "$__rate_interval"


def workers() -> Dashboard:
    """Build it."""
    new = new_dashboard(
        "workers", "Workers", "Processor, memory, garbage collection, event loop and state of each worker."
    )
    new.with_panel(
        rows(
            "Workers",
            "Each worker that answers, with its version.",
            "short",
            present(f"detector_build_info{{{HERE}}}"),
            hidden=("Value",),
        )
    ).with_panel(
        lines(
            "Up",
            "1 while Prometheus can read the worker's metrics.",
            "short",
            query(f'up{{job="detector-worker", {HERE}}}', "{{instance}}"),
        )
    ).with_panel(
        lines(
            "Partitions",
            "Partitions that each worker reads; a worker with none is idle.",
            "short",
            query(f"detector_partitions_assigned{{{HERE}}}", "{{instance}}"),
        )
    ).with_panel(
        lines(
            "Processor",
            "Processors used. A worker is one process whose core runs in one thread: 1 is full.",
            "short",
            query(f'rate(process_cpu_seconds_total{{job="detector-worker", {HERE}}}[{RATE}])', "{{instance}}"),
            thresholds=limits(0.8, 1),
        )
    ).with_panel(
        lines(
            "Resident memory",
            "Memory that the process occupies. It must be flat after the first minutes.",
            "bytes",
            query(f'process_resident_memory_bytes{{job="detector-worker", {HERE}}}', "{{instance}}"),
        )
    ).with_panel(
        lines(
            "Garbage collection",
            "Collections a second by generation; generation 2 is the one that takes time.",
            "short",
            query(
                f"sum by (instance, generation) (rate(python_gc_collections_total{{{HERE}}}[{RATE}]))",
                "{{instance}} {{generation}}",
            ),
        )
    ).with_panel(
        lines(
            "Event-loop delay",
            "How late the event loop woke up at the last beat of each second. Long delays put the group session at risk.",
            "s",
            query(f"detector_event_loop_delay_seconds{{{HERE}}}", "{{instance}}"),
            thresholds=limits(1, 3),
        )
    ).with_panel(
        lines(
            "Running for",
            "Time since the process started; saw teeth are restarts.",
            "s",
            query(f'time() - process_start_time_seconds{{job="detector-worker", {HERE}}}', "{{instance}}"),
        )
    ).with_panel(
        lines(
            "Open files",
            "File descriptors of the process, connections among them, as a share of what it may have.",
            "percentunit",
            query(
                f'process_open_fds{{job="detector-worker", {HERE}}} / process_max_fds{{job="detector-worker", {HERE}}}',
                "{{instance}}",
            ),
            thresholds=limits(0.7, 0.9),
        )
    ).with_panel(
        lines(
            "State",
            "Articles and events that the workers remember; bounded by expiry.",
            "short",
            query(f"sum by (instance, state) (detector_state_entries{{{HERE}}})", "{{instance}} {{state}}"),
        )
    ).with_panel(
        lines(
            "State restored in",
            "Mean time to read the state of a partition from its changelog after an assignment; work waits for it.",
            "s",
            query(
                f"sum by (instance, state) (detector_state_restore_seconds_sum{{{HERE}}})"
                f" / sum by (instance, state) (detector_state_restore_seconds_count{{{HERE}}})",
                "{{instance}} {{state}}",
            ),
            thresholds=limits(30, 120),
        )
    ).with_panel(
        lines(
            "Versions",
            "Workers by version of the program.",
            "short",
            query(f"count by (version) (detector_build_info{{{INSTALLED}}})", "{{version}}"),
            stacked=True,
        )
    )
    return new
