"""The regression behind a layer: what goes in and what came out, as rows."""

from __future__ import annotations

from collections.abc import Iterator

from torch import nn
from torch.nn import functional

from nnbcd._typing import Float, Tensor

__all__ = ["Layer", "margins", "matrix_shape", "pair", "pairs"]

Layer = nn.Linear | nn.Conv2d
CHUNK = 2**22  # entries of a patch matrix held at a time


def matrix_shape(layer: Layer) -> tuple[int, int]:
    """Shape (q, p) of the weight as a matrix.

    Parameters
    ----------
    layer : torch.nn.Linear or torch.nn.Conv2d
    """
    rows = layer.weight.shape[0]
    return rows, layer.weight.numel() // rows


def pairs(
    layer: Layer, inputs: Tensor, outputs: Tensor
) -> Iterator[tuple[Float[Tensor, "m p"], Float[Tensor, "m q"]]]:
    """Regressors and targets of one call, in chunks of bounded size.

    Parameters
    ----------
    layer : torch.nn.Linear or torch.nn.Conv2d
        Weight of shape (q, p) as a matrix.
    inputs, outputs : Tensor
        Of the call: (..., p) and (..., q), or images (n, c, h, w).

    Yields
    ------
    (Tensor, Tensor)
        Float64, shapes (m, p) and (m, q).
    """
    q, p = matrix_shape(layer)
    if isinstance(layer, nn.Linear):
        a, u = inputs.reshape(-1, p), outputs.reshape(-1, q)
        for part in _slices(len(a), p):
            yield a[part].double(), u[part].double()
        return
    if inputs.dim() == 3:  # one image without a batch
        inputs, outputs = inputs[None], outputs[None]
    positions = outputs.shape[2] * outputs.shape[3]
    for part in _slices(len(inputs), positions * p):
        a = _patches(layer, inputs[part].double()).reshape(-1, p)
        yield a, outputs[part].double().flatten(2).mT.reshape(-1, q)


def _slices(n: int, size: int) -> Iterator[slice]:
    step = max(1, CHUNK // size)
    return (slice(k, k + step) for k in range(0, n, step))


def _patches(layer: nn.Conv2d, images: Tensor) -> Float[Tensor, "n m p"]:
    mode = layer.padding_mode
    padded = functional.pad(
        images, margins(layer), "constant" if mode == "zeros" else mode
    )
    return functional.unfold(
        padded, layer.kernel_size, layer.dilation, 0, layer.stride
    ).mT


def margins(layer: nn.Conv2d) -> list[int]:
    """Padding left, right, top, bottom, as ``functional.pad`` takes it.

    Parameters
    ----------
    layer : torch.nn.Conv2d
    """
    sides: list[int] = []
    for axis in (1, 0):
        if layer.padding == "same":
            total = layer.dilation[axis] * (layer.kernel_size[axis] - 1)
            sides += [total // 2, total - total // 2]
        elif layer.padding == "valid":
            sides += [0, 0]
        else:
            sides += [int(layer.padding[axis])] * 2
    return sides


def pair(sizes: tuple[int, ...]) -> tuple[int, int]:
    """Two numbers that torch calls a tuple of any length."""
    return sizes[0], sizes[1]
