"""Inputs to measure with: of a model, and of each of its layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from nnbcd._typing import Tensor
from nnbcd.deploy.model import CompressedNetwork
from nnbcd.deploy.units import weight_shape

__all__ = ["batch_of", "layer_inputs", "sample_for"]


def layer_inputs(
    model: nn.Module,
    parts: Sequence[tuple[str, nn.Module]],
    x: Tensor,
    size: int,
) -> dict[str, Tensor]:
    """What enters each layer when ``size`` samples enter the model."""
    found: dict[str, Tensor] = {}

    def keep(path: str) -> Any:
        def hook(_: nn.Module, given: tuple[Tensor, ...]) -> None:
            found.setdefault(path, given[0].detach())

        return hook

    hooks = [u.register_forward_pre_hook(keep(p)) for p, u in parts]
    try:
        with torch.no_grad():
            model(batch_of(x, size))
    finally:
        for hook in hooks:
            hook.remove()
    return found


def batch_of(x: Tensor, size: int) -> Tensor:
    """The first sample ``size`` times, shape (size, ...)."""
    return x[:1].repeat(size, *(1,) * (x.ndim - 1))


def sample_for(model: nn.Module, first: nn.Module) -> Tensor:
    """A random sample, shape ``(1, *input_shape)``, if the shape is known.

    Parameters
    ----------
    model, first : torch.nn.Module
        And its first layer with a weight.
    """
    shape: tuple[int, ...] | None = None
    if isinstance(model, CompressedNetwork) and model.input_shape:
        shape = model.input_shape
    elif len(weight_shape(first)) == 2:
        shape = weight_shape(first)[1:]
    if shape is None:
        msg = "example is needed: the model does not say its input's shape."
        raise ValueError(msg)
    like = next(model.parameters())
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, *shape, generator=generator).to(like)
