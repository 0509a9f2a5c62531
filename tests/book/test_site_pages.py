"""Every built page in a browser: light and dark, wide and narrow.

Run after `make book`; needs Chromium.
"""

import gzip
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from axe import COLOURS, THIN, axe_script, barriers
from conftest import go
from pages import BOOK, PAGES, SITE, within

pytestmark = [
    pytest.mark.site,
    pytest.mark.skipif(not PAGES, reason="needs the built book: make book"),
]
CODE = [p for p in PAGES if "_modules" in p.parts]
# Pages with a face of their own; those of the code look like the first one.
FACES = [p for p in PAGES if p not in CODE and p.name != "index.html"]
FACES += CODE[:1]
WIDE, NARROW = 1280, 390
LIMITS = {"front": 1_500_000, "chapter": 4_000_000}  # bytes, packed
SHOWN = "(theme) => document.documentElement.dataset.theme === theme"
# Soon after a change of width the theme makes what now has to scroll
# reachable by keyboard.
SCROLLED = (
    "pre, .nboutput > .output_area, .cell_output > .output,"
    " .jp-RenderedHTMLCommon, .pst-scrollable-table-container"
)
REACHED = f"""() => [...document.querySelectorAll("{SCROLLED}")].every(
  (e) => e.tabIndex === 0 || (e.scrollWidth <= e.clientWidth
    && e.scrollHeight <= e.clientHeight))"""
CONTRAST = Path(__file__).with_name("contrast.js")
# Light and dark, wide and narrow, in an order that changes one at a time.
LOOKS = [("light", WIDE), ("light", NARROW), ("dark", NARROW), ("dark", WIDE)]


@pytest.fixture(scope="session")
def axe() -> Path:
    return axe_script()


@cache
def packed(path: Path) -> int:
    """Bytes of a file as a server sends it."""
    return len(gzip.compress(path.read_bytes(), 6))


def transferred(tab) -> int:
    """Bytes of all files that a page has loaded."""
    files = {
        Path(unquote(urlsplit(url).path))
        for url in tab.asked
        if url.startswith("file:")
    }
    return sum(packed(file) for file in files)


def fits(tab, width: int) -> None:
    tab.set_viewport_size({"width": width, "height": 900})
    wide = tab.evaluate("document.documentElement.scrollWidth")
    assert wide <= width


@pytest.mark.parametrize("page", FACES, ids=within)
def test_a_page_reads_well(page, visit, axe, record_property) -> None:
    # Without transitions a colour is at its end at once.
    tab = visit(page, WIDE, reduced_motion="reduce")
    record_property("page", within(page))
    if page in BOOK:
        kind = "front" if page.stem == "intro" else "chapter"
        size = transferred(tab)
        record_property(kind, [within(page), size])
        assert size < LIMITS[kind]
    formulas = tab.locator("article .math").count()
    assert tab.locator("article mjx-container").count() >= formulas
    assert tab.locator("mjx-merror, [data-mjx-error]").count() == 0

    tab.add_script_tag(path=CONTRAST)
    tab.add_script_tag(path=axe)
    faults = []
    for theme, width in LOOKS:
        tab.emulate_media(color_scheme=theme)
        tab.wait_for_function(SHOWN, arg=theme)
        fits(tab, width)
        poor = tab.evaluate("nnbcdContrast.words()")
        poor += tab.evaluate("nnbcdContrast.marks()")
        faults += [f"{theme}, {width}: {fault}" for fault in poor]
    tab.evaluate(THIN)
    for theme, width in LOOKS:
        tab.emulate_media(color_scheme=theme)
        tab.wait_for_function(SHOWN, arg=theme)
        fits(tab, width)
        tab.wait_for_function(REACHED)
        # Structure depends on the width, colours on the theme as well.
        rules = () if (theme == "light") == (width == WIDE) else COLOURS
        found = barriers(tab, rules)
        faults += [f"{theme}, {width}: {fault}" for fault in found]
    assert not faults, "\n".join(faults)


def test_pages_of_the_code_open(visit, record_property) -> None:
    first, *rest = CODE
    tab = visit(first)
    for page in rest:
        go(tab, page)
        fits(tab, WIDE)
        assert tab.locator("article h1, .highlight").count() > 0
        record_property("page", within(page))


def test_the_switch_turns_pages_and_explorers_dark_and_stays(visit) -> None:
    tab = visit(SITE / "book" / "intro.html", color_scheme="light")
    paper = "(e) => getComputedStyle(e).backgroundColor"
    box, button = ".nnbcd-explorer", "button.theme-switch-button:visible"
    papers = {}
    for _ in range(3):  # light, dark, as the system has it
        tab.locator(button).first.click()
        theme = tab.evaluate("document.documentElement.dataset.theme")
        papers[theme] = tab.locator(box).first.evaluate(paper)
        if theme == "dark":
            tab.reload()
            tab.wait_for_function(SHOWN, arg="dark")
    assert papers == {
        "light": "rgb(255, 255, 255)",
        "dark": "rgb(20, 24, 30)",
    }
