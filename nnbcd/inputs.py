"""The input boundary: arrays in, checked tensors out.

Every refusal is a ValueError (or TypeError) of one sentence that names the
argument and the fix.
"""

from __future__ import annotations

import warnings
from math import isfinite
from typing import TYPE_CHECKING

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.arrays import as_tensor
from nnbcd.losses import Loss

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = [
    "DTYPES",
    "UnscaledFeaturesWarning",
    "as_features",
    "as_targets",
    "as_tensor",
    "warn_if_unscaled",
]

DTYPES = {"float64": torch.float64, "float32": torch.float32}
UNSCALED = 100.0  # raw tables of several units: hundreds and more


class UnscaledFeaturesWarning(UserWarning):
    """A column of X is so large that the others hardly count.

    Fits are relative to the size of the inputs, so a column in a small unit
    (grams among kilograms) hides the rest. Standardise X, for instance with
    ``sklearn.preprocessing.StandardScaler``. A unit common to all columns
    does not matter.
    """


def as_features(
    x: ArrayLike | Tensor,
    width: int,
    *,
    dtype: torch.dtype,
    device: torch.device | str | None,
    name: str = "X",
) -> Float[Tensor, "n d0"]:
    """X as a finite tensor of shape (N, width).

    Parameters
    ----------
    x : array_like
        Shape (N, width) or (N, ...) with ``width`` numbers a row.
    width : int
        Inputs d_0 of the network.
    dtype : torch.dtype
        float32 or float64.
    device : torch.device, str or None
        Where to put it; None keeps a tensor's own device.
    name : str
        What the caller calls it, for messages.

    Raises
    ------
    TypeError
        If x is not numeric.
    ValueError
        If x is empty, has another width, holds NaN or infinity, or its
        sum of squares is beyond the number type.
    """
    given = as_tensor(name, x)
    rows = given.to(dtype=dtype, device=device)
    if rows.ndim < 2 or rows.shape[0] == 0:
        msg = (
            f"{name} must have shape (N, {width}) with N >= 1, got "
            f"{_shape(rows)}."
        )
        raise ValueError(msg)
    if rows[0].numel() != width:
        msg = (
            f"{name} has {rows[0].numel()} features a row, but the network "
            f"takes {width}: change input_shape or {name}."
        )
        raise ValueError(msg)
    rows = rows.reshape(rows.shape[0], width)
    if given.dtype.itemsize > rows.dtype.itemsize:
        # What overflows in the narrower type is finite in its own.
        _refuse_extremes(name, given, dtype)
    else:
        _refuse_extremes(name, rows, dtype)
    if not bool(torch.isfinite(rows).all()):
        bad = int((~torch.isfinite(rows)).any(1).sum())
        msg = (
            f"{name} has NaN or infinite entries in {bad} rows: clean them "
            "first."
        )
        raise ValueError(msg)
    return rows


def _refuse_extremes(name: str, rows: Tensor, dtype: torch.dtype) -> None:
    """Refuse rows whose sum of squares overflows or vanishes in dtype."""
    info, size = torch.finfo(dtype), float(rows.abs().max())
    # Compared by roots: in Python floats the squares overflow as well.
    if isfinite(size) and size > (info.max / rows.numel()) ** 0.5:
        what = "overflows"
    elif 0 < size < info.tiny**0.5:
        what = "vanishes"
    else:
        return
    kind = str(dtype).removeprefix("torch.")
    msg = (
        f"{name} has a largest entry of {size:.0e}, and its sum of squares "
        f"{what} in {kind}: scale {name}."
    )
    raise ValueError(msg)


def warn_if_unscaled(sizes: Float[Tensor, " d0"]) -> None:
    """Warn if the columns of X differ in size as raw units do.

    Warns if the largest exceeds 100 times the median of those that are not
    zero (the lower one of two medians).

    Parameters
    ----------
    sizes : Tensor
        Root mean square of each column of X, shape (d_0,).
    """
    sizes = sizes[sizes > 0]
    factor = float(sizes.max() / sizes.median()) if len(sizes) else 0.0
    if factor > UNSCALED:
        msg = (
            f"a column of X is {factor:.0f} times as large as the median "
            "column: standardise X, for instance with "
            "sklearn.preprocessing.StandardScaler."
        )
        # Seen from Solver.fit: the line of the caller.
        warnings.warn(msg, UnscaledFeaturesWarning, stacklevel=5)


def as_targets(
    y: ArrayLike | Tensor, x: Float[Tensor, "n d0"], outputs: int, loss: Loss
) -> tuple[Float[Tensor, "n k"], Tensor | None]:
    """Targets (N, outputs) encoded for the loss, and the class labels.

    Parameters
    ----------
    y : array_like
        Integer labels (N,), or float targets (N, outputs).
    x : Tensor
        The inputs, shape (N, d_0): gives N, dtype and device.
    outputs : int
        Width d_L of the last layer.
    loss : Loss
        Encodes labels.

    Returns
    -------
    Tensor
        Shape (N, outputs).
    Tensor or None
        Labels by column for classification, None for regression.

    Raises
    ------
    ValueError
        If lengths, classes or widths disagree, or targets are not finite.
    """
    values = as_tensor("y", y).to(x.device)
    if values.shape[:1] != x.shape[:1]:
        rows = values.shape[0] if values.ndim else 0
        msg = f"y has {rows} rows, but X has {x.shape[0]}: give one a row."
        raise ValueError(msg)
    if values.is_floating_point():
        return _as_regression(values, x, outputs, loss), None
    if values.ndim != 1:
        msg = (
            f"y must be a vector of labels (N,), got shape {_shape(values)}."
        )
        raise ValueError(msg)
    classes, codes = torch.unique(values.long(), return_inverse=True)
    if len(classes) != outputs:
        least, most = int(classes[0]), int(classes[-1])
        if least < 0 or most >= outputs:
            msg = (
                f"y has {len(classes)} classes, but the last layer has "
                f"{outputs} outputs: give the last layer {len(classes)}."
            )
            raise ValueError(msg)
        classes = torch.arange(outputs, device=x.device)
        codes = values.long()
    return loss.encode(codes, outputs).to(x), classes


def _as_regression(
    values: Tensor, x: Tensor, outputs: int, loss: Loss
) -> Tensor:
    if loss.name != "squared":
        msg = (
            f"y holds floats, but the loss {loss.name!r} needs integer "
            "labels: pass y as integers."
        )
        raise ValueError(msg)
    targets = values.to(x.dtype).reshape(values.shape[0], -1)
    if targets.shape[1] != outputs:
        msg = (
            f"y has {targets.shape[1]} columns, but the last layer has "
            f"{outputs} outputs (integer labels mean classification)."
        )
        raise ValueError(msg)
    if not bool(torch.isfinite(targets).all()):
        msg = "y has NaN or infinite entries: clean them first."
        raise ValueError(msg)
    _refuse_extremes("y", targets, x.dtype)
    return targets


def _shape(x: Tensor) -> tuple[int, ...]:
    return tuple(x.shape)
