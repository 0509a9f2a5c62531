"""Data for the benchmarks: read once, cut where a case asks for it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from nnbcd import datasets
from nnbcd.datasets import Dataset

__all__ = ["load"]


def load(name: str, rows: int | None = None) -> Dataset:
    """The data set called ``name``, training part cut to its first rows.

    Parameters
    ----------
    name : str
        A name that :func:`nnbcd.datasets.load` knows.
    rows : int, optional
        Training rows kept; the test part is always whole.

    Raises
    ------
    FileNotFoundError
        If it cannot be had; the message says where to put it.
    """
    data = _whole(name)
    if rows is None:
        return data
    return replace(
        data, x_train=data.x_train[:rows], y_train=data.y_train[:rows]
    )


@cache
def _whole(name: str) -> Dataset:
    return datasets.load(name)
