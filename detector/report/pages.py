"""Renders the page templates. All text is data: Jinja2 escapes everything that a template does not mark as its own markup."""

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from detector.core.eventtypes import EVENT_TYPES
from detector.report import numbers


def render(template: str, **context: Any) -> str:  # noqa: ANN401 - whatever the template shows
    """Return a page; `template` is a file in `templates`. Deterministic, touches nothing but the package's own files."""
    return _environment().get_template(template).render(types=EVENT_TYPES, **context)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("detector.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in numbers.FILTERS:
        environment.filters[name] = getattr(numbers, name)
    environment.filters["words"] = lambda value: str(value).replace("_", " ")
    environment.filters["drawing"] = Markup
    return environment
