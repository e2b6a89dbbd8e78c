"""Small rules that people write: what a run must reach (`macro_f1>=0.85`) and how an operating point is chosen."""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from detector.core.judging.curves import SweepPoint

_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_RULE: Final = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(>=|<=|>|<)\s*([0-9]+(?:\.[0-9]+)?|\.[0-9]+)\s*", re.ASCII)
_PICKABLE: Final = ("precision", "recall", "f1", "false_alarms_per_day", "alerts_per_day")
BEST_F1: Final = "f1"


class RuleError(ValueError):
    """A rule cannot be read, or names a figure that does not exist."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A figure, a comparison and a number."""

    figure: str
    comparison: str
    number: float

    def __str__(self) -> str:
        return f"{self.figure}{self.comparison}{self.number:g}"

    def holds(self, value: float | None) -> bool:
        """Tell whether a value meets the rule; a figure without a value never does."""
        return value is not None and _COMPARISONS[self.comparison](value, self.number)


def parse_rule(text: str) -> Rule:
    """Read a rule; raises `RuleError` that shows what one looks like."""
    match = _RULE.fullmatch(text)
    if match is None:
        message = f"{text!r} is no rule like macro_f1>=0.85: a figure, one of >= <= > <, and a number"
        raise RuleError(message)
    return Rule(figure=match[1], comparison=match[2], number=float(match[3]))


def parse_choice(text: str) -> Rule | None:
    """Read how an operating point is chosen: `f1` (`None`: the highest), or a rule on a figure of the sweep."""
    if text.strip() == BEST_F1:
        return None
    rule = parse_rule(text)
    if rule.figure not in _PICKABLE:
        message = f"an operating point is chosen by f1 or a rule on {', '.join(_PICKABLE)}, not by {rule.figure}"
        raise RuleError(message)
    return rule


def choose(points: Sequence[SweepPoint], rule: Rule | None) -> SweepPoint | None:
    """Return the best point that meets the rule, `None` when none does.

    Best is the highest F1 without a rule; the highest recall under a rule on precision, false alarms or alerts; the
    highest precision under one on recall. Without labels, the lowest threshold that meets a rule on alerts. Of equals
    the highest threshold wins.
    """
    fitting = [point for point in points if rule is None or rule.holds(getattr(point, rule.figure))]
    goal = "f1" if rule is None or rule.figure == "f1" else "precision" if rule.figure == "recall" else "recall"
    known = [point for point in fitting if getattr(point, goal) is not None]
    if known:
        return max(known, key=lambda point: (getattr(point, goal), point.threshold))
    if rule is not None and rule.figure == "alerts_per_day":
        return min(fitting, key=lambda point: point.threshold, default=None)
    return None
