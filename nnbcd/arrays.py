"""Arrays of every kind as tensors: NumPy, torch, pandas, SciPy, lists.

Every refusal is a TypeError or ValueError of one sentence that names the
argument and the fix.
"""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nnbcd._typing import Tensor

__all__ = ["as_array", "as_tensor"]

Array = NDArray[Any]


def as_tensor(name: str, value: Any) -> Tensor:
    """Any real array as a tensor of its own shape: always a copy.

    What the caller does to the original later has no effect. Sparse
    matrices are written out; integers and floats that torch has no type for
    become int64 and float64.

    Parameters
    ----------
    name : str
        The argument, for the message.
    value : array_like
        Any shape: NumPy, torch, pandas, a sparse matrix of SciPy, lists.

    Raises
    ------
    TypeError, ValueError
        If it is not numeric, not real, not rectangular or partly masked.
    """
    if isinstance(value, Tensor):
        return _from_torch(name, value)
    array = _numeric(name, as_array(name, value))
    native = array.dtype.newbyteorder("=")
    return torch.from_numpy(np.array(array, dtype=native, order="C"))


def as_array(name: str, value: Any) -> Array:
    """Any array as one of NumPy, whatever its entries are.

    Parameters
    ----------
    name : str
        The argument, for the message.
    value : array_like
        Any shape.

    Raises
    ------
    TypeError, ValueError
        If it is no array, not rectangular or partly masked.
    """
    if isinstance(value, Tensor):
        return np.asarray(_from_torch(name, value).cpu())
    if hasattr(value, "toarray"):  # a sparse matrix of SciPy
        value = _attempt(name, value.toarray)
    array = _attempt(name, lambda: np.asanyarray(value))
    if isinstance(array, np.ma.MaskedArray):
        hidden = int(np.ma.getmaskarray(array).sum())
        if hidden:
            msg = f"{name} has {hidden} masked entries: fill or drop them."
            raise ValueError(msg)
        array = array.data
    return np.asarray(array)


def _from_torch(name: str, value: Tensor) -> Tensor:
    if value.is_complex():
        msg = f"{name} must be real, got a complex tensor."
        raise TypeError(msg)
    if value.is_meta:
        msg = f"{name} is a meta tensor, which holds no numbers."
        raise TypeError(msg)
    if value.is_nested:
        msg = f"{name} must be rectangular, got a nested tensor."
        raise TypeError(msg)
    if value.is_quantized:
        value = value.dequantize()
    if value.layout != torch.strided:
        value = _attempt(name, value.to_dense)
    return value.detach().clone()


def _attempt(name: str, read: Callable[[], Any]) -> Any:
    try:
        return read()
    except ValueError:
        msg = f"{name} must be rectangular: its rows differ in length."
        raise ValueError(msg) from None
    except MemoryError:
        msg = f"{name} does not fit in memory as a full matrix."
        raise ValueError(msg) from None
    except Exception as error:
        msg = f"{name} can't be read as an array ({error})."
        raise TypeError(msg) from None


def _numeric(name: str, array: Array) -> Array:
    """Of a type that torch has, in 2.2 already."""
    kind = array.dtype.kind
    if kind == "O":
        return _numeric(name, _from_objects(name, array))
    if kind == "u" and array.dtype.itemsize > 1:
        big = array.size and int(array.max()) > np.iinfo(np.int64).max
        return array.astype(np.float64 if big else np.int64)
    if kind == "f" and array.dtype.itemsize > 8:
        with np.errstate(over="ignore"):
            return array.astype(np.float64)
    if kind not in "biuf":
        what = "a complex array" if kind == "c" else f"type {array.dtype}"
        must = "real" if kind == "c" else "numeric"
        msg = f"{name} must be {must}, got {what}."
        raise TypeError(msg)
    return array


def _from_objects(name: str, array: Array) -> Array:
    """Python's own numbers, as pandas keeps columns of several types."""
    for place, item in np.ndenumerate(array):
        if not isinstance(item, Real):
            where = f" at {', '.join(map(str, place))}" if place else ""
            kind = "None" if item is None else type(item).__name__
            msg = f"{name} must be numeric, got {kind}{where}."
            raise TypeError(msg)
    whole = all(isinstance(item, int | np.integer) for item in array.flat)
    try:
        return array.astype(np.int64 if whole else np.float64)
    except OverflowError:
        pass
    try:
        return array.astype(np.float64)
    except OverflowError:
        msg = f"{name} has integers that no float can hold: scale {name}."
        raise ValueError(msg) from None
