"""The filter options that `watch`, `forward` and `events` share."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import click

from detector.cli.options import CountryType
from detector.core.eventtypes import ALL_STATUSES, EVENT_TYPES
from detector.core.selection import CERTAINTIES, SEVERITIES, Selection

_OPTIONS: Final = (
    click.option(
        "--type", "types", multiple=True, type=click.Choice([t.value for t in EVENT_TYPES]), help="Repeatable."
    ),
    click.option("--status", "statuses", multiple=True, type=click.Choice(ALL_STATUSES), help="Repeatable."),
    click.option("--certainty", "certainties", multiple=True, type=click.Choice(CERTAINTIES), help="Repeatable."),
    click.option(
        "--severity",
        "severities",
        multiple=True,
        type=click.Choice(SEVERITIES),
        help="none: nothing tells it. Repeatable.",
    ),
    click.option(
        "--country",
        "countries",
        multiple=True,
        type=CountryType(),
        metavar="ISO2",
        help="Country code like SY; none: without a place. Repeatable.",
    ),
    click.option(
        "--min-outlets", type=click.IntRange(min=0), default=0, show_default=True, help="Independent outlets, at least."
    ),
    click.option("--min-confidence", type=click.FloatRange(0, 1), default=0.0, show_default=True),
)


def selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the filter options to a command, which gets them as one argument `selection`."""

    @wraps(command)
    def with_selection(  # noqa: PLR0917 - click passes them by name
        types: tuple[str, ...],
        statuses: tuple[str, ...],
        certainties: tuple[str, ...],
        severities: tuple[str, ...],
        countries: tuple[str, ...],
        min_outlets: int,
        min_confidence: float,
        **others: Any,  # noqa: ANN401 - the command's own options
    ) -> Any:  # noqa: ANN401 - whatever the command gives
        selection = Selection.of(
            types=types,
            statuses=statuses,
            certainties=certainties,
            severities=severities,
            countries=countries,
            min_outlets=min_outlets,
            min_confidence=min_confidence,
        )
        return command(selection=selection, **others)

    added: Callable[..., Any] = with_selection
    for option in reversed(_OPTIONS):
        added = option(added)
    return added
