"""Draws the README's picture: the sample articles' alerts as a terminal shows them. `python -m tests.support.picture`."""

import re
from datetime import UTC, datetime
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

from detector.cli.alert_view import alert_block
from detector.core.parsing import parse_article
from detector.core.records import Article
from detector.loading import load_detector
from tests.conftest import REPOSITORY
from tests.support.records import alert_for

SHOWN = ("01-aleppo", "16-colombia-extension", "12-malakal-commission", "02-bicol-typhoon", "07-sydney-fiji")
TARGET = REPOSITORY / "deploy" / "pictures" / "demo.svg"


def draw(target: Path) -> None:
    """Write the picture; fonts are the reader's own, so that it loads nothing from elsewhere."""
    detector = load_detector()
    console = Console(record=True, width=128, force_terminal=True, color_system="truecolor", quiet=False, file=None)
    for name in SHOWN:
        article = parse_article((REPOSITORY / "seeds" / "articles" / f"{name}.json").read_bytes())
        assert isinstance(article, Article)
        ((_, detections),) = detector.detect([article], ingested_at=[None], detected_at=datetime.now(UTC))
        for detection in detections:
            console.print(alert_block(alert_for(detection)))
    form = re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    target.write_text(console.export_svg(title="detector watch", code_format=form, unique_id="demo"), encoding="utf-8")


if __name__ == "__main__":
    draw(TARGET)
