"""Print the built book into one PDF, ``_build/nnbcd.pdf``.

    make pdf
    python book/_tools/pdf.py [--site FOLDER] [--output FILE] [PAGE ...]

Chromium prints each page as a reader would, with the style of
``_static/print.css``; the results are bound in the order of ``_toc.yml``
between a title page with contents and the last page. PAGE, a name such as
``u_update``, prints some pages only.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

import yaml
from bookbinding import Chapter, bind
from browser import chromium
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
PAPER = {
    "format": "A4",
    "prefer_css_page_size": True,
    "print_background": True,
}
FRONT = """\
<!DOCTYPE html>
<html lang="en"><meta charset="utf-8">
<style>
@page {{ size: A4; margin: 24mm 22mm; }}
body {{ font: 11pt/1.5 system-ui, sans-serif; color: #24292f; margin: 0; }}
a {{ color: inherit; text-decoration: none; }}
.title {{ break-after: page; padding-top: 55mm; }}
.title img {{ width: 62mm; }}
h1 {{ font-size: 30pt; font-weight: 400; line-height: 1.2; margin: 14mm 0; }}
h2 {{ font-size: 20pt; font-weight: 400; margin: 0 0 6mm; }}
h3 {{ font-size: 11pt; margin: 5mm 0 1mm; break-after: avoid; }}
li {{ display: flex; list-style: none; }}
li a {{ display: flex; flex: 1; gap: 2mm; }}
li a::before {{ content: ""; flex: 1; order: 1;
  border-bottom: 1px dotted #8c959f; margin-bottom: 1.5mm; }}
li b {{ font-weight: 400; order: 2; }}
ul {{ margin: 0; padding: 0; }}
</style>
<div class="title">
<img src="{logo}" alt="nnbcd">
<h1>{title}</h1>
<p>{author}</p>
<p>Version {version}<br><a href="{address}">{address}</a></p>
</div>
<h2>Contents</h2>
{contents}
</html>
"""
PREPARE = """ids => {
  document.querySelectorAll("img").forEach(i => { i.loading = "eager"; });
  // The list of chapters, which the book has with page numbers.
  document.querySelectorAll("section:has(> .chapters)")
    .forEach(s => { s.style.display = "none"; });
  const box = document.createElement("div");
  box.style = "position: absolute; top: 0; font: 1px/1px sans-serif";
  for (const id of ids) {
    const link = document.createElement("a");
    link.href = "#" + encodeURIComponent(id);
    link.textContent = ".";
    link.style = "color: transparent";
    box.append(link);
  }
  document.body.prepend(box);
}"""


def chapters(site: Path, names: list[str]) -> list[Chapter]:
    """The pages to print, in reading order."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    pages = [("", toc["root"])]
    for part in toc["parts"]:
        pages += [(part["caption"], c["file"]) for c in part["chapters"]]
    known = {Path(page).name for _, page in pages}
    if unknown := set(names) - known:
        sys.exit(f"pdf: no page {', '.join(sorted(unknown))} in _toc.yml.")
    found = []
    for part, page in pages:
        path = site / f"{page}.html"
        if names and path.stem not in names:
            continue
        if not path.is_file():
            sys.exit(f"pdf: {path} is missing: run make book first.")
        found.append(_read(path, part))
    return found


def _read(path: Path, part: str) -> Chapter:
    """Title, sections and links of one page."""
    soup = BeautifulSoup(path.read_text("utf-8"), "html.parser")
    article = soup.select_one("article")
    for mark in article.select(".headerlink"):
        mark.decompose()
    sections = [
        (heading.parent.get("id", ""), _plain(heading.get_text()))
        for heading in article.select("section > h2")
    ]
    here = path.as_uri()
    links = {
        urldefrag(urljoin(here, link["href"]))
        for link in article.select("a[href]")
    }
    title = _plain(article.h1.get_text())
    return Chapter(path, part, title, tuple(sections), frozenset(links))


def _plain(text: str) -> str:
    """A heading as one line, without the marks of inline formulas."""
    return " ".join(text.replace("\\(", "").replace("\\)", "").split())


def anchors(found: list[Chapter]) -> dict[str, set[str]]:
    """Page -> what on it is a target: sections, and ends of links."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for chapter in found:
        page = chapter.path.as_uri()
        wanted[page] |= {name for name, _ in chapter.sections}
        for address, fragment in chapter.links:
            if fragment:
                wanted[address].add(unquote(fragment))
    return wanted


def printed(tab: Any, chapter: Chapter, names: set[str]) -> bytes:
    """One page as a PDF, once its formulas and pictures stand."""
    tab.goto(chapter.path.as_uri())
    tab.wait_for_load_state("load")
    tab.evaluate("() => window.MathJax && MathJax.startup.promise")
    tab.evaluate(PREPARE, sorted(names))
    tab.evaluate(
        "() => Promise.all([document.fonts.ready,"
        " ...[...document.images].map(i => i.decode().catch(() => 0))])"
    )
    tab.emulate_media(media="print")
    return bytes(tab.pdf(**PAPER))


def front(found: list[Chapter], pages: list[int], site: Path) -> str:
    """Title page and contents, with the page each chapter begins on."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    cite = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    lines, part = [], None
    for chapter, page in zip(found, pages, strict=True):
        if chapter.part != part:
            part = chapter.part
            lines += ["</ul>" * bool(lines), f"<h3>{escape(part)}</h3><ul>"]
        lines.append(
            f'<li><a href="{chapter.path.as_uri()}">'
            f"{escape(chapter.title)} <b>{page}</b></a></li>"
        )
    return FRONT.format(
        logo=(site / "_static/logo.svg").as_uri(),
        title=escape(config["title"]),
        author=escape(config["author"]),
        version=escape(str(cite["version"])),
        address=home(site),
        contents="\n".join([*lines, "</ul>"]),
    )


def home(site: Path) -> str:
    """The address of the book, as its front page states it."""
    soup = BeautifulSoup((site / "index.html").read_text(), "html.parser")
    canonical = str(soup.select_one("link[rel=canonical]")["href"])
    return urljoin(canonical, "../")


def make(site: Path, output: Path, names: list[str]) -> int:
    """Print, bind and write; return the number of pages."""
    found = chapters(site, names)
    wanted = anchors(found)
    title = site / "pdf-front.html"
    with chromium() as browser:
        tab = browser.new_page()
        bodies = []
        for chapter in found:
            targets = wanted[chapter.path.as_uri()]
            bodies.append(printed(tab, chapter, targets))
            print(f"printed: {chapter.title}", file=sys.stderr)

        def cover(pages: list[int]) -> bytes:
            title.write_text(front(found, pages, site), "utf-8")
            try:
                tab.goto(title.as_uri())
                return bytes(tab.pdf(**PAPER))
            finally:
                title.unlink()

        book = bind(found, bodies, cover, site.as_uri() + "/", home(site))
    output.parent.mkdir(parents=True, exist_ok=True)
    book.write(output)
    return len(book.pages)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="PAGE")
    parser.add_argument("--site", type=Path, default=ROOT / "_build/html")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "_build/nnbcd.pdf"
    )
    said = parser.parse_args()
    pages = make(said.site.resolve(), said.output, said.names)
    size = said.output.stat().st_size / 1e6
    print(f"{said.output}: {pages} pages, {size:.1f} MB")


if __name__ == "__main__":
    main()
