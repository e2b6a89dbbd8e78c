"""The plots of a replay report."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator

from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.judging.curves import CurvePoint, ReliabilityBin, SweepPoint
from detector.core.judging.delays import DELAY_EDGES, Delays
from detector.core.judging.drift import SHIFTED, STABLE, DriftDay
from detector.core.vectors import Floats
from detector.report.drawing import (
    GRID,
    INK,
    MISSED,
    MUTED,
    RIGHT,
    TYPE_COLOURS,
    TYPE_MARKERS,
    WRONG,
    date_axis,
    day_number,
    drawing,
)
from detector.report.numbers import duration

_SCORE_BINS: Final = 25
_PLAIN: Final = FuncFormatter(lambda value, _place: f"{abs(value):g}")
_LARGEST_MARK: Final = 60.0
"""Square points."""


def precision_recall_plot(
    curves: Mapping[EventType, Sequence[CurvePoint]], thresholds: Mapping[EventType, float]
) -> str:
    """Draw the curves, with a mark at the threshold in force."""
    with drawing("Precision against recall, a curve for each type") as drawn:
        axes = drawn.axes()
        for kind, points in curves.items():
            if not points:
                continue
            axes.plot(
                [p.recall for p in points], [p.precision for p in points], color=TYPE_COLOURS[kind], label=kind.value
            )
            at = [p for p in points if p.threshold >= thresholds[kind]]
            if at:
                axes.plot(at[-1].recall, at[-1].precision, TYPE_MARKERS[kind], color=TYPE_COLOURS[kind], markersize=6)
        axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1.02), ylim=(0, 1.04))
        axes.legend(loc="lower left")
    return drawn.svg


def reliability_plot(bins: Mapping[EventType, Sequence[ReliabilityBin]]) -> str:
    """Draw how often a type is there against how sure the model is; on the diagonal it is as right as it says."""
    with drawing("Frequency against confidence, a line for each type") as drawn:
        axes = drawn.axes()
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        for kind, filled in bins.items():
            sure, right = [b.confidence for b in filled], [b.frequency for b in filled]
            sizes = [min(_LARGEST_MARK, 6.0 + 2 * b.articles**0.5) for b in filled]
            axes.plot(sure, right, color=TYPE_COLOURS[kind], linewidth=0.7)
            axes.scatter(
                sure, right, sizes, color=TYPE_COLOURS[kind], marker=TYPE_MARKERS[kind], label=kind.value, zorder=3
            )
        axes.set(xlabel="confidence", ylabel="how often it is there", xlim=(0, 1.02), ylim=(0, 1.04))
        axes.legend(loc="upper left")
    return drawn.svg


def sweep_plot(points: Mapping[EventType, Sequence[SweepPoint]], thresholds: Mapping[EventType, float]) -> str:
    """Draw false alarms a day against recall for every threshold, with a mark at the one in force."""
    with drawing("False alarms a day against recall for every threshold") as drawn:
        axes = drawn.axes()
        for kind, swept in points.items():
            known = [(p.threshold, p.recall, p.false_alarms_per_day) for p in swept if p.recall is not None]
            axes.plot([k[1] for k in known], [k[2] or 0 for k in known], color=TYPE_COLOURS[kind], label=kind.value)
            for limit, recall, alarms in known:
                if abs(limit - thresholds[kind]) < 1e-6:  # noqa: PLR2004 - rounding of the grid
                    axes.plot(recall, alarms or 0, TYPE_MARKERS[kind], color=TYPE_COLOURS[kind], markersize=6)
        axes.set_yscale("symlog", linthresh=1)
        axes.yaxis.set_major_formatter(_PLAIN)
        axes.set(xlabel="recall", ylabel="false alarms a day", xlim=(0, 1.02))
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper left")
    return drawn.svg


def score_plot(scores: Floats) -> str:
    """Draw how many articles have which confidence; `scores` is (articles, types)."""
    with drawing("Articles by confidence, a line for each type") as drawn:
        axes = drawn.axes()
        edges = np.linspace(0, 1, _SCORE_BINS + 1)
        for column, kind in enumerate(EVENT_TYPES):
            counts = np.histogram(scores[:, column], edges)[0]
            axes.stairs(counts, edges, color=TYPE_COLOURS[kind], label=kind.value, linewidth=1.6)
        axes.set_yscale("symlog", linthresh=1)
        axes.yaxis.set_major_formatter(_PLAIN)
        axes.set(xlabel="confidence", ylabel="articles", xlim=(0, 1))
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper right")
    return drawn.svg


def delay_plot(delays: Mapping[str, Delays]) -> str:
    """Draw up to three kinds of delays in bins of growing width."""
    ends = [duration(edge) for edge in DELAY_EDGES]
    names = [f"< {ends[1]}", *(f"{low} to {high}" for low, high in pairwise(ends[1:])), f"> {ends[-1]}"]
    with drawing("Alerts by delay", height=3.4) as drawn:
        axes = drawn.axes()
        height = 0.8 / len(delays)
        for n, (name, delay) in enumerate(delays.items()):
            places = np.arange(len(names)) + height * n
            label = name.replace("_to_", " to ")
            axes.barh(places, delay.histogram, height=0.95 * height, color=(RIGHT, MUTED, INK)[n % 3], label=label)
        axes.set_yticks(np.arange(len(names)) + 0.4 - height / 2, names)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set(xlabel="alerts")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="lower right")
    return drawn.svg


def drift_plot(days: Sequence[DriftDay]) -> str:
    """Draw the index of vocabulary, length and the strongest of scores and rates, day by day."""
    moments = [float(day.day) for day in days]
    lines = {
        "vocabulary": [day.index["vocabulary"] for day in days],
        "length": [day.index["length"] for day in days],
        "confidences (highest type)": [max(day.index[f"{kind.value}_score"] for kind in EVENT_TYPES) for day in days],
        "type rates (highest type)": [max(day.index[f"{kind.value}_rate"] for kind in EVENT_TYPES) for day in days],
    }
    with drawing("Population stability index by day", width=9.6, height=2.9) as drawn:
        axes = drawn.axes()
        colours = list(TYPE_COLOURS.values())
        for n, (name, values) in enumerate(lines.items()):
            marker = list(TYPE_MARKERS.values())[n]
            axes.plot(moments, values, color=colours[n], marker=marker, markersize=3, label=name, linewidth=1.2)
        expected = [max(day.chance["vocabulary"], day.chance["length"]) for day in days]
        axes.plot(moments, expected, color=MUTED, linewidth=1, linestyle=(0, (1, 2)), label="by chance alone, about")
        for level in (STABLE, SHIFTED):
            axes.axhline(level, color=MUTED, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.set(ylabel="stability index")
        axes.set_ylim(bottom=0)
        date_axis(axes)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.2), ncols=5)
    return drawn.svg


def timeline_plot(
    edges: Sequence[float],
    counts: Mapping[str, Mapping[EventType, Sequence[int]]],
    events: Mapping[EventType, Sequence[tuple[float, bool]]],
) -> str:
    """Draw alerts over time, one strip a type: right and wrong upwards, missed downwards, events as marks on top.

    `counts` has `right`, `wrong`, `unjudged` and `missed`; `events` the time of each event's first article, and whether it
    was told.
    """
    moments = [day_number(edge) for edge in edges]
    width = (moments[-1] - moments[0]) / len(edges[1:])
    parts = {"right": RIGHT, "wrong": WRONG, "unjudged": MUTED}
    named = {"right": "right", "wrong": "false alarm", "unjudged": "alert, not judged", "missed": "missed"}
    labelled: set[str] = set()
    with drawing("Alerts and events over time", width=9.6, height=4.6) as drawn:
        strips = drawn.figure.subplots(len(EVENT_TYPES), 1, sharex=True, squeeze=True)
        for axes, kind in zip(strips, EVENT_TYPES, strict=True):
            bottom = np.zeros(len(moments) - 1)
            for part, colour in parts.items():
                heights = np.array(counts[part][kind])
                if heights.any():
                    labelled.add(part)
                    axes.bar(moments[:-1], heights, width=width * 0.85, bottom=bottom, color=colour, align="edge")
                bottom += heights
            below = -np.array(counts["missed"][kind])
            if below.any():
                labelled.add("missed")
                axes.bar(moments[:-1], below, width=width * 0.85, color=MISSED, align="edge")
            axes.axhline(0, color=GRID, linewidth=0.8)
            top = max(1.0, float(bottom.max()))
            for start, told in events.get(kind, ()):
                fill = INK if told else "none"
                axes.plot(
                    day_number(start),
                    top * 1.12,
                    "v",
                    color=INK,
                    markerfacecolor=fill,
                    markersize=4,
                    markeredgewidth=0.8,
                )
            axes.set_title(kind.value, pad=2)
            axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
            axes.yaxis.set_major_formatter(_PLAIN)
            axes.margins(x=0.01)
        date_axis(strips[-1])
        handles = [
            strips[0].bar(moments[0], 0, width=width, color={**parts, "missed": MISSED}[part], label=named[part])
            for part in named
            if part in labelled
        ]
        drawn.figure.legend(handles=handles, loc="outside upper left", ncols=4)
    return drawn.svg
