"""The Chromium or Chrome of this machine, for what looks at pages."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
)


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser of playwright's, closed at the end.

    It leaves with a sentence where there is none.
    """
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        sys.exit(
            "No Chromium or Chrome was found: install one (on Debian or "
            "Ubuntu: sudo apt-get install chromium)."
        )
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=path, args=list(FLAGS)
        )
        yield browser
        browser.close()
