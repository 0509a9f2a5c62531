"""The front page shows at a glance what this is, and leads on."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml
from pages import PAGES, SITE, contents, soup

ROOT = Path(__file__).parents[2]
FRONT = SITE / "book" / "intro.html"
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
BLOCK = re.compile(r"^```(?:python|text)\n(.*?)^```$", re.M | re.S)


def test_the_program_is_the_one_of_the_readme() -> None:
    front, readme = (
        BLOCK.findall((ROOT / name).read_text("utf-8"))
        for name in ("book/intro.md", "README.md")
    )
    assert len(front) == 2
    assert front == readme[:2]


pytestmark = pytest.mark.skipif(not PAGES, reason="needs make book")


@pytest.mark.site
@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
def test_the_picture_is_seen_without_scrolling(width, height, visit) -> None:
    tab = visit(FRONT, width)
    tab.set_viewport_size({"width": width, "height": height})
    stage = tab.locator(".nnbcd-explorer .nnbcd-stage > svg").first
    seen = stage.bounding_box()
    assert seen["y"] > 0
    # On a telephone its beginning; on a screen, all of it.
    wanted = seen["height"] if width > 600 else 60
    assert seen["y"] + wanted <= height


@pytest.mark.site
def test_three_doors() -> None:
    read, run, use = soup(FRONT).select(".doors li a")
    assert read["href"] == "why.html"
    slug = urlsplit(CONFIG["repository"]["url"]).path
    branch = CONFIG["repository"]["branch"]
    start = f"https://colab.research.google.com/github{slug}/blob/{branch}/"
    assert run["href"].startswith(start)
    assert (ROOT / run["href"].removeprefix(start)).is_file()
    section = soup(FRONT).find(id=use["href"].removeprefix("#"))
    command = f"pip install git+{CONFIG['repository']['url']}@{branch}"
    assert command in section.find_parent("section").get_text()


@pytest.mark.site
def test_the_whole_box_is_the_door(visit) -> None:
    tab = visit(FRONT)
    box = tab.locator(".doors li").first.bounding_box()
    corner = box["x"] + box["width"] - 5, box["y"] + box["height"] - 5
    tab.mouse.click(*corner)
    tab.wait_for_url("**/why.html")


@pytest.mark.site
def test_every_page_is_listed_in_order_with_its_number() -> None:
    terms = soup(FRONT).select(".chapters dt")
    links = [term.a["href"].removesuffix(".html") for term in terms]
    assert [f"book/{name}" for name in links] == list(contents()[1:])
    for term in terms:
        page = SITE / "book" / term.a["href"]
        heading = soup(page).select_one("article h1 .section-number")
        number = term.select_one(".chapter-number")
        if heading is None:
            assert number is None
        else:
            shown = heading.get_text().strip(". \u00a0")
            assert number.get_text() == shown
    assert all(d.get_text().strip() for d in soup(FRONT).select("dd"))


@pytest.mark.site
def test_the_logo_follows_the_theme_and_leads_home(visit) -> None:
    page = SITE / "book" / "why.html"
    for scheme, name in (("light", "logo.svg"), ("dark", "logo-dark.svg")):
        tab = visit(page, color_scheme=scheme)
        shown = tab.locator(".navbar-brand img").locator("visible=true")
        assert shown.get_attribute("src").endswith(f"/{name}")
        assert shown.evaluate("i => i.naturalWidth") > 0
    tab.locator(".navbar-brand").click()
    tab.wait_for_url("**/intro.html")


@pytest.mark.site
def test_the_present_page_is_seen_in_the_list_of_pages(visit) -> None:
    tab = visit(SITE / "book" / "why.html")
    for name in ("contributing", "lifting"):
        tab.goto((SITE / "book" / f"{name}.html").as_uri())
        entry = tab.locator(".bd-sidebar-primary li.current > a")
        box = entry.bounding_box()
        assert 0 <= box["y"] <= 900 - box["height"]
