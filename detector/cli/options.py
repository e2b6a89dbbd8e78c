"""Options and argument types that several sub-commands share."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

import click

from detector.core.parsing import parse_time
from detector.settings import Settings, load_settings

StartingPoint: TypeAlias = Literal["beginning", "latest"] | datetime

broker_option: Final[Callable[[Callable[..., Any]], Callable[..., Any]]] = click.option(
    "--broker", "broker_address", metavar="HOST:PORT", help="Kafka broker; overrides DETECTOR_BROKER."
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
