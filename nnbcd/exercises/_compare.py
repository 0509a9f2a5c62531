"""Comparing an answer with what was expected, in words."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nnbcd.exercises._plain import numbers, plain
from nnbcd.exercises._shown import shown

__all__ = ["agree", "finite", "kind", "mismatch"]

Numbers = NDArray[np.generic]


def agree(
    got: object, want: object, *, rtol: float, atol: float
) -> NDArray[np.bool_]:
    """Where two arrays of real numbers agree, entry by entry.

    Whole numbers must be met exactly, up to rounding of 1e-6. NaN agrees
    with nothing, infinity with infinity only.
    """
    expected = np.asarray(want)
    if expected.dtype.kind in "iub":
        rtol, atol = 0.0, 1e-6
    near = np.isclose(np.asarray(got), expected, rtol=rtol, atol=atol)
    return np.asarray(near)


def mismatch(
    got: object, want: object, *, rtol: float, atol: float
) -> str | None:
    """Say how ``got`` differs from ``want``.

    Parameters
    ----------
    got : object
        Whatever the reader's function gave.
    want : object
        A number, an array, a word or a truth value, or a tuple of these.
    rtol, atol : float
        Two real numbers agree if they differ by at most
        ``atol + rtol * abs(want)``.

    Returns
    -------
    str or None
        The end of a sentence that began with the answer's name; None if
        the two agree.
    """
    got, want = plain(got), plain(want)
    if isinstance(want, list):
        return _items(got, want, rtol, atol)
    one = not isinstance(want, np.ndarray)
    while one and isinstance(got, list) and len(got) == 1:
        got = got[0]
    if isinstance(want, str):
        same = isinstance(got, str) and got == want
        return None if same else f"should be {want!r}, but is {shown(got)}"
    array, expected = numbers(got), np.asarray(want)
    if array is None:
        return f"should be {_form(expected)}, but is {kind(got)}"
    if expected.ndim == 0 and array.size == 1:
        array = array.reshape(())
    if array.shape != expected.shape:
        return f"should be {_form(expected)}, but is {_form(array)}"
    near = agree(array, expected, rtol=rtol, atol=atol)
    if near.all():
        return None
    if expected.ndim == 0 or (expected.ndim == 1 and expected.size <= 4):
        return f"should be {shown(want)}, but is {shown(array)}"
    at = tuple(int(k) for k in np.argwhere(~near)[0])
    where = str(at[0]) if len(at) == 1 else str(at)
    there = f"should be {shown(expected[at])} at entry {where}, but is "
    return there + shown(array[at])


def finite(value: object) -> str | None:
    """What keeps a value from being tested: NaN, or a size without end."""
    value = plain(value)
    if isinstance(value, list):
        return next((said for v in value if (said := finite(v))), None)
    array = numbers(value)
    if kind(value).endswith("complex") or isinstance(value, complex):
        return "holds complex numbers"
    if array is None or array.size == 0:
        return None
    if np.isnan(array).any():
        return "holds nan, which is no number"
    if not np.isfinite(array).all():
        return "holds inf, which is no number"
    largest = float(np.abs(array.astype(np.float64)).max())
    if largest > 1e12:
        return f"holds {largest:.3g}, which is too large to compute with"
    return None


def kind(value: object) -> str:
    """What a value is that should have been a number."""
    value = plain(value)
    if value is None or value is ...:
        return "still empty"
    if isinstance(value, str):
        return f"the word {shown(value)}"
    if isinstance(value, complex):
        return "a complex number"
    if isinstance(value, np.ndarray) and value.dtype.kind == "c":
        return "complex"
    if isinstance(value, np.ndarray) and value.dtype.kind in "US":
        return "an array of words"
    if isinstance(value, list):
        return f"a list of {len(value)} things"
    return f"of type {type(value).__name__}"


def _form(array: Numbers) -> str:
    if array.ndim == 0:
        return "true or false" if array.dtype.kind == "b" else "one number"
    return f"an array of shape {array.shape}"


def _items(
    got: object, want: list[object], rtol: float, atol: float
) -> str | None:
    things = list(got) if isinstance(got, (list, np.ndarray)) else None
    if things is None or len(things) != len(want):
        count = kind(got) if things is None else len(things)
        if things is None and numbers(got) is not None:
            count = "one number"
        return f"should be {len(want)} things, in a tuple, but is {count}"
    for k, (mine, theirs) in enumerate(zip(things, want, strict=True), 1):
        complaint = mismatch(mine, theirs, rtol=rtol, atol=atol)
        if complaint:
            return f"is wrong in item {k} of {len(want)}, which {complaint}"
    return None
