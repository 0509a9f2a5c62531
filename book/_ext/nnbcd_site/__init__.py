"""What makes the book a site: addresses, heads, doors and exits.

One idea a module: where the site lives (``address``), what a page is about
(``summaries``), what others are told about it (``head``, ``crawlers``),
what stands at the root and where a wrong address leads (``root``,
``not_found``), and what depends on the repository (``links``, ``cite``).
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from . import cells, cite, crawlers, head, links, not_found, numbers, root
from .address import settle


def setup(app: Sphinx) -> dict[str, Any]:
    """Let every module connect itself, the address first."""
    app.connect("config-inited", settle)
    inside = (links, cite, cells, numbers, head)
    beside = (crawlers, root, not_found)
    for module in (*inside, *beside):
        module.connect(app)
    return {"version": "1", "parallel_read_safe": True}
