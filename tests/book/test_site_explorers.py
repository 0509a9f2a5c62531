"""Every explorer of every page, moved by mouse and by keyboard.

The pages are opened from a copy of the site, in a folder whose name has a
blank and a letter that is not ASCII: as from a memory stick. After each move
the page must say what `nnbcd` says for the settings. Needs `make book`, and
Chromium.
"""

import random
import re
import shutil
from pathlib import Path

import pytest
from conftest import go
from hand import Hand
from pages import BOOK, PAGES, SITE, soup, within
from said import said

from nnbcd.explore import catalogue

pytestmark = [
    pytest.mark.site,
    pytest.mark.skipif(not PAGES, reason="needs the built book: make book"),
]
EXPLORER = re.compile(r'<div class="nnbcd-explorer".*?</script>', re.S)
MOVING = [p for p in BOOK if EXPLORER.search(p.read_text("utf-8"))]
CONTRAST = Path(__file__).with_name("contrast.js")
SAMPLE = 12  # settings of all controls at once, for each explorer
POOR = """() => nnbcdContrast.marks().concat(
  nnbcdContrast.words(".nnbcd-explorer *"))"""


def goal_of(explorer) -> dict:
    """A setting that reaches the goal."""
    for few in (5, 9, 99):
        for values in explorer.grid(few):
            if said(explorer, values)[1]:
                return values
    pytest.fail(f"no setting reaches the goal of {explorer.title}")


@pytest.fixture(scope="session")
def copy(tmp_path_factory) -> Path:
    """The site in another place."""
    folder = tmp_path_factory.mktemp("site") / "das Buch à lire"
    less = shutil.ignore_patterns("_modules", "_sources", "locales")
    return Path(shutil.copytree(SITE, folder, ignore=less))


@pytest.fixture(scope="module")
def explorers() -> dict:
    """All explorers, by their titles."""
    made = (make() for make in catalogue().values())
    return {explorer.title: explorer for explorer in made}


@pytest.mark.parametrize("page", MOVING, ids=lambda p: p.stem)
def test_an_explorer_follows_the_hand(
    page, copy, explorers, visit, record_property
) -> None:
    tab = visit(copy / within(page))
    record_property("page", within(page))
    written = EXPLORER.findall(page.read_text("utf-8"))
    size = sum(len(html.encode()) for html in written)
    record_property("drawn", [within(page), size])
    assert size < 2_000_000
    tab.add_script_tag(path=CONTRAST)
    boxes = tab.locator(".nnbcd-explorer").all()
    assert len(boxes) == len(written)
    for box in boxes:
        explorer = explorers[box.get_attribute("aria-label")]
        record_property("explorer", f"{within(page)} {explorer.title}")
        box.scroll_into_view_if_needed()
        hand = Hand(tab, box, explorer)
        start = hand.look()
        for control in explorer.controls:
            hand.move(control, start)
        presses(hand, start)
        together(hand)
        record_property("positions", hand.moves)


def presses(hand: Hand, start: dict) -> None:
    """The button, for those who asked for less motion: a step a press."""
    button = hand.box.locator(".nnbcd-play")
    if not button.count():
        return
    hand.set(start)
    (control,) = (
        c for c in hand.explorer.controls if c.name == hand.explorer.play
    )
    every = control.every()
    hand.tab.emulate_media(reduced_motion="reduce")
    before = button.inner_text()
    now = every.index(start[control.name])
    for _ in range(2):
        button.click()
        now = (now + 1) % len(every)
        assert hand.look(control)[control.name] == every[now]
        assert button.inner_text() == before


def together(hand: Hand) -> None:
    """A seeded sample of all controls at once, and the goal: legible."""
    explorer = hand.explorer
    chance = random.Random(explorer.title)
    sample = [
        {c.name: chance.choice(c.every()) for c in explorer.controls}
        for _ in range(SAMPLE)
    ]
    for theme in ("light", "dark"):
        hand.tab.emulate_media(color_scheme=theme)
        hand.tab.wait_for_function(
            "(t) => document.documentElement.dataset.theme === t", arg=theme
        )
        half = sample[: SAMPLE // 2] if theme == "light" else sample
        for values in (*half, goal_of(explorer)):
            hand.set(values)
            poor = hand.tab.evaluate(POOR)
            assert not poor, (theme, values, poor)


def theorems() -> list[tuple[str, Path]]:
    """The first named theorem or proposition of every chapter."""
    found = []
    for page in BOOK:
        for title in soup(page).select(".proof .admonition-title"):
            name = re.search(r"\((.+)\)\s*$", title.get_text())
            if name and not title.select(".math"):
                found.append((name[1], page))
                break
    return found


def test_the_search_finds_theorems_from_a_disk(
    copy, visit, record_property
) -> None:
    tab = visit(copy / "search.html")
    record_property("page", "search.html")
    assert len(theorems()) > 10
    for name, page in theorems():
        field = tab.locator('article input[name="q"], main input[name="q"]')
        field.first.fill(name)
        field.first.press("Enter")
        hit = tab.locator(f'#search-results a[href*="{page.name}"]')
        hit.first.wait_for(timeout=20_000)


def test_the_other_pages_of_the_copy_open(
    copy, visit, record_property
) -> None:
    tab = visit(copy / "genindex.html")
    tab.goto((copy / "index.html").as_uri(), wait_until="commit")
    tab.wait_for_url("**/book/intro.html")
    for page in BOOK:
        if page not in MOVING:
            go(tab, copy / within(page))
            assert tab.locator("article h1").count() == 1
            record_property("page", within(page))
