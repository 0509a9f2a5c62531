"""What the tests of the book share: its pages, and a browser."""

import shutil
from pathlib import Path

import pytest
from pages import REMOTE


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
def visit(browser):
    """Open a page from disk; at the end, nothing may have gone wrong."""
    faults: list[str] = []
    contexts = []

    def open_page(page: Path, width: int = 1280, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        tab = context.new_page()
        tab.set_viewport_size({"width": width, "height": 900})
        tab.on(
            "console",
            lambda m: faults.append(m.text) if m.type == "error" else None,
        )
        tab.on("pageerror", lambda error: faults.append(str(error)))
        tab.on(
            "request",
            lambda r: faults.append(r.url) if REMOTE.match(r.url)
            and not r.url.startswith("file:") else None,
        )  # fmt: skip
        tab.on("requestfailed", lambda r: faults.append(r.url))
        tab.goto(page.as_uri())
        tab.wait_for_load_state("load")
        tab.wait_for_function(
            "() => !window.MathJax || (window.MathJax.startup &&"
            " window.MathJax.startup.promise)"
        )
        tab.evaluate("() => window.MathJax && MathJax.startup.promise")
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []
