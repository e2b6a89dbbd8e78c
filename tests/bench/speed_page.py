"""What the benchmark found, as tables and as a page with a plot."""

import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

Table = tuple[str, Sequence[str], Sequence[Sequence[str]]]


@dataclass(frozen=True)
class Speed:
    """Articles a second of each contender by round, ratios of medians, and microseconds per article by stage."""

    articles: int
    rounds: int
    speeds: Mapping[str, Sequence[float]]
    ratios: Mapping[tuple[str, str], float]
    stages: Mapping[str, float]
    """Of our core, processor time."""
    loop: Mapping[str, float]
    """Of our core in a plain loop, processor time."""
    worker: float
    """Of one worker in all, processor time."""
    memory: float
    """Most resident bytes of a worker."""

    def tables(self) -> list[Table]:
        """Return title, header and rows of each table."""
        ranked = sorted(self.speeds, key=lambda name: -statistics.median(self.speeds[name]))
        speeds = [
            (name, f"{statistics.median(found):.0f}", f"{min(found):.0f}", f"{max(found):.0f}")
            for name, found in ((name, self.speeds[name]) for name in ranked)
        ]
        ratios = [(one, f"{ratio:.2f}", other) for (one, other), ratio in self.ratios.items()]
        core = sum(self.stages.values())
        stages = [(stage, f"{used:.0f}", f"{100 * used / core:.0f} %") for stage, used in self.stages.items()]
        whole = sum(self.loop.values())
        parts = [(f"plain loop: {part}", f"{used:.0f}") for part, used in self.loop.items()]
        parts += [("plain loop, in all", f"{whole:.0f}"), ("worker, in all", f"{self.worker:.0f}")]
        return [
            ("Articles a second", ("what", "median", "least", "most"), speeds),
            ("Ratios of the medians", ("what", "times", "of"), ratios),
            ("Where our core's time goes", ("stage", "us per article", "share"), stages),
            ("Processor time with the broker", ("part", "us per article"), parts),
            ("Memory", ("what", "MB"), [("a worker, resident, at most", f"{self.memory / 1e6:.0f}")]),
        ]


def write_page(page: Path, speed: Speed) -> None:
    """Write the tables as Markdown, and the plot beside it under `pictures/`."""
    picture = page.parent / "pictures" / f"{page.stem.lower()}.svg"
    _plot(picture, speed)
    processors = len(os.sched_getaffinity(0))
    lines = [
        "# Speed",
        "",
        f"Written by `make bench`: {speed.articles} articles of unselected news on the embedded broker, {speed.rounds} rounds,",
        f"each contender in turn on {processors} processors, which the broker and the contender share. The job",
        "of the tutorial is TF-IDF of words and bigrams of the whole article with logistic regression; in Quix Streams it",
        "takes one message at a time, as its users write it. Ratios hold within a run; articles a second depend on",
        "the machine.",
        "",
        f"![Articles a second of each contender](pictures/{picture.name})",
    ]
    for title, header, rows in speed.tables():
        lines += ["", f"## {title}", "", f"| {' | '.join(header)} |", f"|{'---|' * len(header)}"]
        lines += [f"| {' | '.join(row)} |" for row in rows]
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _plot(picture: Path, speed: Speed) -> None:
    ranked = sorted(speed.speeds, key=lambda name: statistics.median(speed.speeds[name]))
    medians = [statistics.median(speed.speeds[name]) for name in ranked]
    figure = Figure(figsize=(7.5, 0.45 * len(ranked) + 0.9), layout="constrained", facecolor="white")
    axes = figure.add_subplot()
    bars = axes.barh(ranked, medians, color=["#8a96a3" if "tutorial" in name else "#2f6f9f" for name in ranked])
    axes.bar_label(bars, fmt="{:,.0f}", padding=4)
    axes.set_xlabel("articles a second (median)")
    axes.margins(x=0.12)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(picture, metadata={"Date": None, "Creator": None})
