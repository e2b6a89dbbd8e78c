"""A replay tells the threads that a live worker would have told, and its report shows them."""

import json
from pathlib import Path

from detector.core.wire import decode_alert
from detector.replay.archive import ARCHIVE_NAME, open_archive
from detector.replay.threads import read_threads
from tests.conftest import REPOSITORY
from tests.support.replaying import meta, rows, run_replay

STORY = sorted((REPOSITORY / "seeds" / "story").glob("*.json"))


def test_the_story_of_the_demo_is_two_events(tmp_path: Path) -> None:
    """One truce agreed, violated and collapsed, and the one that renews it; in archive, figures and page alike."""
    lines = [json.dumps(json.loads(path.read_text("utf-8"))) for path in STORY]
    (tmp_path / "story.jsonl").write_text("\n".join(lines), "utf-8")
    done = run_replay(
        *(
            "--archive",
            tmp_path / "story.jsonl",
            "--report",
            tmp_path / "page.html",
            "--json",
            tmp_path / "figures.json",
        ),
        folder=tmp_path / "run",
        environment={"DETECTOR_REPLAY__PROCESSES": "1"},
    )
    assert done.exception is None, done.output
    alerts = [decode_alert(value) for (value,) in rows(tmp_path / "run", "SELECT record FROM alerts ORDER BY rowid")]
    assert [(alert.message_type, alert.status, alert.sequence) for alert in alerts] == [
        ("alert", "agreed", 0),
        ("update", "agreed", 1),
        ("update", "violated", 2),
        ("update", "collapsed", 3),
        ("alert", "agreed", 0),
    ]
    with open_archive(tmp_path / "run" / ARCHIVE_NAME) as connection:
        threads = read_threads(connection, meta(tmp_path / "run")["models"][0]["digest"])
    first, second = threads.shown
    assert [step.status for step in first.steps if step.taken][-3:] == ["agreed", "violated", "collapsed"]
    assert (first.articles, first.outlets, first.seconds_to_second, first.alerts) == (4, 3, 6000.0, 4)
    assert (second.articles, second.outlets, second.seconds_to_second, second.alerts) == (1, 1, None, 1)
    figures = {
        name: item["value"] for name, item in json.loads((tmp_path / "figures.json").read_text())["figures"].items()
    }
    assert (figures["threads"], figures["thread_alerts"], figures["threads_cancelled"]) == (2, 5, 0)
    assert (figures["threads_corroborated_share"], figures["second_source_median_seconds"]) == (0.5, 6000.0)
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "Threads: 2 events, 5 alerts" in page
    assert "agreed → violated → collapsed" in page
