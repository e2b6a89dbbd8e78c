"""Matplotlib drawings as inline SVG whose colours the page's style decides, so that one drawing serves light and dark."""

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure

from detector.core.eventtypes import EventType

_DAY: Final = 86_400.0

INK: Final = "#010203"
MUTED: Final = "#020304"
GRID: Final = "#030405"
RIGHT: Final = "#040506"
WRONG: Final = "#050607"
MISSED: Final = "#060708"
TYPE_COLOURS: Final[Mapping[EventType, str]] = {
    EventType.CEASEFIRE: "#0a0b0c",
    EventType.EVACUATION: "#0b0c0d",
    EventType.ATROCITY: "#0c0d0e",
    EventType.SOLIDARITY: "#0d0e0f",
}
TYPE_MARKERS: Final[Mapping[EventType, str]] = {
    EventType.CEASEFIRE: "o",
    EventType.EVACUATION: "s",
    EventType.ATROCITY: "^",
    EventType.SOLIDARITY: "D",
}
_VARIABLES: Final[Mapping[str, str]] = {
    INK: "ink",
    MUTED: "muted",
    GRID: "line",
    RIGHT: "right",
    WRONG: "wrong",
    MISSED: "missed",
    **{colour: kind.value for kind, colour in TYPE_COLOURS.items()},
}
"""Stand-in colours, that no drawing uses otherwise, to the custom properties of `templates/style.css`."""

_STYLE: Final[dict[Any, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "detector",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "axes.titlecolor": INK,
    "axes.titlesize": 9,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "xtick.color": GRID,
    "ytick.color": GRID,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.6,
    "figure.constrained_layout.use": True,
}


class Drawing:
    """A figure while it is drawn; `svg` is there once the `drawing` context is left."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure
        self.svg = ""

    def axes(self) -> Axes:
        """Return the only axes of a drawing."""
        return self.figure.add_subplot()


@contextmanager
def drawing(description: str, *, width: float = 4.8, height: float = 3.1) -> Iterator[Drawing]:
    """Draw in the page's style; sizes in inches, of which a phone shows about five."""
    with rc_context(_STYLE):
        drawn = Drawing(Figure(figsize=(width, height)))
        yield drawn
        buffer = io.StringIO()
        drawn.figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        drawn.svg = _inline(buffer.getvalue(), description)


def day_number(epoch_seconds: float) -> float:
    """Return a time as the axis of `date_axis` counts it: days since 1970 in UTC."""
    return epoch_seconds / _DAY


def date_axis(axes: Axes) -> None:
    """Have the horizontal axis, in `day_number`s, show dates."""
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]  # Matplotlib types it loosely
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]  # as above


def _inline(svg: str, description: str) -> str:
    """The bare element: no prologue, no fixed size, no ids that nothing refers to, colours by name."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, count=1, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r"\s(?:width|height)=\"[\d.]+pt\"", "", svg, count=2)
    svg = re.sub(r"font: ([\d.]+)px [^;\"]*", r"font-size: \1px", svg)
    for colour, name in _VARIABLES.items():
        svg = svg.replace(colour, f"var(--{name})")
    return svg.replace("<svg ", f'<svg role="img" aria-label="{description}" ', 1)
