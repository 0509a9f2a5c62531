"""Repairs to what the theme and its extensions write, for every reader.

axe-core finds these barriers on the pages as they are written; each has its
repair here, with the reason. They are made in the finished files, because
the templates of the theme offer no other place. Colours are in
``book/_static/access.css``.
"""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx

REPAIRS = (
    # A name that hides the words on the button: who says "click Search
    # Ctrl+K" or "click Show code cell source" is not understood.
    (
        re.compile(r'(<button class="btn search-button-field[^>]*?)'
                   r' aria-label="Search"'),
        r"\1",
    ),
    (re.compile(r'<summary aria-label="Toggle hidden content">'),
     "<summary>"),
    # The icons of the three themes bring names of their own ("Light"),
    # which are not in the name of the button.
    (
        re.compile(r'(<i class="theme-switch[^>]*?) title="[\w ]+"'),
        r'\1 aria-hidden="true"',
    ),
    # A list whose parts are no list items to a screen reader.
    (re.compile(r'<div role="list" class="citation-list">'),
     '<div class="citation-list">'),
    (re.compile(r'(<div class="citation"[^>]*?) role="doc-biblioentry"'),
     r"\1"),
    # The index of the code hangs a list into a list, beside its parts.
    (re.compile(r"</li>\n(<ul>.*?</ul>)", re.DOTALL), r"\n\1</li>\n"),
)  # fmt: skip

# A search shows a few lines of each page it finds, which it fetches; a
# browser refuses that to pages on a disk and fills its console with errors.
NO_FETCH_ON_DISK = (
    'if (location.protocol === "file:")'
    " DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;"
)


def repaired(page: str) -> str:
    """The HTML of a page without the barriers."""
    for found, better in REPAIRS:
        page = found.sub(better, page)
    return page


def repair(app: Sphinx, error: Exception | None) -> None:
    """Go through all pages; one that was repaired before stays as it is."""
    if error or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        old = path.read_text("utf-8")
        new = repaired(old)
        if new != old:
            path.write_text(new, "utf-8")


def setup(app: Sphinx) -> dict[str, object]:
    """After the build."""
    app.add_css_file("access.css")
    app.add_js_file(None, body=NO_FETCH_ON_DISK)
    app.connect("build-finished", repair)
    return {"version": "1", "parallel_read_safe": True}
