"""UCI HAR: the text files of the release, from a folder or the archive."""

from __future__ import annotations

import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnbcd.datasets.fetch import Remote, fetch, local

__all__ = ["ARCHIVE", "ROWS", "labels", "reader", "table"]

Reader = Callable[[str], bytes]

# The publisher gives no checksum; many have published this one.
ARCHIVE = Remote(
    "https://archive.ics.uci.edu/static/public/240/"
    "human+activity+recognition+using+smartphones.zip",
    61_005_872,
    "sha256:c00b803081a5c797cd5e4b83700a9810b38d53d9d84e01917e090e1fdbc81031",
    "uci_har/human+activity+recognition+using+smartphones.zip",
)
ROWS = {"train": 7352, "test": 2947}


def reader(needed: str) -> Reader:
    """What reads a file of the release, given its path in there.

    Parameters
    ----------
    needed : str
        A file that must be there, say ``train/X_train.txt``. If it stands,
        plain or with ``.xz``, under ``uci_har`` in ``NNBCD_DATA``, that
        folder is read; otherwise the archive is, and downloaded if need be.
    """
    if _unpacked(needed) is not None:
        return _from_folder
    return _from_archive(fetch(ARCHIVE))


def table(
    read: Reader, name: str, part: str, columns: int
) -> NDArray[np.float64]:
    """Numbers of a text file, (rows of the part, columns).

    Raises
    ------
    ValueError
        If they are not that many.
    """
    text = io.BytesIO(read(name))
    try:
        values = np.loadtxt(text, ndmin=2)
    except ValueError:
        values = np.empty((0, 0))
    if values.shape != (ROWS[part], columns):
        msg = f"data: {name} of UCI HAR is not {ROWS[part]} x {columns}."
        raise ValueError(msg)
    return values


def labels(read: Reader, part: str) -> NDArray[np.int64]:
    """Activities of a part, 1 to 6."""
    numbers = table(read, f"{part}/y_{part}.txt", part, 1)
    return numbers[:, 0].astype(np.int64)


def _unpacked(name: str) -> Path | None:
    return local(f"uci_har/{name}") or local(f"uci_har/{name}.xz")


def _from_folder(name: str) -> bytes:
    path = _unpacked(name)
    if path is None:
        msg = f"data: uci_har in NNBCD_DATA has no {name}: add it."
        raise FileNotFoundError(msg)
    raw = path.read_bytes()
    try:
        return lzma.decompress(raw) if path.suffix == ".xz" else raw
    except lzma.LZMAError:
        msg = f"data: {path} is damaged: replace it."
        raise ValueError(msg) from None


def _from_archive(path: Path) -> Reader:
    """UCI wraps the archive of the authors in another."""
    inside = "UCI HAR Dataset"
    try:
        with zipfile.ZipFile(path) as outer:
            raw = outer.read(f"{inside}.zip")
        inner = zipfile.ZipFile(io.BytesIO(raw))
    except (zipfile.BadZipFile, KeyError):
        msg = f"data: {path} is not the archive that UCI publishes."
        raise ValueError(msg) from None
    return lambda name: inner.read(f"{inside}/{name}")
