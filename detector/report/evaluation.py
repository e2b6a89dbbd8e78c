"""The page of `detector evaluate`."""

from collections.abc import Mapping, Sequence

from detector.core.evaluation import Evaluation
from detector.core.eventtypes import EVENT_TYPES
from detector.core.pairs import PairScore
from detector.report.pages import render


def render_html(
    title: str, evaluations: Mapping[str, Evaluation], pairs: Mapping[str, PairScore], notes: Sequence[str]
) -> str:
    """Return the page: a table per detector, minimal pairs, notes, and the mistakes of the first detector with their text."""
    first = next(iter(evaluations.values()), None)
    mistakes = first and sorted(
        first.mistakes, key=lambda item: (EVENT_TYPES.index(item.type), item.expected, -item.confidence)
    )
    return render("evaluation.html", title=title, evaluations=evaluations, pairs=pairs, notes=notes, mistakes=mistakes)
