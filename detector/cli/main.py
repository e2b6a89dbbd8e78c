"""Entry point of `detector`: finds the sub-command, runs it, and turns errors into one sentence and an exit status."""

import importlib
import os
import signal
import sys
from importlib.metadata import version
from typing import Final, NoReturn

import click

from detector.errors import INTERRUPTED_STATUS, DetectorError

_COMMANDS: Final = {
    "demo": "detector.cli.demo:demo",
    "classify": "detector.cli.classify:classify",
    "worker": "detector.cli.worker:worker",
    "broker": "detector.cli.broker:broker",
    "topics": "detector.cli.topics:topics",
    "publish": "detector.cli.publish:publish",
    "watch": "detector.cli.watch:watch",
    "events": "detector.cli.events:events",
    "forward": "detector.cli.forward:forward",
    "rejected": "detector.cli.rejected:rejected",
    "replay": "detector.cli.replay:replay",
    "feed": "detector.cli.feed:feed",
    "train": "detector.cli.train:train",
    "evaluate": "detector.cli.evaluate:evaluate",
    "reports": "detector.cli.reports:reports",
    "config": "detector.cli.config:config",
}


class _LazyGroup(click.Group):
    """Imports a sub-command only when it is asked for: `detector --help` must not load scikit-learn."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click's own signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 as above
        target = _COMMANDS.get(cmd_name)
        if target is None:
            return None
        module, attribute = target.split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(version("news-event-detector"), prog_name="detector")
def cli() -> None:
    """Detects ceasefires, evacuations, atrocity reports and solidarity gestures in a Kafka stream of news articles.

    Settings come from DETECTOR_ environment variables; `detector config show` lists them.

    Example: detector demo
    """


def main() -> NoReturn:
    """Run the command line; exit 0 when done, 1 on failure, 2 on misuse."""
    # A script that starts this with "&" has it ignore Ctrl-C, and a demo that ignores it leaves Kafka running.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        status = cli.main(standalone_mode=False)
    except click.Abort:
        status = INTERRUPTED_STATUS
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except KeyboardInterrupt:
        status = INTERRUPTED_STATUS
    except DetectorError as error:
        click.echo(f"Error: {error}", err=True)
        status = error.exit_status
    except BrokenPipeError:
        # The reader (`head`, say) has gone; nothing more can be said on this stream, not even by the interpreter's exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except OSError as error:
        named = f"{error.filename}: " if error.filename else ""
        click.echo(f"Error: {named}{error.strerror or error}", err=True)
        status = 1
    sys.exit(status if isinstance(status, int) else 0)
