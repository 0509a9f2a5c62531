"""Cells that have nothing to say on the site.

The first cell of a chapter installs the package on Colab. Who reads the page
here would meet it before the first sentence; it stays in the notebook.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx

MARK = '"google.colab" in sys.modules'


def remove_set_up(app: Sphinx, document: nodes.document) -> None:
    """Take the cell out of a page that was just read."""
    del app
    for cell in list(document.findall(nodes.container)):
        if cell.get("nb_element") == "cell_code" and MARK in cell.astext():
            cell.parent.remove(cell)


def connect(app: Sphinx) -> None:
    """As pages are read."""
    app.connect("doctree-read", remove_set_up)
