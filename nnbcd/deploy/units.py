"""The layers that hold a model's weights, and their dense counterparts."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from math import prod

import torch
from torch import nn

from nnbcd._typing import Tensor
from nnbcd.deploy.masked_linear import MaskedLinear
from nnbcd.deploy.patch_conv import PatchConv2d
from nnbcd.deploy.sparse_linear import SparseLinear
from nnbcd.deploy.tt_linear import TTLinear

__all__ = ["dense_twin", "flops", "low_rank", "units", "weight_shape"]

SINGLE = (
    *(nn.Linear, nn.Conv2d, TTLinear),
    *(SparseLinear, MaskedLinear, PatchConv2d),
)


def low_rank(module: nn.Module) -> bool:
    """Whether these are two layers that multiply to one of low rank.

    Parameters
    ----------
    module : torch.nn.Module
    """
    if type(module) is not nn.Sequential or len(module) != 2:
        return False
    first, last = module
    if getattr(first, "bias", None) is not None:
        return False
    if isinstance(last, nn.Conv2d):
        plain = last.stride == last.kernel_size == last.dilation == (1, 1)
        plain = plain and last.padding == (0, 0) and last.groups == 1
        return isinstance(first, nn.Conv2d) and plain and first.groups == 1
    return isinstance(first, nn.Linear) and isinstance(last, nn.Linear)


def units(
    module: nn.Module, path: str = ""
) -> Iterator[tuple[str, nn.Module]]:
    """Every layer with a weight, by its path, in order.

    Parameters
    ----------
    module : torch.nn.Module
    path : str
        Of the module within the whole.
    """
    if isinstance(module, SINGLE) or low_rank(module):
        yield path, module
        return
    for name, part in module.named_children():
        yield from units(part, f"{path}.{name}" if path else name)


def weight_shape(unit: nn.Module) -> tuple[int, ...]:
    """Of the dense weight of one of :func:`units`.

    Parameters
    ----------
    unit : torch.nn.Module
    """
    if isinstance(unit, nn.Sequential):
        first, last = weight_shape(unit[0]), weight_shape(unit[1])
        return (last[0], *first[1:])
    if isinstance(unit, nn.Linear | nn.Conv2d):
        return tuple(unit.weight.shape)
    if isinstance(unit, PatchConv2d):
        size = unit.kernel_size
        return unit.out_channels, unit.in_channels, size[0], size[1]
    assert isinstance(unit, TTLinear | SparseLinear | MaskedLinear)
    return unit.out_features, unit.in_features


def flops(unit: nn.Module, x: Tensor, *, dense: bool = False) -> int:
    """Multiplications and additions of a layer on ``x``, biases left out.

    Parameters
    ----------
    unit : torch.nn.Module
        One of :func:`units`.
    x : Tensor
        What goes in, (N, ...).
    dense : bool
        Count those of a dense layer in its place instead.
    """
    conv = unit[0] if isinstance(unit, nn.Sequential) else unit
    shape = weight_shape(unit)
    rows = x.numel() // shape[1]
    if isinstance(conv, PatchConv2d):
        high, wide = conv.output_size(x.shape[2], x.shape[3])
        rows = x.shape[0] * high * wide
    elif isinstance(conv, nn.Conv2d):
        with torch.no_grad():
            out = conv(x)
        rows = out.numel() // out.shape[1]
    if isinstance(unit, nn.Sequential) and not dense:
        sizes = [prod(weight_shape(part)) for part in unit]
        return 2 * rows * sum(sizes)
    if isinstance(unit, PatchConv2d):
        unit = unit.linear
    if isinstance(unit, TTLinear | SparseLinear) and not dense:
        return unit.flops(rows)
    return 2 * rows * prod(shape)


def dense_twin(module: nn.Module) -> nn.Module:
    """A copy whose compressed layers are dense ones with the same weight.

    Parameters
    ----------
    module : torch.nn.Module
        Left as it is.
    """
    with torch.no_grad():
        return _densified(copy.deepcopy(module))


def _densified(module: nn.Module) -> nn.Module:
    if low_rank(module):
        first, last = module.children()
        return _merged(first, last)
    if isinstance(module, PatchConv2d):
        conv = nn.Conv2d(
            module.in_channels,
            module.out_channels,
            module.kernel_size,
            module.stride,
            module.padding,
            module.dilation,
            device="meta",
        )
        return _with(conv, module.weight(), module.linear.bias)
    if isinstance(module, TTLinear | SparseLinear | MaskedLinear):
        linear = nn.Linear(
            module.in_features, module.out_features, device="meta"
        )
        return _with(linear, module.weight(), module.bias)
    for name, part in module._modules.items():
        if part is not None:
            module._modules[name] = _densified(part)
    return module


def _merged(first: nn.Module, last: nn.Module) -> nn.Module:
    if isinstance(first, nn.Linear) and isinstance(last, nn.Linear):
        linear = nn.Linear(
            first.in_features, last.out_features, device="meta"
        )
        return _with(linear, last.weight @ first.weight, last.bias)
    assert isinstance(first, nn.Conv2d) and isinstance(last, nn.Conv2d)
    conv = nn.Conv2d(
        first.in_channels,
        last.out_channels,
        first.kernel_size,  # type: ignore[arg-type]  # two of them
        first.stride,  # type: ignore[arg-type]
        first.padding,  # type: ignore[arg-type]
        first.dilation,  # type: ignore[arg-type]
        device="meta",
    )
    left = last.weight[:, :, 0, 0]
    return _with(conv, torch.tensordot(left, first.weight, 1), last.bias)


def _with(
    layer: nn.Linear | nn.Conv2d, weight: Tensor, bias: Tensor | None
) -> nn.Module:
    layer.weight = nn.Parameter(weight.detach().clone())
    layer.bias = None if bias is None else nn.Parameter(bias.detach().clone())
    return layer
