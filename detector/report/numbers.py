"""Writes numbers, times and addresses for people."""

from datetime import UTC, datetime
from typing import Final

DASH: Final = "–"
_UNITS: Final = ((1, "s", 60), (60, "min", 3600), (3600, "h", 2 * 86_400), (86_400, "days", float("inf")))
"""Seconds in a unit, its name, and from where the next one is used."""

FILTERS: Final = (
    "number",
    "count",
    "rate",
    "signed",
    "chance",
    "percent",
    "plain",
    "duration",
    "moment",
    "web_address",
)
"""The functions here that templates use."""

_SURE: Final = 0.001


def number(value: float | None, decimals: int = 3) -> str:
    """Write a number with a fixed count of decimals; a dash for none."""
    return DASH if value is None else f"{value:,.{decimals}f}"


def count(value: float | None) -> str:
    """Write a whole number with thousands separated."""
    return DASH if value is None else f"{value:,.0f}"


def rate(value: float | None) -> str:
    """Write a rate with as many decimals as it needs to be told from nothing."""
    if value is None:
        return DASH
    small = f"{value:.2g}" if 0 < value < 0.1 else f"{value:.2f}"  # noqa: PLR2004 - sizes
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 1 else small  # noqa: PLR2004 - sizes


def signed(value: float | None, decimals: int = 3) -> str:
    """Write a difference with its sign."""
    return DASH if value is None else f"{value:+.{decimals}f}".replace("-", "−")


def chance(value: float) -> str:
    """Write a p value."""
    return f"< {_SURE}" if value < _SURE else f"{value:.3f}"


def percent(value: float | None, decimals: int = 0) -> str:
    """Write a share."""
    return DASH if value is None else f"{100 * value:.{decimals}f} %"


def plain(value: float | None) -> str:
    """Write a number with as few digits as it has."""
    return DASH if value is None else f"{value:g}"


def duration(seconds: float | None) -> str:
    """Write a span of time in its largest fitting unit, with one decimal where that tells more."""
    if seconds is None:
        return DASH
    size = abs(seconds)
    unit, name = next((part for part in _UNITS if size < part[2]), _UNITS[-1])[:2]
    value = seconds / unit
    return f"{value:.0f} {name}" if abs(value) >= 10 or value == round(value) else f"{value:.1f} {name}"  # noqa: PLR2004 - digits


def moment(epoch_seconds: float | None) -> str:
    """Write a time in UTC."""
    return DASH if epoch_seconds is None else f"{datetime.fromtimestamp(epoch_seconds, UTC):%Y-%m-%d %H:%M}"


def web_address(url: str | None) -> str | None:
    """Return an address that may be linked; anything but http(s), such as `javascript:`, is not."""
    return url if url and url.lower().startswith(("http://", "https://")) else None
