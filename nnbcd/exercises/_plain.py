"""One form for one answer: arrays, tensors, fractions, lists alike."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray

__all__ = ["leaves", "numbers", "plain"]

_LARGEST = 2**63 - 1  # what an array of whole numbers holds


def plain(value: object) -> object:
    """The same answer as a scalar, a NumPy array or a list of these.

    Parameters
    ----------
    value : object
        A number of any type (NumPy, torch, ``Fraction``, ``Decimal``), an
        array or a tensor on any device, with a gradient or not, a word, or
        lists and tuples of these.

    Returns
    -------
    object
        A Python scalar, an array of one dimension or more, or a list. What
        is none of these comes back as it is.
    """
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().to_dense()
        value = value.double() if value.is_floating_point() else value
        return plain(value.numpy())
    if isinstance(value, (list, tuple, range)):
        return [plain(item) for item in value]
    if isinstance(value, (Fraction, Decimal)):
        return float(value)
    if isinstance(value, int) and abs(value) > _LARGEST:
        return float(value)
    if not hasattr(value, "__array__") or isinstance(value, type):
        return value
    array = np.asarray(value)
    if array.dtype.kind == "O" and array.ndim:
        return [plain(item) for item in array]
    if array.dtype.kind == "c" and not array.imag.any():
        array = array.real  # an eigenvalue that happens to be real
    if array.dtype.kind == "f":
        array = array.astype(np.float64, copy=False)
    if array.ndim:
        return array
    item = array.item()
    return item if array.dtype.kind != "O" else plain(item)


def leaves(value: object) -> list[object]:
    """All scalars of an answer, in order, however they are nested."""
    value = plain(value)
    if isinstance(value, np.ndarray):
        return list(value.ravel().tolist())
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def numbers(value: object) -> NDArray[np.generic] | None:
    """As one array of real numbers; None if it holds anything else."""
    try:
        array = np.asarray(plain(value))
    except ValueError:  # rows of different length
        return None
    return array if array.dtype.kind in "biuf" else None
