"""``index.html``: the address people pass on leads to the front page.

Jupyter Book's own has nothing but the redirect. Programs that preview a link
do not follow it, so this one carries title, summary and card as well.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from urllib.parse import urljoin

from sphinx.application import Sphinx

from .head import tags

PAGE = """\
<!DOCTYPE html>
<html lang="{language}">
  <head>
    <meta charset="utf-8" />
    <title>{title}</title>
    <meta http-equiv="refresh" content="0; url={target}" />
    <link rel="canonical" href="{canonical}" />
    <link rel="icon" href="_static/favicon.svg" />{tags}
  </head>
  <body><p><a href="{target}">{title}</a></p></body>
</html>
"""


def write(app: Sphinx, error: Exception | None) -> None:
    """Write it over Jupyter Book's."""
    if error or app.builder.format != "html":
        return
    config = app.config
    target = app.builder.get_target_uri(config.root_doc)
    page = PAGE.format(
        language=config.language,
        title=escape(config.html_title),
        target=target,
        canonical=urljoin(config.html_baseurl, target),
        tags=tags(app, config.root_doc, config.html_title),
    )
    Path(app.outdir, "index.html").write_text(page, "utf-8")


def connect(app: Sphinx) -> None:
    """After the build, and after Jupyter Book's."""
    app.connect("build-finished", write, priority=900)
