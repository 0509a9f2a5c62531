"""On paper: what a page prints, and the book that `make pdf` binds."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pages import PAGES, SITE, soup
from pypdf import PdfReader
from pypdf.generic import Destination

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "book" / "_tools" / "pdf.py"
CHAPTER = SITE / "book" / "u_update.html"

pytestmark = [
    pytest.mark.site,
    pytest.mark.skipif(not PAGES, reason="needs the built book: make book"),
]


def run_pdf(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(TOOL), "--site", str(SITE), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def book(browser, tmp_path_factory) -> PdfReader:
    """Two pages bound; `browser` says first whether there is one."""
    del browser
    target = tmp_path_factory.mktemp("pdf") / "two.pdf"
    done = run_pdf("--output", str(target), "bibliography", "u_update")
    assert done.returncode == 0, done.stderr
    return PdfReader(target)


def flat(items, depth: int = 0) -> list[tuple[int, Destination]]:
    found = []
    for item in items:
        if isinstance(item, list):
            found += flat(item, depth + 1)
        else:
            found.append((depth, item))
    return found


def heading(stem: str) -> str:
    page = soup(SITE / "book" / f"{stem}.html").select_one("article h1")
    return page.get_text().strip("#").strip()


def words(page) -> str:
    return " ".join(page.extract_text().split())


def test_the_contents_give_the_page_of_each_chapter(book) -> None:
    contents = words(book.pages[1])
    for stem in ("u_update", "bibliography"):
        title = heading(stem)
        number = re.search(re.escape(title) + r"\D*(\d+)", contents)[1]
        page = words(book.pages[int(number) - 1])
        assert title in page
        assert page.endswith(f"{title} {number}")  # the foot of the page
    order = [contents.index(heading(s)) for s in ("u_update", "bibliography")]
    assert order == sorted(order)


def test_bookmarks_are_parts_chapters_and_sections(book) -> None:
    entries = flat(book.outline)
    assert [e.title for d, e in entries if d == 0] == [
        "Part one: the method",
        "To look things up",
    ]
    chapters = [e.title for d, e in entries if d == 1]
    assert chapters == [heading("u_update"), heading("bibliography")]
    sections = [e for d, e in entries if d == 2]
    assert "The threshold theorem" in [e.title for e in sections]
    for entry in sections:
        page = book.pages[book.get_destination_page_number(entry)]
        assert entry.title.replace(" ", "") in words(page).replace(" ", "")


def test_links_lead_into_the_book_or_onto_the_web(book) -> None:
    last = next(
        book.get_destination_page_number(e)
        for _, e in flat(book.outline)
        if e.title == heading("bibliography")
    )
    numbers = {p.indirect_reference: i for i, p in enumerate(book.pages)}
    jumps, addresses = [], []
    for index, page in enumerate(book.pages):
        for reference in page.get("/Annots", ()):
            link = reference.get_object()
            if "/Dest" in link:
                jumps.append(
                    (index, numbers[link["/Dest"][0].indirect_reference])
                )
            else:
                addresses.append(link["/A"]["/URI"])
    # A citation in the chapter leads to its entry in the bibliography.
    assert any(1 < here < last <= there for here, there in jumps)
    assert addresses
    assert [a for a in addresses if not a.startswith("https://")] == []
    # A page that was not printed is found on the site.
    home = soup(SITE / "index.html").select_one("link[rel=canonical]")["href"]
    assert home.replace("intro", "reading") in addresses


def test_formulas_stand_and_solutions_are_open(book) -> None:
    text = " ".join(words(page) for page in book.pages[2:])
    assert text.count("Solution to Exercise") == len(
        soup(CHAPTER).select(".solution")
    )
    assert "\\(" not in text
    assert "\\frac" not in text
    assert "Skip to main content" not in text
    assert "Show code" not in text


def test_a_page_that_does_not_exist_is_named() -> None:
    done = run_pdf("no_such_page")
    assert done.returncode != 0
    assert "no page no_such_page" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_dark_page_is_light_on_paper_and_dark_again(visit) -> None:
    tab = visit(CHAPTER, color_scheme="dark")
    ink = "() => getComputedStyle(document.querySelector('article p')).color"
    theme = "() => document.documentElement.dataset.theme"
    dark = tab.evaluate(ink)
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.evaluate(theme) == "light"
    red, green, blue = map(int, re.findall(r"\d+", tab.evaluate(ink))[:3])
    assert max(red, green, blue) < 90
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert tab.evaluate(ink) == dark


def test_paper_shows_the_article_and_the_state_of_an_explorer(visit) -> None:
    tab = visit(CHAPTER)
    tab.locator('[data-control="m"]').fill("0.4")
    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    hidden = ".bd-sidebar, .prev-next-footer, .headerlink, .nnbcd-play"
    assert tab.locator(hidden).locator("visible=true").count() == 0
    assert tab.locator("article h1").is_visible()
    explorer = tab.locator(".nnbcd-explorer")
    assert explorer.locator("input").locator("visible=true").count() == 0
    assert "0.40" in explorer.locator(".nnbcd-controls").inner_text()
    assert tab.locator(".solution p").last.is_visible()


def test_paper_says_where_a_link_leads_unless_its_text_does(visit) -> None:
    tab = visit(SITE / "book" / "bibliography.html")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.locator("article a.external").count() > 20
    assert tab.locator("article a[data-address]").count() == 0
    tab = visit(SITE / "book" / "paper_code.html")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert tab.locator("article td a.external").count() > 10
    assert tab.locator("article td a[data-address]").count() == 0
    tab = visit(SITE / "book" / "cite.html")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    links = tab.locator("article a[data-address]")
    shown = {
        link.text_content(): link.get_attribute("data-address")
        for link in links.all()
    }
    assert shown["CC BY 4.0"] == "creativecommons.org/licenses/by/4.0"
    assert not any(text.startswith("https://arxiv") for text in shown)
    tab.evaluate("dispatchEvent(new Event('afterprint'))")
    assert links.count() == 0


def test_long_code_may_break_and_short_code_may_not(visit) -> None:
    tab = visit(SITE / "book" / "sweep.html")
    tab.emulate_media(media="print")
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    blocks = tab.locator("article .cell_input pre").evaluate_all(
        """all => all.map(pre => {
          const lines = pre.textContent.split("\\n").length;
          let free = true;
          for (let e = pre; !e.matches(".cell"); e = e.parentElement)
            free &&= getComputedStyle(e).breakInside === "auto";
          return [lines, free];
        })"""
    )
    assert any(free for _, free in blocks)
    assert all(free == (lines > 22) for lines, free in blocks)
