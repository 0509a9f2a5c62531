"""The built pages as they are written: what they load, where links lead.

Run after `make book`; no browser. What a browser makes of the pages is in
`test_site_pages.py` and `test_site_explorers.py`.
"""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from pages import BOOK, PAGES, REMOTE, ROOT, SITE, contents, soup

import nnbcd

COLAB = "https://colab.research.google.com/github/"
SOURCES = {
    "script": "src",
    "link": "href",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "audio": "src",
    "object": "data",
    "embed": "src",
}

pytestmark = [
    pytest.mark.site,
    pytest.mark.skipif(not PAGES, reason="needs the built book: make book"),
]
each = pytest.mark.parametrize("page", BOOK, ids=lambda p: p.stem)


def test_every_page_of_the_table_of_contents_was_built() -> None:
    for name in contents():
        assert (SITE / f"{name}.html").is_file(), name
    assert (SITE / "index.html").is_file()


def test_no_page_loads_anything_from_elsewhere() -> None:
    for page in PAGES:
        for tag, attribute in SOURCES.items():
            for element in soup(page).find_all(tag):
                if tag == "link" and "canonical" in element.get("rel", []):
                    continue  # a statement, not a request
                value = element.get(attribute, "")
                assert not REMOTE.match(value), f"{page.name}: {value}"


def test_no_style_sheet_loads_anything_from_elsewhere() -> None:
    sheets = sorted((SITE / "_static").rglob("*.css"))
    assert sheets
    for sheet in sheets:
        text = sheet.read_text("utf-8")
        for value in re.findall(
            r"(?:url\(|@import\s*)['\"]?([^'\")]+)", text
        ):
            assert not REMOTE.match(value), f"{sheet.name}: {value}"


def test_links_inside_the_book_lead_somewhere() -> None:
    anchors: dict[Path, set[str]] = {}
    for page in PAGES:
        names = {e["id"] for e in soup(page).find_all(id=True)}
        anchors[page.resolve()] = names
    checked, kinds = 0, set()
    for page in PAGES:
        for link in soup(page).find_all("a", href=True):
            href = urlsplit(link["href"])
            if href.scheme or href.netloc:
                continue
            target = page
            if href.path:
                target = page.parent / unquote(href.path)
                assert target.is_file(), f"{page.name}: {link['href']}"
            # Fragments may hold script state in pages that are not ours.
            if href.fragment and target.resolve() in anchors:
                found = anchors[target.resolve()]
                name = unquote(href.fragment)
                assert name in found, f"{page.name}: {link['href']}"
            checked += 1
            classes = set(link.get("class", []))
            kinds |= classes & {"internal", "headerlink"}
            if "bibliography.html#" in link["href"]:
                kinds.add("citation")
            if re.search(r"#(thm|prop|def|alg)-", link["href"]):
                kinds.add("theorem")
            if "#equation-" in link["href"]:
                kinds.add("equation")
    assert checked > 1000
    assert kinds == {
        "internal",
        "headerlink",
        "citation",
        "theorem",
        "equation",
    }


def test_colab_buttons_open_notebooks_of_this_repository() -> None:
    config = yaml.safe_load((ROOT / "_config.yml").read_text("utf-8"))
    owner = urlsplit(config["repository"]["url"]).path.strip("/")
    start = f"{COLAB}{owner}/blob/{config['repository']['branch']}/"
    opened = set()
    for page in BOOK:
        for link in soup(page).find_all("a", href=True):
            if "colab.research" in link["href"]:
                assert link["href"].startswith(start)
                path = link["href"].removeprefix(start)
                assert path.endswith(".ipynb")
                assert (ROOT / path).is_file()
                if link.find_parent("article"):
                    continue  # in a sentence, to any chapter
                assert Path(path).stem == page.stem
                opened.add(path)
    assert opened == {
        f"book/{p.name}" for p in (ROOT / "book").glob("*.ipynb")
    }


@each
def test_images_have_alternative_text(page: Path) -> None:
    for image in soup(page).select("article img"):
        assert image.get("alt", "").strip(), image


@each
def test_one_title_and_no_raw_directives(page: Path) -> None:
    article = soup(page).select_one("article")
    assert len(article.find_all("h1")) == 1
    text = " ".join(
        part
        for part in article.find_all(string=True)
        if not part.find_parent(["pre", "code", "script", "style"])
    )
    assert ":::" not in text
    assert "{prf:" not in text
    assert "{cite" not in text


def test_every_public_name_is_on_the_api_page() -> None:
    ids = {e["id"] for e in soup(SITE / "book/api.html").find_all(id=True)}
    for name in nnbcd.__all__:
        thing = getattr(nnbcd, name)
        if isinstance(thing, str):
            continue  # __version__
        found = f"{thing.__module__}.{name}" in ids
        found |= any(entry.endswith(f".{name}") for entry in ids)
        assert found, f"{name} is not on the API page"
