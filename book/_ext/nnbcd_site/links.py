"""Links that contain the address of the repository.

It stands in ``_config.yml`` only. A text page writes ``{colab}`book/why```
for a link that opens a chapter in Colab, ``:::{pip-install}`` for the command
that installs the package, and the issue button opens the form for mistakes.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import ReferenceRole, SphinxDirective

from .address import branch, repository

COLAB = "https://colab.research.google.com/github/{slug}/blob/{branch}/{path}"
FORM = "wrong.yml"  # in .github/ISSUE_TEMPLATE
WHERE = "A page of the book"  # one of its choices


class Colab(ReferenceRole):
    """Open a chapter, ``book/NAME``, in Colab."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """One link."""
        slug = repository(self.config).removeprefix("https://github.com/")
        path = f"{self.target}.ipynb"
        self.env.note_dependency(self.env.doc2path(self.target))
        url = COLAB.format(slug=slug, branch=branch(self.config), path=path)
        return [nodes.reference("", self.title, refuri=url)], []


class PipInstall(SphinxDirective):
    """The command that installs the package from the repository."""

    def run(self) -> list[nodes.Node]:
        """One block to copy."""
        url = f"git+{repository(self.config)}@{branch(self.config)}"
        command = f"pip install {url}"
        return [nodes.literal_block(command, command, language="console")]


def issue(where: str, title: str) -> str:
    """The query that opens the form with the page filled in."""
    answers = {"where": WHERE, "place": title}
    return urlencode({"template": FORM, "title": f"{where}: ", **answers})


def repair_issue_button(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """The theme's button opens an empty issue; the form asks what we need."""
    del templatename, doctree
    found = app.env.titles.get(pagename)
    title = found.astext() if found else pagename
    for button in _flat(context.get("header_buttons", [])):
        if button.get("label") == "source-issues-button":
            new = f"{repository(app.config)}/issues/new"
            button["url"] = f"{new}?{issue(pagename, title)}"


def _flat(buttons: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Buttons, and those inside groups."""
    inner = [b for group in buttons for b in group.get("buttons", [])]
    return [*buttons, *inner]


def connect(app: Sphinx) -> None:
    """A role, a directive, and a repair after the theme's buttons."""
    app.add_role("colab", Colab())
    app.add_directive("pip-install", PipInstall)
    app.connect("html-page-context", repair_issue_button, priority=900)
