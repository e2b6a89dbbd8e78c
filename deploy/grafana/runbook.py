"""Dashboard Runbook: the text of RUNBOOK.md, so that every dashboard can lead to it wherever the repository is kept."""

import re
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.builders import text
from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.models.text import TextMode

from deploy.grafana.parts import new_dashboard

_PAGE: Final = Path(__file__).parent.parent / "RUNBOOK.md"


def runbook() -> Dashboard:
    """Build it: a panel for the head, one for each section of alerts and tasks."""
    new = new_dashboard(
        "runbook", "Runbook", "What each alert means, how to look, what to do; and the tasks that come up."
    )
    head, *sections = re.split(r"^###? ", _PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    new.with_panel(_panel("Runbook", head.removeprefix("# Runbook\n").strip(), "How to use this runbook."))
    for section in sections:
        title, _, body = section.partition("\n")
        if body.strip():
            new.with_panel(_panel(title, body.strip(), f"Section {title} of deploy/RUNBOOK.md."))
    return new


def _panel(title: str, body: str, description: str) -> text.Panel:
    panel = text.Panel().title(title).description(description).mode(TextMode.MARKDOWN).content(body)
    return panel.span(12).height(10)
