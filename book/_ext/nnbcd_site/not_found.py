"""``404.html``: what a server shows for an address that does not exist.

It is shown at any depth, so its links count from where the site lives
(``<base>``), not from where the reader stands. It loads nothing, so that it
stands even where the site was moved.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from string import Template
from urllib.parse import urlsplit

from sphinx.application import Sphinx

from .numbers import chapter_number

NAME = "404.html"
TEMPLATE = Path(__file__).with_name("not_found.html")


def page(app: Sphinx) -> str:
    """The page, with all pages of the book."""
    config, uri = app.config, app.builder.get_target_uri
    items = []
    for name in app.env.toctree_includes.get(config.root_doc, []):
        number = chapter_number(app, name)
        title = escape(app.env.titles[name].astext())
        before = f"{number}. " if number else ""
        items.append(f'<li>{before}<a href="{uri(name)}">{title}</a></li>')
    return Template(TEMPLATE.read_text("utf-8")).substitute(
        language=config.language,
        home=escape(urlsplit(config.html_baseurl).path),
        title=escape(config.html_title),
        front=uri(config.root_doc),
        pages="\n".join(items),
    )


def write(app: Sphinx, error: Exception | None) -> None:
    """Write it beside the pages of the book."""
    if not error and app.builder.format == "html":
        Path(app.outdir, NAME).write_text(page(app), "utf-8")


def connect(app: Sphinx) -> None:
    """After the build."""
    app.connect("build-finished", write)
