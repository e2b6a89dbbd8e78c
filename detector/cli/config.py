"""`detector config`: shows the settings in force."""

import json
from collections.abc import Iterator

import click
from pydantic import BaseModel

from detector.cli.console import output, print_table
from detector.cli.options import settings_for
from detector.settings import PREFIX, Settings


@click.group(epilog="Example: detector config show --json")
def config() -> None:
    """Show the configuration."""


@config.command(epilog="Example: DETECTOR_LOG__LEVEL=debug detector config show")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for programs.")
def show(as_json: bool) -> None:  # noqa: FBT001 click passes flags so
    """List every setting with its value and default; secrets are masked."""
    rows = list(_rows(settings_for(None), Settings.model_construct(), PREFIX))
    if as_json:
        output().print_json(json.dumps({name: value for name, value, _ in rows}))
        return
    print_table(
        ("variable", "value", "default"),
        [(name, value, "" if value == default else f"(default: {default or 'none'})") for name, value, default in rows],
    )


def settings_in_force(settings: Settings) -> dict[str, str]:
    """Return every setting's value under its variable, secrets masked."""
    return {name: value for name, value, _ in _rows(settings, Settings.model_construct(), PREFIX)}


def _rows(section: BaseModel, defaults: BaseModel, prefix: str) -> Iterator[tuple[str, str, str]]:
    for name in type(section).model_fields:
        value, default = getattr(section, name), getattr(defaults, name)
        if isinstance(value, BaseModel):
            yield from _rows(value, default, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}", _shown(value), _shown(default)


def _shown(value: object) -> str:
    return "" if value is None else str(value)
