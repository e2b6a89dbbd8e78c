"""The runbook's commands exist with these options, and what it names (panels, settings, files) is there."""

import re
import shlex

import click
import pytest

from detector.cli.main import cli
from detector.settings import setting_names
from tests.deploy.expressions import DEPLOY, dashboards, panels

TEXT = (DEPLOY / "RUNBOOK.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", TEXT, flags=re.DOTALL)
INLINE = re.findall(r"`(detector [^`]+)`", TEXT)
LINES = [line for block in BLOCKS for line in block.splitlines() if line.strip()]
COMMANDS = [line[line.index("detector ") :] for line in (*LINES, *INLINE) if re.search(r"(^|=\S+ )detector ", line)]
KAFKA_TOOLS = {"kafka-topics.sh", "kafka-consumer-groups.sh", "kafka-configs.sh"}


@pytest.mark.parametrize("command", sorted({" ".join(command.split()) for command in COMMANDS}))
def test_command_is_understood(command: str) -> None:
    """It parses to the last option; nothing is run."""
    words = shlex.split(command)[1:]
    found: click.Command = cli
    context = click.Context(cli)
    while isinstance(found, click.Group) and words:
        name = words.pop(0)
        sub = found.get_command(context, name)
        assert sub, f"no command {name}"
        found = sub
    if words:
        found.make_context(found.name, words)


def test_other_programs_are_kafkas_own() -> None:
    programs = {line.split()[0] for line in LINES if "detector " not in line.split("--")[0]}
    assert programs == {"curl", *KAFKA_TOOLS}


def test_settings_and_files_exist() -> None:
    named = set(re.findall(r"\bDETECTOR_\w+", TEXT)) - {"DETECTOR_"}
    assert named <= set(setting_names())
    for path in set(re.findall(r"deploy/[\w./-]+\w", TEXT)):
        assert (DEPLOY.parent / path).exists() or path == "deploy/detector-worker", path
    assert all((DEPLOY / name).exists() for name in re.findall(r"\b[A-Z]+\.md", TEXT))


def test_panels_exist() -> None:
    """What is set in italics is a dashboard or a panel."""
    titles = {dashboard["title"] for _, dashboard in dashboards()}
    titles |= {panel["title"] for _, dashboard in dashboards() for panel in panels(dashboard)}
    notes = {note["name"] for _, dashboard in dashboards() for note in dashboard["annotations"]["list"]}
    alerts = TEXT[TEXT.index("## Alerts") : TEXT.index("### Disaster recovery")]
    named = {" ".join(name.split()) for name in re.findall(r"(?<!\*)\*([A-Z][^*]+)\*(?!\*)", alerts)}
    assert named
    assert named <= titles | notes, f"not there: {sorted(named - titles - notes)}"
