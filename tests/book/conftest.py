"""What the tests of the book share: its pages, and a browser."""

import shutil
from pathlib import Path

import pytest
from pages import REMOTE

TYPESET = "() => window.MathJax && MathJax.startup?.promise.then(() => true)"


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        pytest.skip("no Chromium or Chrome on this machine")
    flags = ("no-sandbox", "disable-gpu", "no-first-run", "disable-sync")
    quiet = ("disable-background-networking", "disable-component-update")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(
            executable_path=path, args=[f"--{f}" for f in (*flags, *quiet)]
        )
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, record_property):
    """Open a page from disk; at the end, nothing may have gone wrong.

    `visit(page, width)` returns the tab; its `asked` are the addresses the
    page loaded. For the table at the end of the run, requests to elsewhere
    and errors on the console are counted.
    """
    outside: list[str] = []
    errors: list[str] = []
    contexts = []

    def open_page(page: Path, width: int = 1280, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        tab = context.new_page()
        tab.asked = set()
        tab.set_viewport_size({"width": width, "height": 900})

        def request(sent) -> None:
            tab.asked.add(sent.url)
            if REMOTE.match(sent.url) and not sent.url.startswith("file:"):
                outside.append(sent.url)

        def failed(sent) -> None:
            # A page that leads on at once, index.html, takes back what it
            # asked for; a file that is not there fails in another way.
            if sent.failure != "net::ERR_ABORTED":
                errors.append(f"{sent.url}: {sent.failure}")

        tab.on("request", request)
        tab.on(
            "console",
            lambda m: errors.append(m.text) if m.type == "error" else None,
        )
        tab.on("pageerror", lambda error: errors.append(str(error)))
        tab.on("requestfailed", failed)
        go(tab, page)
        return tab

    yield open_page
    for context in contexts:
        context.close()
    record_property("outside", len(outside))
    record_property("errors", len(errors))
    assert outside == []
    assert errors == []


def go(tab, page: Path) -> None:
    """Load a page and wait until its formulas are set."""
    tab.goto(page.as_uri(), wait_until="load")
    tab.evaluate(TYPESET)
