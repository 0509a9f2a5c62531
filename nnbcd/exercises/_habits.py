"""Mistakes that any answer can have, known from the numbers alone."""

from __future__ import annotations

from math import pi

import numpy as np
from numpy.typing import NDArray

from nnbcd.exercises._plain import leaves, plain

__all__ = ["habits"]

Numbers = NDArray[np.float64]

_FACTORS = {
    -1.0: "has the wrong sign",
    2.0: "is twice what it should be",
    0.5: "is half of what it should be",
    180 / pi: "is in degrees, not in radians",
    pi / 180: "is in radians, not in degrees",
} | {
    10.0**k: f"is {10 ** abs(k):,} times too {'large' if k > 0 else 'small'}"
    for k in (-9, -6, -3, -2, -1, 1, 2, 3, 6, 9)
}


def habits(got: object, want: object, rtol: float) -> list[str]:
    """What relates a wrong answer to the right one, most telling first.

    Parameters
    ----------
    got, want : object
        The two answers, of any form.
    rtol : float
        Relative tolerance of every relation.

    Returns
    -------
    list of str
        Ends of sentences, such as "is 10 times too large".
    """
    mine, theirs = _vectors(got), _vectors(want)
    if mine is None or theirs is None or mine.shape != theirs.shape:
        return []
    if not theirs.any():
        return []  # every multiple of zero is zero

    def same(a: Numbers, b: Numbers) -> bool:
        return bool(np.allclose(a, b, rtol=rtol, atol=1e-12))

    found: list[str] = []
    with np.errstate(all="ignore"):
        if all(isinstance(whole, int) for whole in leaves(want)):
            for step, words in ((1.0, "large"), (-1.0, "small")):
                if np.allclose(mine - theirs, step, rtol=0, atol=1e-6):
                    found.append(f"is one too {words}")
        found += [
            words for k, words in _FACTORS.items() if same(mine, k * theirs)
        ]
        if same(mine, theirs**2):
            found.append("is the square of what it should be")
        if (theirs >= 0).all() and same(mine, np.sqrt(theirs)):
            found.append("is the root of what it should be")
        if same(mine * theirs, np.ones_like(theirs)):
            found.append("is one over what it should be")
    if mine.size > 1 and _transposed(got, want, rtol):
        found.append("is transposed")
    elif mine.size > 1 and same(mine, theirs[::-1]):
        found.append("is in the reverse order")
    return found


def _vectors(value: object) -> Numbers | None:
    found = leaves(value)
    if not all(isinstance(leaf, (int, float)) for leaf in found):
        return None
    array = np.array(found, dtype=np.float64)
    return array if np.isfinite(array).all() else None


def _transposed(got: object, want: object, rtol: float) -> bool:
    mine, theirs = plain(got), plain(want)
    return (
        isinstance(mine, np.ndarray)
        and isinstance(theirs, np.ndarray)
        and mine.ndim == theirs.ndim == 2
        and mine.T.shape == theirs.shape
        and bool(np.allclose(mine.T, theirs, rtol=rtol))
    )
