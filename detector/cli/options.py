"""Options and argument types that several sub-commands share."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

import click

from detector.core.parsing import parse_time
from detector.core.selection import country_word
from detector.settings import Settings, load_settings

StartingPoint: TypeAlias = Literal["beginning", "latest"] | datetime


class GroupType(click.ParamType):
    """The name of a consumer group: letters, digits, dots, dashes and underscores."""

    name = "NAME"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the option's value."""
        if not re.fullmatch(r"[a-zA-Z0-9._-]{1,200}", value):
            self.fail(f"{value!r} is no group name: letters, digits, dots, dashes and underscores", param, ctx)
        return value


broker_option: Final[Callable[[Callable[..., Any]], Callable[..., Any]]] = click.option(
    "--broker", "broker_address", metavar="HOST:PORT", help="Kafka broker; overrides DETECTOR_BROKER."
)


group_option: Final[Callable[[Callable[..., Any]], Callable[..., Any]]] = click.option(
    "--group", metavar="NAME", type=GroupType(), help="Remember under this name how far it came, and resume there."
)


def settings_for(broker_address: str | None) -> Settings:
    """Load the settings with what the command line says on top."""
    return load_settings() if broker_address is None else load_settings(broker=broker_address)


class StartingPointType(click.ParamType):
    """`beginning`, `latest` or an RFC 3339 time."""

    name = "beginning|latest|TIME"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> StartingPoint:
        """Read the option's value; a time without an offset is refused rather than guessed."""
        if isinstance(value, datetime):
            return value
        if value in ("beginning", "latest"):
            return "beginning" if value == "beginning" else "latest"
        moment = parse_time(value)
        if moment is None:
            self.fail(
                f"{value!r} is neither 'beginning', 'latest' nor a time like "
                f"{datetime(2016, 12, 15, 10, tzinfo=UTC).isoformat()}",
                param,
                ctx,
            )
        return moment


class CountryType(click.ParamType):
    """A two-letter country code, in capitals or not, or `none`."""

    name = "ISO2"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Read the option's value; a country's name is refused rather than never matched."""
        try:
            return country_word(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)
