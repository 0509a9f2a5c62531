"""The page "How to cite", CITATION.cff and the bibliography agree."""

import sys
from pathlib import Path

import pytest
import yaml
from pages import PAGES, SITE, soup
from pybtex.database import parse_file, parse_string

import nnbcd

ROOT = Path(__file__).parents[2]
FILE = ROOT / "CITATION.cff"
WHOLE = yaml.safe_load(FILE.read_text("utf-8"))
PAPER = WHOLE["preferred-citation"]


@pytest.fixture
def cite(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "book" / "_ext"))
    before = set(sys.modules)
    import nnbcd_site.cite

    yield nnbcd_site.cite
    for new in set(sys.modules) - before:
        if new.startswith("nnbcd_site"):
            del sys.modules[new]


def parsed(text: str):
    ((_, entry),) = parse_string(text, "bibtex").entries.items()
    return entry


def names(entry) -> list[tuple[str, str]]:
    return [
        (" ".join(p.first_names + p.middle_names), " ".join(p.last_names))
        for p in entry.persons["author"]
    ]


def test_the_file_has_what_the_format_requires() -> None:
    assert WHOLE["cff-version"] == "1.2.0"
    assert {"message", "title", "authors", "type"} <= set(WHOLE)
    assert {"type", "title", "authors"} <= set(PAPER)
    for author in [*WHOLE["authors"], *PAPER["authors"]]:
        assert set(author) <= {"name", "family-names", "given-names"}


def test_bibtex_of_the_paper_says_what_the_file_says(cite) -> None:
    entry = parsed(cite.bibtex("k", cite.load(FILE)["paper"]))
    wanted = [(a["given-names"], a["family-names"]) for a in PAPER["authors"]]
    assert names(entry) == wanted
    fields = entry.fields
    assert fields["title"] == PAPER["title"]
    assert fields["year"] == str(PAPER["year"])
    assert fields["url"] == PAPER["url"]
    assert fields["url"].endswith("/" + fields["eprint"])


def test_the_bibliography_cites_the_paper_alike(cite) -> None:
    key = cite.KEYS["paper"]
    ours = parsed(cite.bibtex(key, PAPER))
    theirs = parse_file(ROOT / "book/references.bib").entries[key]
    assert names(ours) == names(theirs)
    for field in ("title", "year", "eprint", "archiveprefix"):
        assert ours.fields[field] == theirs.fields[field]


def test_bibtex_of_the_software_names_this_version(cite) -> None:
    entry = parsed(cite.bibtex("k", cite.load(FILE)["software"]))
    assert entry.fields["note"] == f"Version {nnbcd.__version__}"
    assert entry.fields["url"] == WHOLE["repository-code"]
    assert names(entry) == [("", "{The nnbcd authors}")]


def test_a_year_comes_from_the_date_of_release(cite) -> None:
    dated = WHOLE | {"date-released": "2031-05-07"}
    assert parsed(cite.bibtex("k", dated)).fields["year"] == "2031"
    assert cite.sentence(dated).endswith(", 2031")


@pytest.mark.site
@pytest.mark.skipif(not PAGES, reason="needs the built book: make book")
def test_the_page_shows_both(cite) -> None:
    page = soup(SITE / "book" / "cite.html")
    shown = [block.get_text() for block in page.select("article pre")]
    for name, entry in cite.load(FILE).items():
        code = cite.bibtex(cite.KEYS[name], entry)
        assert code in [block.strip() for block in shown]
        assert cite.sentence(entry) in page.get_text()
        for line in code.splitlines():
            assert len(line) <= 78
