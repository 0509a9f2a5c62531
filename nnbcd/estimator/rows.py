"""Training rows with weights, in an order that does not depend on theirs.

Integer weights must mean repeated rows exactly. So equal rows are brought
together, their weights added, and all rows put in the order of a digest of
their bytes: a repeated row and a weighted one then give the same problem.
"""

from __future__ import annotations

from functools import reduce
from hashlib import blake2b
from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["canonical"]

MOST = 20  # times as many rows as there were, after repetition

Array = NDArray[Any]


def canonical(
    x: Array, y: Array, weights: Array | None
) -> tuple[Array, Array, NDArray[np.float64] | None]:
    """Rows in canonical order; integer weights as repetitions.

    A factor common to all weights is left out: it does not move the
    minimiser. Weights that are not integers then, or would repeat the rows
    more than 20 times over, come back as weights.

    Parameters
    ----------
    x, y : ndarray
        Shapes (N, d) and (N,) or (N, k), both numeric.
    weights : ndarray or None
        Shape (N,), not negative.

    Returns
    -------
    x, y : ndarray
        Shapes (M, d) and (M, ...): rows of weight zero left out.
    weights : ndarray or None
        Shape (M,), as many in sum as rows came with one; None where all
        rows count the same.

    Examples
    --------
    >>> x, y = np.array([[1.0], [2.0]]), np.array([0, 1])
    >>> canonical(x, y, np.array([1.0, 2.0]))[0].ravel().tolist()
    [1.0, 2.0, 2.0]
    """
    n = len(x)
    if weights is None:
        weights = np.ones(n)
    x = np.ascontiguousarray(x + 0.0)  # one zero, not two
    wide = np.ascontiguousarray(np.asarray(y).reshape(n, -1) + 0.0)
    place: dict[bytes, int] = {}
    total: dict[bytes, float] = {}
    for i in range(n):
        if weights[i] > 0:
            key = blake2b(
                x[i].tobytes() + wide[i].tobytes(), digest_size=16
            ).digest()
            place.setdefault(key, i)
            total[key] = total.get(key, 0.0) + float(weights[i])
    keys = sorted(place)
    at = np.array([place[key] for key in keys], dtype=np.int64)
    sums = np.array([total[key] for key in keys])
    if np.array_equal(sums, np.round(sums)) and sums.max() < 2**53:
        whole = [int(value) for value in sums]
        common = reduce(gcd, whole)
        if sum(whole) // common <= MOST * n:
            repeated = np.repeat(at, [value // common for value in whole])
            return x[repeated], y[repeated], None
    if np.ptp(sums) <= 1e-12 * sums.max():
        return x[at], y[at], None
    live = np.count_nonzero(weights)
    return x[at], y[at], sums * (live / sums.sum())
