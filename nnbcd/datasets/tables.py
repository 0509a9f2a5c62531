"""Tables of solar flares: CSV files of features with one label a row."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnbcd.datasets.fetch import local, where

__all__ = ["Table", "find", "read"]


@dataclass(frozen=True)
class Table:
    """What a CSV file holds.

    Parameters
    ----------
    names : tuple of str
        Of the features.
    labels : tuple of str
        As written, one a row.
    x : ndarray
        Features, (N, d).
    """

    names: tuple[str, ...]
    labels: tuple[str, ...] = field(repr=False)
    x: NDArray[np.float64] = field(repr=False)


def find(folder: str, names: tuple[str, ...], source: str) -> list[Path]:
    """Files of a folder under ``NNBCD_DATA``, for sets put there by hand.

    Raises
    ------
    FileNotFoundError
        If one is missing: ``source`` says where it is published.
    """
    found = [local(f"{folder}/{name}") for name in names]
    if None in found:
        msg = (
            f"data: {names[found.index(None)]} is not here and is not "
            f"downloaded by this package: take it from {source} and save it "
            f"as {where(f'{folder}/{names[found.index(None)]}')}."
        )
        raise FileNotFoundError(msg)
    return [path for path in found if path is not None]


def read(path: Path, *, label: str, after: str) -> Table:
    """A table whose features are the columns after a named one.

    Parameters
    ----------
    path : Path
        A CSV file with a line of names.
    label : str
        Name of the column of labels; capitals make no difference.
    after : str
        Name of the last column before the features.

    Raises
    ------
    ValueError
        If a column or a number is missing.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        msg = f"data: {path} is not a text file in UTF-8."
        raise ValueError(msg) from None
    head, *lines = text.splitlines() or [""]
    names = head.strip().split(",")
    lower = [name.lower() for name in names]
    if not lines or label not in lower or after not in names[:-1]:
        msg = f"data: {path} needs rows and the columns {label} and {after}."
        raise ValueError(msg)
    first = names.index(after) + 1
    wanted = range(first, len(names))
    try:
        x = np.loadtxt(lines, delimiter=",", usecols=wanted, ndmin=2)
    except (ValueError, IndexError) as error:
        msg = f"data: {path} has a row that is not all numbers: {error}."
        raise ValueError(msg) from None
    column = lower.index(label)
    labels = tuple(line.split(",", column + 1)[column] for line in lines)
    return Table(tuple(names[first:]), labels, x)
