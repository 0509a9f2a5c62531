"""What a page is about, in a sentence.

The front page lists every page with a line on it; that line is the summary.
The front page itself, and a page that it does not list, begin with theirs.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.environment import BuildEnvironment

LONGEST = 300  # characters that search engines and chat programs show


def summary(env: BuildEnvironment, page: str) -> str:
    """The summary of a page, or of the book if it is not in the book."""
    front = env.get_doctree(env.config.root_doc)
    listed = {
        link["reftarget"]: item[-1].astext()
        for item in front.findall(nodes.definition_list_item)
        for link in item[0].findall(pending_xref)
    }
    if page in listed:
        return _cut(listed[page])
    if page in env.found_docs:
        return _cut(_opening(env.get_doctree(page)))
    return _cut(_opening(front))


def _opening(document: nodes.document) -> str:
    """The first paragraph that is running text."""
    for paragraph in document.findall(nodes.paragraph):
        if isinstance(paragraph.parent, (nodes.section, nodes.container)):
            return paragraph.astext()
    return ""


def _cut(text: str) -> str:
    """One line of whole words, not longer than programs show."""
    line = " ".join(text.split())
    if len(line) <= LONGEST:
        return line
    return line[: LONGEST - 1].rsplit(" ", 1)[0].rstrip(",;:") + "…"
