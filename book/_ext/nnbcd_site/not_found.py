"""``404.html``: what a server shows for an address that does not exist.

It is shown at any depth, so its links count from where the site lives
(``<base>``), not from where the reader stands. A copy of the site opened
from disk has no such place: there they count from the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx

from .numbers import chapter_number

NAME = "404"
BODY = """\
<section id="not-found">
<h1>This page is not here</h1>
<p>The address leads nowhere: a page was renamed, or the link is mistyped.
Search for what it was about, or start from the contents.</p>
<form class="not-found-search" action="{search}" method="get" role="search">
<input type="search" name="q" class="form-control" aria-label="Search"
 placeholder="Search this book" />
<button type="submit" class="btn btn-primary">Search</button>
</form>
<p><a href="{front}">{title}</a></p>
<ul>
{pages}
</ul>
</section>
"""


def pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The page, from the same template as all others."""
    uri = app.builder.get_target_uri
    items = []
    for page in app.env.toctree_includes.get(app.config.root_doc, []):
        number = chapter_number(app, page)
        title = escape(app.env.titles[page].astext())
        before = f"{number}. " if number else ""
        items.append(f'<li>{before}<a href="{uri(page)}">{title}</a></li>')
    body = BODY.format(
        search="search.html",
        front=uri(app.config.root_doc),
        title=escape(app.config.html_title),
        pages="\n".join(items),
    )
    yield NAME, {"title": "This page is not here", "body": body}, "page.html"


def rebase(app: Sphinx, error: Exception | None) -> None:
    """Let its links count from the root of the site."""
    if error or app.builder.format != "html":
        return
    path = Path(app.outdir, f"{NAME}.html")
    text = path.read_text("utf-8")
    home = escape(urlsplit(app.config.html_baseurl).path)
    base = (
        f'<head>\n    <base href="{home}" />\n    <script>\n'
        '      if (location.protocol === "file:")\n'
        '        document.querySelector("base").remove();\n'
        "    </script>"
    )
    text = text.replace("<head>", base, 1)
    # A bare "#main-content" would count from there too.
    text = text.replace('href="#', f'href="{NAME}.html#')
    path.write_text(text, "utf-8")


def unlisted(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """No search engine should show it."""
    del app, templatename, doctree
    if pagename == NAME:
        robots = '<meta name="robots" content="noindex" />'
        context["metatags"] = context.get("metatags", "") + robots
        context["pageurl"] = None  # no canonical address


def connect(app: Sphinx) -> None:
    """Beside the pages of the book."""
    app.connect("html-collect-pages", pages)
    app.connect("html-page-context", unlisted)
    app.connect("build-finished", rebase)
