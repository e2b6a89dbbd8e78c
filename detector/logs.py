"""Structured logs on standard error: one JSON object a line, or coloured text on a terminal.

Never article text at info level: events carry topic, partition, offset and article id instead.
"""

import logging
import sys
from typing import Final

import structlog

from detector.settings import LogSettings

_CHATTY: Final = ("aiokafka", "kafka", "faust", "mode", "asyncio", "aiohttp")
"""Libraries whose info lines tell an operator nothing; their warnings are kept."""


def configure_logging(settings: LogSettings) -> None:
    """Send the program's and its libraries' logs through one formatter; safe to call again."""
    as_json = settings.format == "json" or (settings.format == "auto" and not sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level.upper())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(
            logging.DEBUG if settings.level == "debug" else max(logging.WARNING, root.level)
        )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
