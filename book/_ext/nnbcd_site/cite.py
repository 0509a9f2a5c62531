"""How to cite, from ``CITATION.cff``: the page cannot say something else.

    :::{citation} paper
    :::

shows the paper, as a sentence and as BibTeX; ``software`` shows the package.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import Any, ClassVar

import yaml
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

FILE = "CITATION.cff"
ARXIV = "arXiv:"
WIDTH = 72
KEYS = {"software": "nnbcd", "paper": "li2023nnbcd"}
Entry = dict[str, Any]


def load(path: Path) -> dict[str, Entry]:
    """The entries of a citation file, by the name used on the page."""
    whole = yaml.safe_load(path.read_text("utf-8"))
    return {"software": whole, "paper": whole["preferred-citation"]}


def bibtex(key: str, entry: Entry) -> str:
    """One entry as BibTeX."""
    authors = [_last_name_first(author) for author in entry["authors"]]
    title, eprint = entry["title"], _arxiv(entry)
    fields = {
        "author": " and ".join(authors),
        # A name without capitals keeps its small letter in any style.
        "title": f"{{{title}}}" if title.islower() else title,
        "year": _year(entry),
        "note": _version(entry).capitalize(),
        "eprint": eprint,
        "archiveprefix": "arXiv" if eprint else "",
        "url": _url(entry),
    }
    lines = [
        fill(f"{name} = {{{value}}},", WIDTH, initial_indent="  ",
             subsequent_indent="    ", break_long_words=False,
             break_on_hyphens=False)
        for name, value in fields.items() if value
    ]  # fmt: skip
    return "\n".join([f"@misc{{{key},", *lines, "}"])


def sentence(entry: Entry) -> str:
    """One entry as running text, without its address."""
    *others, last = [_first_name_first(a) for a in entry["authors"]]
    people = f"{', '.join(others)} and {last}" if others else last
    eprint = _arxiv(entry)
    details = [_version(entry), eprint and ARXIV + eprint, _year(entry)]
    return ", ".join([f"{people}: {entry['title']}", *filter(None, details)])


def _first_name_first(author: dict[str, str]) -> str:
    if "name" in author:
        return author["name"]
    return f"{author['given-names']} {author['family-names']}"


def _last_name_first(author: dict[str, str]) -> str:
    if "name" in author:
        return f"{{{author['name']}}}"  # a group has no surname
    return f"{author['family-names']}, {author['given-names']}"


def _version(entry: Entry) -> str:
    return f"version {entry['version']}" if "version" in entry else ""


def _year(entry: Entry) -> str:
    return str(entry.get("year") or str(entry.get("date-released", ""))[:4])


def _url(entry: Entry) -> str:
    return str(entry.get("url") or entry["repository-code"])


def _arxiv(entry: Entry) -> str:
    values = [str(i["value"]) for i in entry.get("identifiers", [])]
    found = [v for v in values if v.startswith(ARXIV)]
    return found[0].removeprefix(ARXIV) if found else ""


class Citation(SphinxDirective):
    """One entry of the citation file."""

    required_arguments: ClassVar[int] = 1

    def run(self) -> list[nodes.Node]:
        """A sentence and a block to copy."""
        name = self.arguments[0]
        if name not in KEYS:
            msg = f"cite {' or '.join(KEYS)}, not {name!r}."
            raise self.error(msg)
        path = Path(self.env.srcdir, FILE)
        for source in (path, Path(__file__)):
            self.env.note_dependency(str(source))
        entry = load(path)[name]
        url = _url(entry)
        link = nodes.reference("", url, refuri=url)
        text = nodes.paragraph("", f"{sentence(entry)}. ")
        text += link
        code = bibtex(KEYS[name], entry)
        block = nodes.literal_block(code, code, language="bibtex")
        return [text, block]


def connect(app: Sphinx) -> None:
    """One directive."""
    app.add_directive("citation", Citation)
