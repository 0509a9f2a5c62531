"""Where the site lives, and what is told to others about it."""

import re
import struct
import sys
from collections import Counter
from copy import copy
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit
from xml.etree import ElementTree

import pytest
import yaml
from pages import BOOK, PAGES, SITE, contents, soup
from PIL import Image

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "book" / "_static"
CONFIG = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
FORMS = ROOT / ".github" / "ISSUE_TEMPLATE"

built = pytest.mark.skipif(
    not PAGES, reason="needs the built book: make book"
)
each = pytest.mark.parametrize("page", BOOK, ids=lambda p: p.stem)


@pytest.fixture
def module(monkeypatch, request):
    """A module of the extension, or of the tools."""
    folder, name = request.param
    monkeypatch.syspath_prepend(str(ROOT / "book" / folder))
    before = set(sys.modules)
    __import__(name)
    yield sys.modules[name]
    for new in set(sys.modules) - before:
        if new.split(".")[0] in ("nnbcd_site", "social_card", "browser"):
            del sys.modules[new]


address = pytest.mark.parametrize(
    "module", [("_ext", "nnbcd_site.address")], indirect=True, ids=["address"]
)
card = pytest.mark.parametrize(
    "module", [("_tools", "social_card")], indirect=True, ids=["card"]
)


def meta(page: Path) -> dict[str, str]:
    tags = soup(page).find_all("meta", content=True)
    return {t.get("name") or t.get("property"): t["content"] for t in tags}


def canonical(page: Path) -> str:
    (link,) = soup(page).select("link[rel=canonical]")
    return link["href"]


def home() -> str:
    return urljoin(canonical(SITE / "index.html"), "../")


@address
@pytest.mark.parametrize(
    ("repository", "pages"),
    [
        ("https://github.com/a/b", "https://a.github.io/b/"),
        ("https://github.com/Ab-C/D.e", "https://ab-c.github.io/D.e/"),
        ("https://github.com/A/a.github.io", "https://a.github.io/"),
    ],
)
def test_pages_are_served_under_the_name(module, repository, pages) -> None:
    assert module.pages_address(repository) == pages


@address
@pytest.mark.parametrize(
    "repository",
    ["", "https://github.com/a", "https://gitlab.com/a/b", "github.com/a/b"],
)
def test_an_address_that_says_nothing_is_refused(module, repository) -> None:
    with pytest.raises(Exception, match="NNBCD_ADDRESS"):
        module.pages_address(repository)


@card
def test_the_card_is_drawn_from_the_present_source(module) -> None:
    with Image.open(STATIC / "card.png") as picture:
        assert picture.size == (1200, 630)
        stale = picture.text["Source"] != module.digest()
    assert not stale, "run book/_tools/social_card.py: the logo changed"


def test_the_dark_logo_has_the_same_lines() -> None:
    paint = re.compile(r"#[0-9a-f]{6}")
    light, dark = (
        (STATIC / name).read_text("utf-8")
        for name in ("logo.svg", "logo-dark.svg")
    )
    assert paint.sub("", light) == paint.sub("", dark)
    assert len(set(paint.findall(light)) | set(paint.findall(dark))) == 6


def test_favicon_and_logo_show_the_same_blocks() -> None:
    icon, logo = (
        re.findall(r"<rect .*/>", (STATIC / name).read_text("utf-8"))
        for name in ("favicon.svg", "logo.svg")
    )
    assert len(icon) == 3
    assert icon == logo


@pytest.mark.site
@built
@each
def test_a_page_says_what_it_is(page: Path) -> None:
    tags = meta(page)
    heading = copy(soup(page).select_one("article h1"))
    for mark in heading.select(".headerlink, .section-number"):
        mark.extract()
    assert tags["og:title"] == heading.get_text()
    assert 10 < len(tags["description"]) <= 300
    assert tags["og:description"] == tags["description"]
    assert tags["og:url"] == canonical(page)
    assert canonical(page) == home() + page.relative_to(SITE).as_posix()
    picture = tags["og:image"].removeprefix(home())
    header = (SITE / picture).read_bytes()[16:24]
    assert struct.unpack(">II", header) == (1200, 630)
    assert tags["twitter:card"] == "summary_large_image"


@pytest.mark.site
@built
def test_no_two_pages_have_the_same_description() -> None:
    said = Counter(meta(page)["description"] for page in BOOK)
    assert [text for text, times in said.items() if times > 1] == []


@pytest.mark.site
@built
def test_the_address_people_pass_on_shows_the_front_page() -> None:
    index = SITE / "index.html"
    front = SITE / f"{contents()[0]}.html"
    assert canonical(index) == canonical(front)
    assert meta(index)["og:title"] == CONFIG["title"]
    assert meta(index)["og:image"] == meta(front)["og:image"]
    refresh = soup(index).select_one("meta[http-equiv=refresh]")["content"]
    assert (SITE / refresh.partition("url=")[2]) == front


@pytest.mark.site
@built
def test_the_map_of_the_site_has_every_page() -> None:
    tree = ElementTree.parse(SITE / "sitemap.xml")
    listed = [place.text for place in tree.iterfind(".//{*}loc")]
    assert listed == sorted(home() + f"{name}.html" for name in contents())
    robots = (SITE / "robots.txt").read_text("utf-8")
    assert robots.splitlines()[-1] == f"Sitemap: {home()}sitemap.xml"


@pytest.mark.site
@built
@each
def test_the_issue_button_fills_in_the_form(page: Path) -> None:
    (link,) = soup(page).select("a[href*='/issues/new']")
    url = urlsplit(link["href"])
    asked = {key: value[0] for key, value in parse_qs(url.query).items()}
    new = f"{CONFIG['repository']['url']}/issues/new"
    assert url._replace(query="").geturl() == new
    form = yaml.safe_load((FORMS / asked.pop("template")).read_text("utf-8"))
    fields = {part["id"]: part for part in form["body"]}
    assert f"book/{page.stem}" in asked.pop("title")
    assert asked["where"] in fields["where"]["attributes"]["options"]
    assert asked["place"] == meta(page)["og:title"]
    assert set(asked) <= set(fields)
    assert sum(f["validations"]["required"] for f in fields.values()) >= 3


@pytest.mark.site
@built
def test_next_and_previous_follow_the_table_of_contents() -> None:
    pages = [SITE / f"{name}.html" for name in contents()]
    for rel, order in (("next", pages), ("prev", pages[::-1])):
        for here, there in zip(order, order[1:], strict=False):
            (head,) = soup(here).select(f"link[rel={rel}]")
            (foot,) = soup(here).select(f".prev-next-footer a.{_side(rel)}")
            for link in (head, foot):
                assert (here.parent / link["href"]).resolve() == there
        assert soup(order[-1]).select(f"link[rel={rel}]") == []


def _side(rel: str) -> str:
    return {"next": "right-next", "prev": "left-prev"}[rel]


@pytest.mark.site
@built
def test_chapters_are_numbered_on_from_part_to_part() -> None:
    found = []
    for name in contents():
        number = soup(SITE / f"{name}.html").select_one(
            "article h1 .section-number"
        )
        if number:
            found.append(int(number.get_text().strip(". \u00a0")))
    assert found == list(range(1, len(found) + 1))
    assert len(found) >= 17
