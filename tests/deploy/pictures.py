"""Draws the main panels of the dashboards from a real run: `python -m tests.deploy.pictures` (about five minutes).

Grafana itself is no package of Python or Debian; so the queries of the committed dashboards are asked of a real Prometheus, and
matplotlib draws what Grafana would.
"""

import argparse
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from detector.broker.embedded import EmbeddedBroker
from detector.settings import EmbeddedBrokerSettings
from detector.worker_process import WorkerProcess
from tests.conftest import REPOSITORY
from tests.deploy.expressions import dashboards, panels
from tests.support.observing import Load, Prometheus, running_prometheus
from tests.support.pipeline import running_pipeline, tagged_settings

PICTURES: Final = REPOSITORY / "deploy/pictures"
MAIN: Final = {
    "events": (
        "Alerts by type",
        "Detections by status",
        "New events by country",
        "Atrocity events by country",
    ),
    "pipeline": (
        "Articles by outcome",
        "Dead letters by reason",
        "End to end",
        "Age of the oldest record",
        "Lag",
        "Rebalances",
    ),
    "model": ("Scores", "Confidence", "Mean score", "Doubts"),
    "workers": ("Processor", "Resident memory", "Garbage collection", "Event-loop delay"),
}
"""Dashboard to the panels drawn of it."""

UNITS: Final = {"reqps": "a second", "s": "seconds", "percentunit": "share", "bytes": "MB"}
WINDOW: Final = "15s"
MOST_NAMED: Final = 6
"""Lines of a panel that its legend names, the highest first."""


def main() -> None:
    """Run two workers under changing load, kill one, then draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=240)
    seconds = parser.parse_args().seconds
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with EmbeddedBroker(EmbeddedBrokerSettings(port=0, data_dir=folder / "kafka"), say=print) as broker:
            _observe(broker.address, folder, seconds)


def _observe(broker: str, folder: Path, seconds: float) -> None:
    settings = tagged_settings(broker, folder)
    with running_pipeline(settings, folder) as pipeline:
        second = WorkerProcess(settings, log_file=folder / "second.log")
        second.start()
        try:
            urls = [_url(pipeline.worker), _url(second)]
            targets = [url.removeprefix("http://") for url in urls]
            with running_prometheus(folder, targets) as prometheus, Load(pipeline, rate=60) as load:
                for share, rate, bad in ((0.3, 20, 0.0), (0.2, 50, 0.02), (0.15, 50, 0.1), (0.35, 15, 0.01)):
                    load.rate, load.bad_share = rate, bad
                    time.sleep(share * seconds)
                    if bad == 0.1:
                        second.kill()
                draw(prometheus, seconds)
        finally:
            second.kill()


def _url(worker: WorkerProcess) -> str:
    while not (url := worker.url):
        assert worker.is_running, worker.explain("the worker ended")
        time.sleep(0.1)
    return url


def draw(prometheus: Prometheus, seconds: float) -> None:
    """Write one picture for each dashboard."""
    mpl.use("Agg")
    boards = {name.removesuffix(".json"): board for name, board in dashboards()}
    for name, titles in MAIN.items():
        by_title = {panel["title"]: panel for panel in panels(boards[name])}
        rows = (len(titles) + 1) // 2
        figure, axes = plt.subplots(rows, 2, figsize=(12, 3.1 * rows), layout="constrained")
        for axis, title in zip(axes.flat, titles, strict=True):
            _panel(prometheus, by_title[title], figure, axis, seconds)
        figure.suptitle(f"Dashboard {boards[name]['title']}, {seconds / 60:.1f} minutes of a test run", fontsize=13)
        figure.savefig(PICTURES / f"dashboard-{name}.png", dpi=80)
        plt.close(figure)


def _panel(prometheus: Prometheus, panel: dict[str, Any], figure: Figure, axis: Axes, seconds: float) -> None:
    axis.set_title(panel["title"], fontsize=11, loc="left")
    unit = panel["fieldConfig"]["defaults"]["unit"]
    axis.set_ylabel(UNITS.get(unit, ""), fontsize=8)
    axis.tick_params(labelsize=8)
    if panel["type"] == "heatmap":
        _heat(prometheus, panel, figure, axis, seconds)
        return
    if panel["type"] == "geomap":
        _countries(prometheus, panel, axis)
        return
    scale = 1e-6 if unit == "bytes" else 1
    drawn: list[tuple[float, str, list[float], list[float]]] = []
    for target in panel["targets"]:
        for labels, points in prometheus.over_time(_filled(target["expr"]), seconds):
            values = [value * scale for _, value in points]
            drawn.append(
                (
                    max(values),
                    _legend(target["legendFormat"], labels),
                    minutes([at for at, _ in points], time.time() - seconds),
                    values,
                )
            )
    for rank, (_, legend, times, values) in enumerate(sorted(drawn, key=lambda line: line[0], reverse=True)):
        axis.plot(times, values, label=legend if rank < MOST_NAMED else None, lw=1.3)
    top = axis.get_ylim()[1]
    for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"][1:]:
        if step["value"] * scale < 1.5 * top:
            axis.axhline(step["value"] * scale, color=step["color"], lw=0.8, ls="--")
    axis.set_ylim(0, 1.35 * axis.get_ylim()[1])
    axis.set_xlim(0, seconds / 60)
    axis.set_xlabel("minutes", fontsize=8)
    axis.grid(alpha=0.25)
    axis.legend(fontsize=7, ncols=3, loc="upper left", framealpha=0.6)


def _heat(prometheus: Prometheus, panel: dict[str, Any], figure: Figure, axis: Axes, seconds: float) -> None:
    (target,) = panel["targets"]
    found = prometheus.over_time(_filled(target["expr"]), seconds)
    series = {float(labels["le"]): dict(points) for labels, points in found}
    edges = sorted(series)
    times = sorted({at for points in series.values() for at in points})
    counts = [[series[edge].get(at, 0.0) for at in times] for edge in edges]
    own = [counts[0], *([high - low for low, high in zip(a, b, strict=True)] for a, b in pairwise(counts))]
    mesh = axis.pcolormesh(
        np.array(minutes(times, time.time() - seconds)),
        np.arange(len(edges)),
        np.array(own),
        cmap="viridis",
        shading="nearest",
    )
    axis.set_yticks(range(len(edges)), [f"≤ {edge:g}" for edge in edges])
    figure.colorbar(mesh, ax=axis, label="a second").ax.tick_params(labelsize=7)


def minutes(times: list[float], began: float) -> list[float]:
    """Turn Unix times into minutes since the run began."""
    return [(at - began) / 60 for at in times]


def _countries(prometheus: Prometheus, panel: dict[str, Any], axis: Axes) -> None:
    (target,) = panel["targets"]
    found = prometheus.values(_filled(target["expr"]))
    values = sorted(((value, labels["country"]) for labels, value in found), reverse=True)[:12]
    axis.barh(
        [country for _, country in reversed(values)], [value for value, _ in reversed(values)], color="tab:orange"
    )
    axis.set_title("New events by country (a map in Grafana)", fontsize=11, loc="left")


def _filled(expression: str) -> str:
    for name, value in {"$__rate_interval": WINDOW, "$__range": "5m"}.items():
        expression = expression.replace(name, value)
    for name in ("namespace", "instance", "type", "country"):
        expression = expression.replace(f"${name}", ".*")
    return expression


def _legend(pattern: str, labels: dict[str, str]) -> str:
    for name, value in labels.items():
        pattern = pattern.replace(f"{{{{{name}}}}}", value.rsplit("-", 1)[0] if name == "topic" else value)
    return pattern


if __name__ == "__main__":
    main()
