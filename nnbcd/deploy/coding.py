r"""How the places of the non-zeros are written: the shortest of the codings.

For K non-zeros in m rows and n columns, values apart:

* ``bitmap``: one bit an entry, m n / 8 bytes;
* ``columns``: the column of each non-zero and the count of each row, in the
  shortest of one, two or four bytes that hold n: (K + m) times that.
"""

from __future__ import annotations

import torch

from nnbcd._typing import Bool, Tensor
from nnbcd.deploy.errors import LoadError

__all__ = ["CODINGS", "index_bytes", "read_places", "write_places"]

CODINGS = ("bitmap", "columns")
GROWTH = 1024  # a layer never takes more than so many times its file bytes
_WIDTHS = ((2**8, torch.uint8), (2**15, torch.int16), (2**31, torch.int32))


def index_bytes(kept: int, rows: int, columns: int) -> dict[str, int]:
    """Bytes of the places in each coding.

    Parameters
    ----------
    kept, rows, columns : int
        K, m and n.

    Examples
    --------
    >>> index_bytes(4704, 300, 784)
    {'bitmap': 29400, 'columns': 10008}
    """
    width = _width(columns).itemsize
    return {
        "bitmap": -(-rows * columns // 8),
        "columns": width * (kept + rows),
    }


def write_places(
    counts: Tensor, columns: Tensor, width: int, *, dense: bool
) -> dict[str, Tensor]:
    """The places as tensors named after their coding.

    Parameters
    ----------
    counts : int Tensor
        Non-zeros of each row, (m,).
    columns : int Tensor
        Column of each non-zero, row by row, (K,).
    width : int
        n.
    dense : bool
        Whether the layer is dense in memory: then a very sparse one is
        written as a bitmap, so that the loader sees how large it is.
    """
    kept, rows = len(columns), len(counts)
    sizes = index_bytes(kept, rows, width)
    huge = dense and rows * width > GROWTH * kept
    if huge or sizes["bitmap"] <= sizes["columns"]:
        mask = torch.zeros(rows * width + 8, dtype=torch.bool)
        at = torch.repeat_interleave(torch.arange(rows), counts.long())
        mask[at * width + columns.long()] = True
        bits = mask[: 8 * sizes["bitmap"]].reshape(-1, 8).to(torch.uint8)
        powers = 2 ** torch.arange(8, dtype=torch.uint8)
        return {"bitmap": (bits * powers).sum(1, dtype=torch.uint8)}
    kind = _width(width)
    return {"columns": columns.to(kind), "counts": counts.to(kind)}


def read_places(
    tensors: dict[str, Tensor], shape: tuple[int, int], kept: int
) -> tuple[Tensor, Tensor]:
    """Counts (m,) and columns (K,) again, int32, every one in range.

    Parameters
    ----------
    tensors : dict of str to Tensor
        From :func:`write_places`.
    shape : (int, int)
        (m, n).
    kept : int
        K, how many values there are.

    Raises
    ------
    LoadError
        If the places are not K different ones of an m x n matrix.
    """
    rows, width = shape
    if "bitmap" in tensors:
        mask = _bits(tensors["bitmap"], rows * width).reshape(shape)
        counts, columns = mask.sum(1), mask.nonzero()[:, 1]
        good = len(columns) == kept
    else:
        counts, columns = tensors["counts"].long(), tensors["columns"].long()
        good = counts.shape == (rows,) and columns.shape == (kept,)
        good = good and not bool((counts < 0).any() | (counts > width).any())
        good = good and int(counts.sum()) == kept
        good = good and not bool(
            (columns < 0).any() | (columns >= width).any()
        )
        if good:
            at = torch.repeat_interleave(torch.arange(rows), counts)
            place = at * width + columns
            good = bool((place[1:] > place[:-1]).all())
    if not good:
        msg = f"the places of {kept} numbers in {rows} x {width} are wrong."
        raise LoadError(msg)
    return counts.int(), columns.int()


def _bits(packed: Tensor, size: int) -> Bool[Tensor, " size"]:
    if packed.dtype != torch.uint8 or packed.shape != (-(-size // 8),):
        msg = f"a bitmap of {size} entries has {-(-size // 8)} bytes."
        raise LoadError(msg)
    powers = 2 ** torch.arange(8, dtype=torch.uint8)
    bits = ((packed[:, None] & powers) != 0).reshape(-1)
    if bool(bits[size:].any()):
        msg = "a bitmap marks entries beyond its matrix."
        raise LoadError(msg)
    return bits[:size]


def _width(columns: int) -> torch.dtype:
    """Shortest integers that hold 0, ..., columns - 1 and counts to it."""
    for bound, kind in _WIDTHS:
        if columns < bound:
            return kind
    msg = f"a sparse weight has at most {2**31 - 1} columns, not {columns}."
    raise ValueError(msg)
