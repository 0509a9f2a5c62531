"""``sitemap.xml`` and ``robots.txt``, for search engines.

Under ``OWNER.github.io/REPO/`` nobody asks for the second one, robots read
it at the root of a host only; on a host of its own it leads to the first.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urljoin
from xml.sax.saxutils import escape

from sphinx.application import Sphinx


def sitemap(addresses: list[str]) -> str:
    """The map: every page of the book, in the order given."""
    lines = [f"  <url><loc>{escape(url)}</loc></url>" for url in addresses]
    return "\n".join(
        [
            '<?xml version="1.0" encoding="utf-8"?>',
            '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
            *lines,
            "</urlset>\n",
        ]
    )


def write(app: Sphinx, error: Exception | None) -> None:
    """Write both, once all pages stand."""
    if error or app.builder.format != "html":
        return
    base = app.config.html_baseurl
    addresses = [
        urljoin(base, app.builder.get_target_uri(page))
        for page in sorted(app.env.found_docs)
    ]
    folder = Path(app.outdir)
    (folder / "sitemap.xml").write_text(sitemap(addresses), "utf-8")
    (folder / "robots.txt").write_text(
        f"User-agent: *\nAllow: /\nSitemap: {base}sitemap.xml\n", "utf-8"
    )


def connect(app: Sphinx) -> None:
    """After the build."""
    app.connect("build-finished", write)
