"""What the book adds to Sphinx: two small things.

``explorer`` puts one of the package's explorers into a text page::

    :::{explorer} prox_explorer
    :::

``drop_thebe`` takes away the live-code scripts: sphinx-thebe is loaded
twice by the theme, is not used here, and throws an error on every page.
"""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import nnbcd.explore


class ExplorerDirective(SphinxDirective):
    """Include ``nnbcd.explore.<name>()`` as raw HTML."""

    required_arguments: ClassVar[int] = 1

    def run(self) -> list[nodes.Node]:
        """One raw node, or an error that names the explorers there are."""
        name = self.arguments[0]
        make = getattr(nnbcd.explore, name, None)
        if name not in nnbcd.explore.__all__ or make is None:
            known = ", ".join(nnbcd.explore.__all__)
            msg = f"no explorer {name!r}; nnbcd has {known}."
            raise self.error(msg)
        return [nodes.raw("", make().html(), format="html")]


def drop_thebe(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Remove every script and style file whose name mentions thebe."""
    del app, pagename, templatename, doctree
    for key in ("script_files", "css_files"):
        kept = [f for f in context.get(key, []) if "thebe" not in str(f)]
        context[key] = kept


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive and the clean-up."""
    app.add_directive("explorer", ExplorerDirective)
    app.connect("html-page-context", drop_thebe, priority=900)
    return {"version": "1", "parallel_read_safe": True}
