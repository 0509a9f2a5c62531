"""What a page tells search engines, and programs that preview a link.

Sphinx writes ``<link rel="canonical">`` itself, once it has an address.
"""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import urljoin

from docutils import nodes
from sphinx.application import Sphinx

from .summaries import summary

CARD = "_static/card.png"  # drawn by book/_tools/social_card.py
CARD_TEXT = (
    "nnbcd: training and compressing networks, one block at a time. Blocks "
    "go down a staircase, joined like the cores of a tensor train."
)


def tags(app: Sphinx, page: str, title: str) -> str:
    """The meta tags of one page, as HTML."""
    base = app.config.html_baseurl
    about = summary(app.env, page)
    names = {"description": about, "twitter:card": "summary_large_image"}
    properties = {
        "og:type": "website" if page == app.config.root_doc else "article",
        "og:site_name": app.config.html_title,
        "og:title": title,
        "og:description": about,
        "og:url": urljoin(base, app.builder.get_target_uri(page)),
        "og:image": urljoin(base, CARD),
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": CARD_TEXT,
    }
    lines = [_tag("name", *pair) for pair in names.items()]
    lines += [_tag("property", *pair) for pair in properties.items()]
    return "\n    ".join(["", *lines, ""])


def _tag(kind: str, name: str, content: str) -> str:
    return f'<meta {kind}="{name}" content="{escape(content)}" />'


def add(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Put the tags where the layout prints them."""
    del templatename, doctree
    found = app.env.titles.get(pagename)
    title = found.astext() if found else str(context.get("title", ""))
    extra = tags(app, pagename, title or app.config.html_title)
    context["metatags"] = context.get("metatags", "") + extra


def connect(app: Sphinx) -> None:
    """Before a page is written."""
    app.connect("html-page-context", add)
