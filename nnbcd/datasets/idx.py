"""The IDX format of MNIST and the sets made after it."""

from __future__ import annotations

import gzip
import zlib
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnbcd.datasets.dataset import Dataset, checked
from nnbcd.datasets.fetch import Remote, fetch

__all__ = ["image_set", "read"]


def read(path: Path) -> NDArray[np.uint8]:
    """The array in a gzip-compressed IDX file of unsigned bytes.

    Two zero bytes, the type (8), the number of axes; the length of each
    axis as four bytes, most significant first; then the numbers.

    Raises
    ------
    ValueError
        If it is no such file, or a damaged one.
    """
    try:
        with gzip.open(path) as stream:
            raw = stream.read()
    except (OSError, EOFError, zlib.error):
        msg = f"data: {path} is damaged: delete it, and load again."
        raise ValueError(msg) from None
    axes = raw[3] if raw[:3] == b"\0\0\x08" and len(raw) > 3 else 0
    start = 4 + 4 * axes
    head = raw[4:start] if len(raw) >= start else b""
    shape = [int(n) for n in np.frombuffer(head, ">u4")]
    if not shape or len(raw) != start + prod(shape):
        msg = f"data: {path} is not an IDX file of bytes."
        raise ValueError(msg)
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape)


def image_set(
    name: str, base: str, files: dict[str, tuple[int, str]]
) -> Dataset:
    """Images and labels, training and test part, pixels in [0, 1].

    Parameters
    ----------
    name : str
        Of the set, and of its folder.
    base : str
        URL that the files stand under.
    files : dict
        Size in bytes and checksum of each: training images and labels,
        then those of the test part.
    """
    parts = [
        read(fetch(Remote(base + file, size, checksum, f"{name}/{file}")))
        for file, (size, checksum) in files.items()
    ]
    x_train, y_train, x_test, y_test = parts
    return checked(name, x_train / 255.0, y_train, x_test / 255.0, y_test)
