"""A real headless Chromium for pages: the one installed on this machine, driven by Playwright."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

_NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
_VIEWS: Final = {"light": (1200, 900), "dark": (1200, 900), "phone": (390, 844)}


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Chromium; the test is skipped, and says how to get one, when there is none."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium to open the pages in: install it (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


class Opened:
    """A page as one reader sees it, and everything that went wrong or left the file while it was opened."""

    def __init__(self, page: Page, problems: list[str]) -> None:
        self.page = page
        self.problems = problems

    @property
    def overflows(self) -> bool:
        """Whether the page is wider than the screen."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


@contextmanager
def opened(browser: Browser, file: Path, view: str) -> Iterator[Opened]:
    """Open a file as `light`, `dark` or `phone`."""
    width, height = _VIEWS[view]
    page = browser.new_page(
        viewport={"width": width, "height": height}, color_scheme="dark" if view == "dark" else "light"
    )
    problems: list[str] = []
    page.on("console", lambda message: problems.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: problems.append(f"error: {error}"))
    page.on("dialog", lambda dialog: problems.append(f"dialog: {dialog.message}"))
    page.on(
        "request",
        lambda request: (
            problems.append(f"request: {request.url}") if not request.url.startswith(("file:", "data:")) else None
        ),
    )
    page.goto(file.resolve().as_uri())
    yield Opened(page, problems)
    page.close()
