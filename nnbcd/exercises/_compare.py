"""Comparing an answer with what was expected, in words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

__all__ = ["SHOWN", "mismatch", "shown", "size"]

SHOWN = 12  # entries of an array that a sentence can hold


def mismatch(
    got: object, want: object, *, rtol: float, atol: float
) -> str | None:
    """Say how ``got`` differs from ``want``.

    Parameters
    ----------
    got, want : object
        Numbers, arrays or tensors of any shape, tuples or lists of these,
        or words, truth values and sets, which must be equal.
    rtol, atol : float
        Two numbers agree if they differ by at most
        ``atol + rtol * abs(want)``.

    Returns
    -------
    str or None
        The end of a sentence that began with the answer's name; None if
        the two agree.
    """
    if isinstance(want, (str, bool, set, frozenset)) or want is None:
        if isinstance(got, torch.Tensor) and got.numel() == 1:
            got = got.item()
        if isinstance(got, np.bool_):
            got = bool(got)
        if type(got) is type(want) and got == want:
            return None
        return f"should be {want!r}, but is {shown(got)}"
    if isinstance(want, tuple):
        return _items(got, want, rtol, atol)
    numbers = _numbers(got)
    if numbers is None:
        return f"should be numbers, but is of type {type(got).__name__}"
    expected = _numbers(want)
    assert expected is not None, "an expected value must be numeric"
    if numbers.shape != expected.shape:
        return f"should be {_form(expected)}, but is {_form(numbers)}"
    near = np.isclose(numbers, expected, rtol=rtol, atol=atol, equal_nan=True)
    if near.all():
        return None
    if expected.size <= SHOWN:
        return f"should be {shown(expected)}, but is {shown(numbers)}"
    at = tuple(int(k) for k in np.argwhere(~near)[0])
    where = str(at[0]) if len(at) == 1 else str(at)
    return (
        f"should be {shown(expected[at])} at entry {where}, but is "
        f"{shown(numbers[at])}; {(~near).sum()} of {near.size} entries differ"
    )


def shown(value: object) -> str:
    """A value as a sentence can hold it: short, six digits at most."""
    if isinstance(value, (np.generic, float)) and np.ndim(value) == 0:
        value = value.item() if isinstance(value, np.generic) else value
        return f"{value:.6g}" if isinstance(value, float) else repr(value)
    if isinstance(value, (torch.Tensor, np.ndarray)):
        array = _numbers(value)
        assert array is not None
        if array.size > SHOWN:
            return f"an array of shape {array.shape}"
        return _nested(array.tolist())
    if isinstance(value, (tuple, list)):
        return _nested(value) if len(value) <= SHOWN else "a long list"
    text = repr(value)
    return text if len(text) <= 60 else f"of type {type(value).__name__}"


def size(value: object) -> tuple[int, int]:
    """How much there is to read: entries, then characters."""
    if isinstance(value, (tuple, list)):
        parts = [size(v) for v in value]
        return sum(p[0] for p in parts), sum(p[1] for p in parts)
    entries = value.numel() if isinstance(value, torch.Tensor) else (
        int(np.size(value)) if isinstance(value, np.ndarray) else 1
    )  # fmt: skip
    return entries, len(shown(value))


def _nested(value: object) -> str:
    if isinstance(value, (list, tuple)):
        inner = ", ".join(_nested(v) for v in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    return shown(value)


def _form(array: NDArray[np.generic]) -> str:
    if array.ndim == 0:
        return "one number"
    return f"an array of shape {array.shape}"


def _items(
    got: object, want: Sequence[object], rtol: float, atol: float
) -> str | None:
    if not isinstance(got, (tuple, list)) or len(got) != len(want):
        count = f", but is {len(got)}" if isinstance(got, tuple) else ""
        return f"should be {len(want)} things, in a tuple{count}"
    for k, (mine, theirs) in enumerate(zip(got, want, strict=True), 1):
        complaint = mismatch(mine, theirs, rtol=rtol, atol=atol)
        if complaint:
            return f"is wrong in item {k} of {len(want)}, which {complaint}"
    return None


def _numbers(value: object) -> NDArray[np.generic] | None:
    """As an array of numbers, or None."""
    if isinstance(value, torch.Tensor):
        return np.asarray(value.detach().cpu().numpy())
    try:
        array = np.asarray(value)
    except ValueError:  # rows of different length
        return None
    return array if array.dtype.kind in "biufc" else None
