"""Numbers of the chapters, in the lists of the front page."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx


def chapter_number(app: Sphinx, page: str) -> str:
    """``12`` for a numbered chapter, nothing for any other page."""
    numbers = app.env.toc_secnumbers.get(page, {}).get("", ())
    return ".".join(map(str, numbers))


def put(app: Sphinx, document: nodes.document, name: str) -> None:
    """Put each chapter's number before its title."""
    if name != app.config.root_doc:
        return
    uri = app.builder.get_relative_uri
    found = {uri(name, page): page for page in app.env.found_docs}
    for term in document.findall(nodes.term):
        for link in list(term.findall(nodes.reference)):
            page = found.get(link.get("refuri", ""))
            number = page and chapter_number(app, page)
            if number:
                label = nodes.inline("", number, classes=["chapter-number"])
                term.insert(0, [label, nodes.Text(" ")])


def connect(app: Sphinx) -> None:
    """When all links are known."""
    app.connect("doctree-resolved", put)
