"""SECURITY.md and the pages of deploy/: their links lead somewhere, and the figures they give are the program's."""

import re

import pytest

from detector.core.parsing import MAX_SHORT_BYTES, MAX_TEXT_BYTES
from detector.core.sentences import MAX_SENTENCE_CHARS, MAX_SENTENCES
from detector.settings import WebSettings, setting_names
from tests.conftest import REPOSITORY


@pytest.mark.parametrize("path", ["SECURITY.md", "deploy/README.md", "deploy/CAPACITY.md", "deploy/SPEED.md"])
def test_links_and_names_are_right(path: str) -> None:
    """Relative links name files, settings and make targets exist."""
    file = REPOSITORY / path
    text = file.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert target.startswith("https://") or (file.parent / target).exists(), target
    for name in re.findall(r"DETECTOR_[A-Z_]*[A-Z]", text):
        assert any(setting.startswith(name) for setting in setting_names()), name
    targets = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"`make ([a-z-]+)", text):
        assert f"\n{target}:" in targets, target


def test_the_limits_named_are_the_limits() -> None:
    """As the modules have them."""
    text = (REPOSITORY / "SECURITY.md").read_text(encoding="utf-8")
    assert (MAX_TEXT_BYTES, MAX_SHORT_BYTES) == (1 << 20, 16 << 10)
    assert "at most 1 MiB, every other field 16 KiB" in text
    assert f"{MAX_SENTENCES:,} sentences of {MAX_SENTENCE_CHARS} characters" in text
    assert f"`DETECTOR_WEB__REQUESTS_PER_SECOND`\n({WebSettings().requests_per_second})" in text
