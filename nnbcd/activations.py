"""Activations: continuous piecewise linear functions by name.

Each is a table of pieces (see :mod:`nnbcd.piecewise`), which is all that
its value, its slopes and its proximal map need.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.piecewise import Piece, PiecewiseLinear, check_weight

__all__ = [
    "BY_NAME",
    "AbsoluteValue",
    "HardTanh",
    "Identity",
    "LeakyReLU",
    "Piece",
    "PiecewiseLinear",
    "ReLU",
    "ReLU6",
    "get_activation",
]


@dataclass(frozen=True)
class Identity(PiecewiseLinear):
    r"""The identity :math:`\sigma(u) = u`: one piece, a smooth U block."""

    pieces = (Piece(-inf, inf, 1.0),)

    def __call__(self, u: Float[Tensor, "*s"]) -> Float[Tensor, "*s"]:
        """The input itself."""
        return u

    def pull_back(
        self, r: Float[Tensor, "*s"], u: Float[Tensor, "*s"]
    ) -> Float[Tensor, "*s"]:
        """``r`` itself."""
        return r


@dataclass(frozen=True)
class ReLU(PiecewiseLinear):
    r"""The rectifier :math:`\sigma(u) = \max(0, u)`.

    Its proximal map is a threshold (proved in the chapter on the U update):
    with :math:`\kappa = \sqrt{1 + 1/c} - 1`,

    .. math::

        u^\star = \begin{cases}
        \max(0, (v + c m)/(1 + c)) & m \ge -\kappa \max(v, 0) \\
        m & \text{otherwise.} \end{cases}
    """

    pieces = (Piece(-inf, 0.0, 0.0), Piece(0.0, inf, 1.0))

    def __call__(self, u: Float[Tensor, "*s"]) -> Float[Tensor, "*s"]:
        """max(0, u), elementwise."""
        return u.clamp(min=0)

    def pull_back(
        self, r: Float[Tensor, "*s"], u: Float[Tensor, "*s"]
    ) -> Float[Tensor, "*s"]:
        """``r`` where u >= 0, else zero."""
        return r * (u >= 0)

    def prox(
        self, v: Float[Tensor, "*s"], m: Float[Tensor, "*s"], c: float
    ) -> Float[Tensor, "*s"]:
        """See :meth:`PiecewiseLinear.prox`; here by the threshold rule."""
        check_weight(c)
        # sqrt(1 + 1/c) - 1, written without cancellation
        kappa = 1.0 / (c * (sqrt(1.0 + 1.0 / c) + 1.0))
        right = ((v + c * m) / (1.0 + c)).clamp(min=0)
        return torch.where(m >= -kappa * v.clamp(min=0), right, m)


@dataclass(frozen=True)
class LeakyReLU(PiecewiseLinear):
    """Slope 1 for u >= 0, ``slope`` (usually in [0, 1)) for u < 0."""

    slope: float = 0.01

    @property
    def table(self) -> tuple[Piece, ...]:
        """Two half lines meeting at the origin."""
        return Piece(-inf, 0.0, self.slope), Piece(0.0, inf, 1.0)


@dataclass(frozen=True)
class AbsoluteValue(PiecewiseLinear):
    r"""The absolute value :math:`\sigma(u) = |u|`."""

    pieces = (Piece(-inf, 0.0, -1.0), Piece(0.0, inf, 1.0))


@dataclass(frozen=True)
class HardTanh(PiecewiseLinear):
    r"""The clip :math:`\sigma(u) = \min(1, \max(-1, u))`: three pieces."""

    pieces = (
        Piece(-inf, -1.0, 0.0, -1.0),
        Piece(-1.0, 1.0, 1.0),
        Piece(1.0, inf, 0.0, 1.0),
    )


@dataclass(frozen=True)
class ReLU6(PiecewiseLinear):
    r"""The clipped rectifier :math:`\sigma(u) = \min(6, \max(0, u))`."""

    pieces = (
        Piece(-inf, 0.0, 0.0),
        Piece(0.0, 6.0, 1.0),
        Piece(6.0, inf, 0.0, 6.0),
    )


BY_NAME: dict[str, type[PiecewiseLinear]] = {
    "relu": ReLU,
    "leaky-relu": LeakyReLU,
    "identity": Identity,
    "abs": AbsoluteValue,
    "hard-tanh": HardTanh,
    "relu6": ReLU6,
}


def get_activation(name: str) -> PiecewiseLinear:
    """The activation called ``name`` on the command line.

    Parameters
    ----------
    name : str
        One of relu, leaky-relu, identity, abs, hard-tanh, relu6.

    Raises
    ------
    ValueError
        If no activation has that name; the message lists those that exist.
    """
    if name not in BY_NAME:
        known = ", ".join(BY_NAME)
        msg = f"activation must be one of {known}, not {name!r}."
        raise ValueError(msg)
    return BY_NAME[name]()
