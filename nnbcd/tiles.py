"""Rows in tiles: what is worked on stays in the processor's cache.

A pass over N x d arrays that computes little waits for memory, and fresh
arrays of that size cost more than the arithmetic in them. So a pass takes
some hundred rows at a time through all of its steps.
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from nnbcd._typing import Tensor

__all__ = ["ENTRIES", "ROWS", "go", "slices", "total"]

Tensors = tuple[Tensor, ...]

ROWS = 512  # fewer rows make slow products
ENTRIES = 2**17  # of a tile, where rows are so short that more fit


def slices(*arrays: Tensor) -> list[slice]:
    """The tiles of the rows of ``arrays``, each (N, d); at least one.

    A GPU takes all rows at once.
    """
    n = len(arrays[0])
    size = max(ROWS, ENTRIES // max(x.shape[1] for x in arrays))
    if arrays[0].device.type != "cpu" or n <= size:
        return [slice(0, n)]
    return [slice(k, min(k + size, n)) for k in range(0, n, size)]


def go(
    through: Callable[[slice], tuple[Tensors, Tensors]], *arrays: Tensor
) -> tuple[Tensors, Tensors]:
    """One pass: row blocks put together, sums added up.

    Parameters
    ----------
    through : callable
        Called with a tile; returns its new row blocks (n, d) and sums over
        its rows, any shape.
    arrays : Tensor
        What it works on, each (N, d): the widest decides on the tiles.

    Returns
    -------
    blocks : tuple of Tensor
        Shapes (N, d).
    sums : tuple of Tensor
        Over all rows.
    """
    parts = slices(*arrays)
    fresh, sums = through(parts[0])
    if len(parts) == 1:
        return fresh, sums
    blocks = tuple(x.new_empty(len(arrays[0]), *x.shape[1:]) for x in fresh)
    terms = [sums]
    for number, part in enumerate(parts):
        if number:
            fresh, sums = through(part)
            terms.append(sums)
        for block, x in zip(blocks, fresh, strict=True):
            block[part] = x
    return blocks, tuple(
        torch.stack(column).sum(0) for column in zip(*terms, strict=True)
    )


def total(through: Callable[[slice], Tensor], *arrays: Tensor) -> Tensor:
    """A sum over all rows by a function of a tile: see :func:`go`."""
    return go(lambda part: ((), (through(part),)), *arrays)[1][0]
