"""Logs off a terminal are one JSON object a line on standard error, from libraries too, at the level that is set."""

import json
import subprocess
import sys

PROGRAM = """
import logging, sys, structlog
from detector.logs import configure_logging
from detector.settings import LogSettings
configure_logging(LogSettings(level=sys.argv[1], format=sys.argv[2]))
log = structlog.get_logger("detector.test")
log.debug("looked")
log.info("read", topic="articles", partition=0, offset=7, article_id="a-1")
logging.getLogger("aiokafka").info("chatter")
logging.getLogger("aiokafka").warning("broker %s left", 1)
try:
    raise ValueError("two\\nlines")
except ValueError:
    log.exception("failed")
"""


def logged(level: str, form: str = "auto") -> str:
    """Run a program that logs and give what it wrote; in its own process, for logging is set for the whole process."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, level, form], capture_output=True, check=True, timeout=60, text=True
    )
    assert done.stdout == ""
    return done.stderr


def test_every_line_is_an_object_with_time_level_and_fields() -> None:
    entries = [json.loads(line) for line in logged("info").splitlines()]
    assert [entry["event"] for entry in entries] == ["read", "broker 1 left", "failed"]
    read = entries[0]
    assert read.pop("timestamp").endswith("Z")
    assert read == {
        "event": "read",
        "level": "info",
        "logger": "detector.test",
        "topic": "articles",
        "partition": 0,
        "offset": 7,
        "article_id": "a-1",
    }
    assert "ValueError: two\nlines" in entries[2]["exception"]


def test_the_level_decides_what_is_written() -> None:
    assert [json.loads(line)["event"] for line in logged("error").splitlines()] == ["failed"]
    assert "looked" in logged("debug")


def test_people_may_ask_for_plain_lines() -> None:
    shown = logged("info", "console")
    assert "read" in shown and "article_id=a-1" in shown
    assert not shown.startswith("{")
