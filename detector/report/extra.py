"""Whether the libraries that pages need are there: a plain worker goes without them."""

from importlib.util import find_spec
from typing import Final

_NEEDED: Final = ("jinja2", "matplotlib")
PAGES_MISSING: Final = "pages need the extra `report`: pip install 'news-event-detector[report]'"


def pages_available() -> bool:
    """Tell whether pages can be made."""
    return all(find_spec(name) for name in _NEEDED)
