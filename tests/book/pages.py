"""The table of contents, the built pages, and what counts as elsewhere."""

import os
import re
from functools import cache
from pathlib import Path

import yaml
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
# Another copy of the site can be tested: one that was downloaded, say.
SITE = Path(os.environ.get("NNBCD_SITE", ROOT / "_build" / "html")).resolve()
# What the theme keeps beside its scripts is no page.
PAGES = [
    page
    for page in sorted(SITE.rglob("*.html"))
    if page.relative_to(SITE).parts[0] != "_static"
]
BOOK = sorted((SITE / "book").glob("*.html"))
# Scheme or host: anything a browser would ask the network for.
REMOTE = re.compile(r"^(\w+:)?//|^(https?|ws):")


def contents() -> tuple[str, ...]:
    """Every page in reading order, the front page first."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text("utf-8"))
    parts = toc.get("parts", [toc])
    chapters = [c["file"] for part in parts for c in part["chapters"]]
    return (toc["root"], *chapters)


@cache
def soup(page: Path) -> BeautifulSoup:
    """A built page, read once."""
    return BeautifulSoup(page.read_text("utf-8"), "html.parser")


def within(page: Path) -> str:
    """Where a page lies in the site: its name in tables and messages."""
    return page.relative_to(SITE).as_posix()
