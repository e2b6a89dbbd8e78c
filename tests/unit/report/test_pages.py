"""The pages in a real browser: nothing runs, nothing is loaded, nothing overflows, and text of articles stays text."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Browser

from detector.cli.reports import reports
from detector.core.evaluation import evaluate
from detector.core.eventtypes import EVENT_TYPES, EventType
from detector.core.labelled import read_labelled
from detector.core.records import Classification, Evidence, Finding
from detector.report.evaluation import render_html
from detector.report.numbers import duration, rate, web_address
from tests.support.browser import open_browser, opened
from tests.support.runs import Told, write_run

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> {{ 7*7 }} & \"quoted\" 'too'"
VIEWS = ("light", "dark", "phone")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all pages."""
    with open_browser() as found:
        yield found


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two judged runs, of two models and of one without labels, whose articles are hostile wherever they can be."""
    folder = tmp_path_factory.mktemp("runs")
    articles = [
        Told(
            id=f"a{n} {HOSTILE}",
            hours=6.0 * n,
            found={"ceasefire": (0.5 + n / 100, "agreed")} if n % 3 else {"atrocity": (0.3, "")},
            other={"ceasefire": (0.9 if n % 5 else 0.6, "violated")} if n % 2 else {"solidarity": (0.7, "held")},
            title=f"Title {n} {HOSTILE}",
            outlet=f"Outlet {HOSTILE}",
            sentence=f"The truce {HOSTILE} holds.",
        )
        for n in range(40)
    ]
    labels = folder / "labels.jsonl"
    labels.write_text(
        "".join(
            json.dumps(
                {
                    "article_id": article.id,
                    "labels": {"ceasefire": {"status": "agreed", "evidence": [{"text": f"label {HOSTILE}"}]}}
                    if n % 2
                    else {},
                    "event": f"event {n // 4} {HOSTILE}" if n % 2 else None,
                }
            )
            + "\n"
            for n, article in enumerate(articles)
        )
    )
    hostile = {"warnings": [HOSTILE], "partial": True, "partial_reason": HOSTILE, "command": ["detector", HOSTILE]}
    write_run(folder / "labelled", articles, models=2, meta=hostile)
    write_run(folder / "plain", articles)
    for name, more in (("labelled", ["--labels", str(labels), "--threshold", "ceasefire=0.8"]), ("plain", [])):
        result = CliRunner().invoke(reports, ["judge", str(folder / name), *more], standalone_mode=False)
        assert result.return_value == 0, result.exception
    environment = {"DETECTOR_REPLAY__RUNS_DIR": str(folder)}
    result = CliRunner().invoke(reports, ["open", "--print"], env=environment, standalone_mode=False)
    assert Path(result.output.strip()) == folder / "index.html"
    (folder / "evaluation.html").write_text(evaluation_page())
    return folder


def evaluation_page() -> str:
    """The page of `detector evaluate` about one false alarm of a hostile sentence."""
    gold = read_labelled(json.dumps({"id": HOSTILE, "text": HOSTILE, "labels": {}}).encode(), "gold")
    piece = Evidence(field="text", start=0, end=5, sentence=HOSTILE, confidence=0.9)
    finding = Finding(
        type=EventType.CEASEFIRE, status="agreed", confidence=0.9, threshold=0.5, evidence=(piece,), why=()
    )
    answer = Classification(scores=dict.fromkeys(EVENT_TYPES, 0.9), findings=(finding,))
    return render_html(f"Evaluation {HOSTILE}", {f"model {HOSTILE}": evaluate(gold, [answer])}, {}, [HOSTILE])


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", ["labelled/report.html", "plain/report.html", "index.html", "evaluation.html"])
def test_a_page_is_quiet_self_contained_and_fits(browser: Browser, shelf: Path, name: str, view: str) -> None:
    with opened(browser, shelf / name, view) as reader:
        reader.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert reader.problems == []
        assert not reader.overflows
        assert reader.page.locator("script, img, iframe, link[rel=stylesheet]").count() == 0
        assert "49" not in reader.page.title()


def test_articles_are_shown_as_text(browser: Browser, shelf: Path) -> None:
    """Title, outlet, id, evidence, label and event, each as it was sent; the telling word is marked."""
    with opened(browser, shelf / "labelled/report.html", "light") as reader:
        text = reader.page.locator("body").inner_html()
        assert "<script" not in text and "<img" not in text
        case = reader.page.locator(".case").first
        assert HOSTILE in (case.locator("h4").text_content() or "")
        assert HOSTILE in (reader.page.locator("blockquote", has_text="label ").first.text_content() or "")
        assert reader.page.locator("mark").first.text_content() == "truce"
        assert HOSTILE in (reader.page.locator("td", has_text="event 0").first.text_content() or "")
        assert HOSTILE in (reader.page.locator(".note").first.text_content() or "")


def test_the_report_has_its_parts_and_says_what_is_missing(browser: Browser, shelf: Path) -> None:
    """With labels: curves and mistakes, and how many there are; without: the plain sentence instead."""
    with opened(browser, shelf / "labelled/report.html", "light") as reader:
        headings = reader.page.locator("h2").all_text_contents()
        assert {"Right or wrong", "Threshold sweep", "When", "By outlet and country", "Drift", "To repeat this"} <= set(
            headings
        )
        assert sum(heading.startswith("test-model") for heading in headings) == 2
        assert reader.page.locator("figure svg").count() == 7
        assert reader.page.locator("figure svg text").count() > 50
        shown = reader.page.locator("h2", has_text="Misses").text_content() or ""
        assert int(shown.split(": ")[1].split(",")[0]) > 0
    with opened(browser, shelf / "plain/report.html", "light") as reader:
        assert reader.page.locator("figure svg").count() == 4
        assert "nothing about correctness follows" in reader.page.locator(".lead").inner_text()
        assert reader.page.locator("h2", has_text="Misses").count() == 0


def test_plots_take_their_colours_from_the_page(browser: Browser, shelf: Path) -> None:
    """Dark ink on light paper, light ink on dark paper, from one drawing."""
    colours = {}
    for view in ("light", "dark"):
        with opened(browser, shelf / "labelled/report.html", view) as reader:
            colours[view] = reader.page.evaluate(
                "[getComputedStyle(document.querySelector('figure svg text')).fill, "
                "getComputedStyle(document.body).backgroundColor]"
            )
    assert colours["light"][1] == "rgb(255, 255, 255)"
    assert colours["light"][0] != colours["dark"][0] and colours["light"][1] != colours["dark"][1]


def test_the_report_prints(browser: Browser, shelf: Path) -> None:
    """As a document of some pages."""
    with opened(browser, shelf / "labelled/report.html", "light") as reader:
        document = reader.page.pdf(format="A4")
        assert document.startswith(b"%PDF") and document.count(b"/Type /Page\n") + document.count(b"/Type /Page ") > 3


def test_the_index_leads_to_the_reports(browser: Browser, shelf: Path) -> None:
    with opened(browser, shelf / "index.html", "light") as reader:
        assert reader.page.locator("tr").count() == 3
        reader.page.locator("a").first.click()
        assert reader.page.title().startswith("Replay of articles")
        assert reader.problems == []


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://a.example/x", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        (None, False),
        ("//a.example", False),
    ],
)
def test_only_web_addresses_are_linked(url: str | None, linked: bool) -> None:  # noqa: FBT001 a table's column
    assert (web_address(url) is not None) is linked


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0, "0 s"),
        (0.25, "0.2 s"),
        (59, "59 s"),
        (90, "1.5 min"),
        (1800, "30 min"),
        (86_400, "24 h"),
        (200_000, "2.3 days"),
    ],
)
def test_durations_are_told_in_fitting_units(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


def test_rates_keep_what_tells_them_from_nothing() -> None:
    assert [rate(value) for value in (None, 0, 0.0034, 0.342, 1.26, 1234.5)] == [
        "–",
        "0.00",
        "0.0034",
        "0.34",
        "1.3",
        "1,234",
    ]
