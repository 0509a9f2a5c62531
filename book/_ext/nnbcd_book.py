"""What the book adds to Sphinx: five small things.

``explorer`` puts one of the package's explorers into a text page::

    :::{explorer} prox_explorer
    :::

``drop_thebe`` takes away the live-code scripts: sphinx-thebe is loaded
twice by the theme, is not used here, and throws an error on every page.

``resolve`` lets docstrings use the public name of an object,
``nnbcd.Solver``, though it is documented where it lives,
``nnbcd.solver.Solver``; and a short one, ``Solver.fit``, where only one
entry of the book ends so.

``keep_colon`` leaves "Stored numbers: cores and biases" alone, which
napoleon would read as a property of type "Stored numbers".

``keep_signs`` leaves "(N, *shape)" and "|u|" alone, which are notation in a
docstring of Python and the beginning of something else to Sphinx.
"""

from __future__ import annotations

import re
from pkgutil import resolve_name
from typing import Any, ClassVar

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from nnbcd.explore import catalogue

# A star before a name, and no second one that would close an emphasis.
STAR = re.compile(r"(?<![\w*\\])\*(?=[A-Za-z_])(?![^*]*\*)")
BAR = re.compile(r"(?<![\w|\\])\|(?=[\w(])(?=[^|]*\|(?!\|))")
QUOTED = re.compile(r"(`+[^`]*`+)")


class ExplorerDirective(SphinxDirective):
    """Include ``<stem>_explorer()`` of ``nnbcd.explore.<stem>``."""

    required_arguments: ClassVar[int] = 1

    def run(self) -> list[nodes.Node]:
        """One raw node, or an error that names the explorers there are."""
        name = self.arguments[0]
        explorers = catalogue()
        if name not in explorers:
            known = ", ".join(explorers)
            msg = f"no explorer {name!r}; nnbcd has {known}."
            raise self.error(msg)
        return [nodes.raw("", explorers[name]().html(), format="html")]


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


def _lookup(target: str) -> tuple[str, object] | None:
    """The full name and the object of a dotted name of the package."""
    for name in (target, f"nnbcd.{target}"):
        try:
            return name, resolve_name(name)
        except (ImportError, AttributeError, ValueError):
            continue
    return None


def resolve(
    app: Sphinx,
    env: BuildEnvironment,
    node: pending_xref,
    contnode: nodes.Element,
) -> nodes.Node | None:
    """Find the page of a name by importing it.

    A name that exists but has no entry (a constant, say) stays plain text.
    A name that does not exist is left to the nitpicker.
    """
    if node.get("refdomain") != "py":
        return None
    entries = env.get_domain("py").objects  # type: ignore[attr-defined]
    target = node.get("reftarget", "")
    found = _lookup(target)
    if found is None:
        ends = [name for name in entries if name.endswith(f".{target}")]
        if len(ends) != 1 or "." not in target:
            return None
        full = ends[0]
    else:
        name, thing = found
        if not name.startswith("nnbcd"):
            return None
        home = getattr(thing, "__module__", None)
        inner = getattr(thing, "__qualname__", None)
        full = f"{home}.{inner}" if f"{home}.{inner}" in entries else name
    entry = entries.get(full)
    if entry is None:
        return contnode
    return make_refnode(
        app.builder,
        node["refdoc"],
        entry.docname,
        entry.node_id,
        contnode,
        full,
    )


def keep_colon(
    app: Sphinx,
    what: str,
    name: str,
    thing: object,
    options: object,
    lines: list[str],
) -> None:
    """Put an empty comment where napoleon looks for a type and a colon."""
    del app, name, thing, options
    if what in ("attribute", "data", "property"):
        lines[:0] = ["..", ""]


def keep_signs(
    app: Sphinx,
    what: str,
    name: str,
    thing: object,
    options: object,
    lines: list[str],
) -> None:
    """Escape stars and bars, except in code."""
    del app, what, name, thing, options
    for number, line in enumerate(lines):
        if line.lstrip().startswith((">>>", "...")):
            continue
        parts = QUOTED.split(line)
        for k, text in enumerate(parts[::2]):
            parts[2 * k] = BAR.sub(r"\\|", STAR.sub(r"\\*", text))
        lines[number] = "".join(parts)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive, the names and the clean-ups."""
    app.add_directive("explorer", ExplorerDirective)
    app.connect("missing-reference", resolve)
    app.connect("autodoc-process-docstring", keep_colon, priority=400)
    app.connect("autodoc-process-docstring", keep_signs, priority=450)
    app.connect("html-page-context", drop_thebe, priority=900)
    return {"version": "1", "parallel_read_safe": True}
