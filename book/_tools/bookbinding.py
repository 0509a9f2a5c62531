"""Bind printed pages into one book: numbers, bookmarks, links between pages.

Chromium prints a link to another page as a link to a file. Here it becomes a
jump within the book, or, where the page is not in the book, the address of
that page on the site.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urldefrag

from pypdf import PdfReader, PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    Fit,
    FloatObject,
    NameObject,
    NullObject,
    TextStringObject,
)

INK = 0.35  # grey of the footer
LEFT, RIGHT, FOOT = 51.0, 544.0, 28.0  # points from the corner of A4
SIZE = 8.5
DIGIT = 0.556  # width of a digit of Helvetica, in em
TINY = 3.0  # points; a smaller link is an anchor that pdf.py put there


@dataclass(frozen=True)
class Chapter:
    """A page of the site: where it is, what it says it holds."""

    path: Path
    part: str
    title: str
    sections: tuple[tuple[str, str], ...]
    links: frozenset[tuple[str, str]]


@dataclass(frozen=True)
class Place:
    """A point of the book: page from 0, points from left and bottom."""

    page: int
    left: float
    top: float


def bind(
    chapters: list[Chapter],
    bodies: list[bytes],
    cover: Callable[[list[int]], bytes],
    site: str,
    home: str,
) -> PdfWriter:
    """The whole book.

    Parameters
    ----------
    chapters, bodies
        The pages, and what was printed of each.
    cover
        Prints title page and contents, given the page numbers.
    site, home
        Where the pages were printed from, and where they are on the web;
        both end in a slash.
    """
    readers = [PdfReader(io.BytesIO(body)) for body in bodies]
    counts = [len(reader.pages) for reader in readers]
    ahead = len(PdfReader(io.BytesIO(cover([999] * len(counts)))).pages)
    starts = [ahead + sum(counts[:i]) for i in range(len(counts))]
    front = PdfReader(io.BytesIO(cover([start + 1 for start in starts])))
    book = PdfWriter()
    places: dict[tuple[str, str], Place] = {}
    for reader, chapter, start in zip(readers, chapters, starts, strict=True):
        places |= _places(reader, chapter.path.as_uri(), start)
    for reader in (front, *readers):
        for page in reader.pages:
            book.add_page(page)
    owners = [""] * ahead
    for chapter, count in zip(chapters, counts, strict=True):
        owners += [chapter.path.as_uri()] * count
    for page, owner in zip(book.pages, owners, strict=True):
        _relink(book, page, owner, places, site, home)
    _number(book, chapters, starts)
    _bookmark(book, chapters, starts, places)
    book.add_metadata({"/Title": "nnbcd", "/Author": "The nnbcd authors"})
    book.compress_identical_objects()
    return book


def _places(
    reader: PdfReader, address: str, start: int
) -> dict[tuple[str, str], Place]:
    """(page, fragment) -> where it was printed; without one, at the top."""
    top = float(reader.pages[0].mediabox.height)
    found = {(address, ""): Place(start, 0.0, top)}
    for name, target in reader.named_destinations.items():
        page = reader.get_destination_page_number(target)
        if page is not None and page >= 0:
            found[address, unquote(name.removeprefix("/"))] = Place(
                start + page,
                float(target.left or 0),
                float(target.top or top),
            )
    return found


def _relink(
    book: PdfWriter,
    page: Any,
    owner: str,
    places: dict[tuple[str, str], Place],
    site: str,
    home: str,
) -> None:
    """Let every link of a page lead into the book, or onto the web."""
    kept = ArrayObject()
    for reference in page.get("/Annots", ArrayObject()):
        link = reference.get_object()
        box = [float(x) for x in link["/Rect"]]
        if box[3] - box[1] < TINY:
            continue
        if "/Dest" in link:
            name = str(link["/Dest"]).removeprefix("/")
            address, fragment = owner, unquote(name)
        elif "/A" in link and "/URI" in link["/A"]:
            address, fragment = urldefrag(str(link["/A"]["/URI"]))
            fragment = unquote(fragment)
        else:
            continue
        place = places.get((address, fragment)) or places.get((address, ""))
        if place:
            link.pop("/A", None)
            link[NameObject("/Dest")] = _destination(book, place)
        elif address.startswith(site):
            rest = address.removeprefix(site)
            whole = home + rest + (f"#{fragment}" if fragment else "")
            link["/A"][NameObject("/URI")] = TextStringObject(whole)
        kept.append(reference)
    if "/Annots" in page:
        page[NameObject("/Annots")] = kept


def _destination(book: PdfWriter, place: Place) -> ArrayObject:
    page = book.pages[place.page].indirect_reference
    corner = (FloatObject(place.left), FloatObject(place.top))
    return ArrayObject([page, NameObject("/XYZ"), *corner, NullObject()])


def _number(
    book: PdfWriter, chapters: list[Chapter], starts: list[int]
) -> None:
    """Put the chapter and the page number at the foot of each page."""
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
            NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
        }
    )
    shared = book._add_object(font)
    before = book._add_object(_stream("q\n"))
    for index, page in enumerate(book.pages):
        if index == 0:
            continue  # the title page
        owners = [c for c, s in zip(chapters, starts, strict=True)
                  if s <= index]  # fmt: skip
        title = owners[-1].title if owners else "Contents"
        number = str(index + 1)
        right = RIGHT - DIGIT * SIZE * len(number)
        text = (
            f"\nQ q {INK} g BT /Foot {SIZE} Tf {LEFT} {FOOT} Td "
            f"({_escaped(title)}) Tj ET BT /Foot {SIZE} Tf {right:.2f} "
            f"{FOOT} Td ({number}) Tj ET Q\n"
        )
        after = book._add_object(_stream(text))
        old = page["/Contents"].get_object()
        inner = old if isinstance(old, ArrayObject) else [
            page.raw_get("/Contents")
        ]  # fmt: skip
        page[NameObject("/Contents")] = ArrayObject([before, *inner, after])
        fonts = page["/Resources"].setdefault(
            NameObject("/Font"), DictionaryObject()
        )
        fonts.get_object()[NameObject("/Foot")] = shared


def _stream(text: str) -> DecodedStreamObject:
    stream = DecodedStreamObject()
    stream.set_data(text.encode("cp1252", "replace"))
    return stream


def _escaped(text: str) -> str:
    for sign in "\\()":
        text = text.replace(sign, f"\\{sign}")
    return text


def _bookmark(
    book: PdfWriter,
    chapters: list[Chapter],
    starts: list[int],
    places: dict[tuple[str, str], Place],
) -> None:
    """Bookmarks: parts, in them chapters, in them sections."""
    part, name = None, ""
    for chapter, start in zip(chapters, starts, strict=True):
        if chapter.part != name:
            name = chapter.part
            part = book.add_outline_item(name, start)
        item = book.add_outline_item(chapter.title, start, parent=part)
        for fragment, title in chapter.sections:
            place = places.get((chapter.path.as_uri(), fragment))
            if place:
                book.add_outline_item(
                    title,
                    place.page,
                    parent=item,
                    fit=Fit.xyz(place.left, place.top),
                )
