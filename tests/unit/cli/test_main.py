"""One command with helpful sub-commands; errors are one sentence, exit status 2 for misuse and 1 for failure."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from detector.cli.main import _COMMANDS, cli
from detector.cli.options import StartingPointType
from tests.support.command import run_detector


def commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Walk a command and everything under it."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from commands(below, (*path, name))


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_help_page_has_an_example_of_that_very_command(name: str) -> None:
    top = cli.get_command(click.Context(cli), name)
    assert top is not None
    for path, _ in commands(top, (name,)):
        result = CliRunner().invoke(cli, [*path, "--help"], terminal_width=200)
        assert result.exit_code == 0, path
        assert re.search(rf"Example: .*\bdetector {' '.join(path)}\b", result.output), path


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_says_what_it_does_and_every_option_what_it_is_for(name: str) -> None:
    top = cli.get_command(click.Context(cli), name)
    assert top is not None
    for path, command in commands(top, (name,)):
        assert command.help, path
        for option in command.params:
            if isinstance(option, click.Option):
                speaks = option.help or isinstance(option.type, click.FloatRange | StartingPointType)
                assert speaks, (path, option.name)


def test_the_main_help_lists_every_command() -> None:
    result = run_detector("--help")
    assert result.returncode == 0
    for name in _COMMANDS:
        assert re.search(rf"^  {name} +\S", result.stdout, re.MULTILINE), name
    assert "Example: detector" in result.stdout


def test_the_main_help_does_not_load_what_decides() -> None:
    """Help comes at once: neither scikit-learn nor Faust is imported for it."""
    probe = (
        "import sys; from click.testing import CliRunner; from detector.cli.main import cli; "
        "result = CliRunner().invoke(cli, ['--version']); "
        "print(result.exit_code, *sorted({'sklearn', 'faust', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, check=True, timeout=60)
    assert done.stdout.decode().split() == ["0"]


def test_the_version_is_the_package_version() -> None:
    result = run_detector("--version")
    assert (result.returncode, result.stdout.split()[-1]) == (0, version("news-event-detector"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Usage: "),
        (("detect",), "No such command 'detect'"),
        (("classify",), "Missing argument 'FILE'"),
        (("classify", "nowhere.jsonl"), "nowhere.jsonl cannot be read: No such file"),
        (("classify", "--fast", "x"), "No such option"),
        (("watch", "--type", "earthquake"), "'earthquake' is not one of"),
        (("watch", "--from", "yesterday"), "'yesterday' is neither 'beginning', 'latest' nor a time"),
        (("watch", "--min-confidence", "2"), "0<=x<=1"),
        (("watch", "--broker", "kafka"), "DETECTOR_BROKER: 'kafka' is not HOST:PORT"),
        (("topics", "create", "--partitions", "0"), "1<=x<=1024"),
        (("rejected", "replay"), "POSITION"),
        (("publish",), "Missing argument"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_misuse_is_explained_with_exit_status_2(arguments: tuple[str, ...], said: str) -> None:
    result = run_detector(*arguments)
    message = result.stderr
    assert result.returncode == 2
    assert said in message
    assert "Traceback" not in message
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("variable", "value"), [("DETECTOR_WEB__PORT", "http"), ("DETECTOR_WEB__PROT", "1"), ("DETECTOR_BROKER", "x")]
)
def test_a_bad_variable_is_misuse_and_named(variable: str, value: str) -> None:
    result = run_detector("config", "show", environment={variable: value})
    assert result.returncode == 2
    assert re.fullmatch(rf"Error: {variable}[^\n]*\n", result.stderr)


def test_a_damaged_model_is_a_failure_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "model.npz").write_bytes(b"no model")
    (tmp_path / "news.jsonl").write_bytes(b'{"text":"x"}\n')
    result = run_detector("classify", tmp_path / "news.jsonl", "--model", tmp_path / "model.npz")
    assert result.returncode == 1
    assert re.fullmatch(r"Error: the model \S*model\.npz cannot be used: [^\n]*\n", result.stderr)


def test_a_missing_broker_is_a_failure_that_says_what_to_do() -> None:
    result = run_detector("topics", "describe", "--broker", "127.0.0.1:1")
    assert result.returncode == 1
    assert re.fullmatch(
        r"Error: No Kafka broker answers at 127\.0\.0\.1:1\. Start one with `detector broker`[^\n]*\n",
        result.stderr,
    )


def test_config_show_masks_secrets_and_lists_every_setting() -> None:
    secret = {"DETECTOR_SECURITY__PASSWORD": "hunter2", "DETECTOR_BROKER": "kafka-1:9092"}
    result = run_detector("config", "show", "--json", environment=secret)
    shown = json.loads(result.stdout)
    assert (result.returncode, shown["DETECTOR_BROKER"]) == (0, "kafka-1:9092")
    assert set(shown["DETECTOR_SECURITY__PASSWORD"]) == {"*"}
    plain = run_detector("config", "show", environment=secret)
    assert plain.returncode == 0
    for variable in shown:
        assert f"\n{variable}" in plain.stdout
    for result_ in (result, plain):
        assert "hunter2" not in result_.stdout + result_.stderr
