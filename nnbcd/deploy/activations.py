"""Activations as modules of torch."""

from __future__ import annotations

from math import inf

import torch
from torch import nn

from nnbcd._typing import Float, Tensor
from nnbcd.activations import (
    AbsoluteValue,
    HardTanh,
    Identity,
    LeakyReLU,
    ReLU,
    ReLU6,
)
from nnbcd.piecewise import PiecewiseLinear

__all__ = ["Abs", "Piecewise", "activation_module"]


class Abs(nn.Module):
    """The absolute value, which torch has no module of."""

    def forward(self, u: Float[Tensor, "*s"]) -> Float[Tensor, "*s"]:
        """|u|, elementwise, shape of ``u``."""
        return u.abs()


class Piecewise(nn.Module):
    """A continuous piecewise linear function, from its table.

    Parameters
    ----------
    table : sequence of (lo, slope, intercept)
        From left to right, the first ``lo`` minus infinity; see
        :class:`nnbcd.activations.Piece`.
    """

    def __init__(self, table: list[tuple[float, float, float]]) -> None:
        super().__init__()
        self.table = [(float(a), float(s), float(t)) for a, s, t in table]
        starts = [a for a, _, _ in self.table]
        if not starts or starts[0] != -inf or sorted(starts) != starts:
            msg = f"table must start at -inf and ascend, got {starts}."
            raise ValueError(msg)

    def forward(self, u: Float[Tensor, "*s"]) -> Float[Tensor, "*s"]:
        """The function, elementwise, shape of ``u``."""
        _, slope, intercept = self.table[0]
        value = slope * u + intercept
        for lo, slope, intercept in self.table[1:]:
            value = torch.where(u >= lo, slope * u + intercept, value)
        return value

    def extra_repr(self) -> str:
        """How many pieces."""
        return f"{len(self.table)} pieces"


def activation_module(sigma: PiecewiseLinear) -> nn.Module:
    """The module that computes ``sigma``: torch's own where it has one.

    Parameters
    ----------
    sigma : PiecewiseLinear
        Of a layer.
    """
    plain: dict[type, type[nn.Module]] = {
        ReLU: nn.ReLU,
        Identity: nn.Identity,
        AbsoluteValue: Abs,
        HardTanh: nn.Hardtanh,
        ReLU6: nn.ReLU6,
    }
    if type(sigma) in plain:
        return plain[type(sigma)]()
    if isinstance(sigma, LeakyReLU):
        return nn.LeakyReLU(sigma.slope)
    return Piecewise([(p.lo, p.slope, p.intercept) for p in sigma.table])
