r"""Continuous piecewise linear functions and their proximal map.

A function is a table of :class:`Piece` rows, and that table is all a new
activation takes:

>>> class Clip(PiecewiseLinear):
...     pieces = (Piece(-inf, 1.0, 1.0, 0.0), Piece(1.0, inf, 0.0, 1.0))
>>> Clip()(torch.tensor([-2.0, 0.5, 3.0]))
tensor([-2.0000,  0.5000,  1.0000])
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isclose, isfinite
from typing import ClassVar

import torch

from nnbcd._typing import Float, Tensor

__all__ = ["Piece", "PiecewiseLinear", "check_weight"]


@dataclass(frozen=True)
class Piece:
    """The line ``slope * u + intercept`` on the closed interval [lo, hi]."""

    lo: float
    hi: float
    slope: float
    intercept: float = 0.0


@dataclass(frozen=True)
class PiecewiseLinear:
    r"""A continuous piecewise linear function :math:`\sigma`.

    Subclasses set ``pieces``, ordered from left to right, touching at their
    ends, from minus to plus infinity. Continuity is checked when the class
    is first used.
    """

    pieces: ClassVar[tuple[Piece, ...]]

    def __post_init__(self) -> None:
        _check_table(type(self).__name__, self.table)

    @property
    def table(self) -> tuple[Piece, ...]:
        """The pieces of this instance (a parameter may enter them)."""
        return self.pieces

    @property
    def kinks(self) -> tuple[float, ...]:
        """The points where the slope changes, from left to right."""
        return tuple(piece.hi for piece in self.table[:-1])

    def __call__(self, u: Float[Tensor, "*s"]) -> Float[Tensor, "*s"]:
        """Value of sigma, elementwise, shape of ``u``."""
        first, *rest = self.table
        value = first.slope * u + first.intercept
        for piece in rest:
            line = piece.slope * u + piece.intercept
            value = torch.where(u >= piece.lo, line, value)
        return value

    def slopes(
        self, u: Float[Tensor, "*s"]
    ) -> tuple[Float[Tensor, "*s"], Float[Tensor, "*s"]]:
        """Left and right derivative, elementwise (equal away from kinks)."""
        first, *rest = self.table
        left = torch.full_like(u, first.slope)
        right = left
        for piece in rest:
            left = torch.where(u > piece.lo, piece.slope, left)
            right = torch.where(u >= piece.lo, piece.slope, right)
        return left, right

    def pull_back(
        self, r: Float[Tensor, "*s"], u: Float[Tensor, "*s"]
    ) -> Float[Tensor, "*s"]:
        """``r`` times the right derivative at ``u``, elementwise."""
        return r * self.slopes(u)[1]

    def prox(
        self, v: Float[Tensor, "*s"], m: Float[Tensor, "*s"], c: float
    ) -> Float[Tensor, "*s"]:
        r"""Global minimiser of the scalar U sub-problem, elementwise.

        .. math::

            \operatorname*{argmin}_u \;
            \tfrac12 (\sigma(u) - v)^2 + \tfrac{c}{2} (u - m)^2

        On a piece :math:`\sigma(u) = s u + t` over :math:`[l, h]` the
        function is a parabola whose minimiser over the interval is
        :math:`(s (v - t) + c m) / (s^2 + c)` clipped to :math:`[l, h]`.
        The best of these candidates is the answer; at a tie the rightmost
        one is taken, always, so that the map is a function.

        Parameters
        ----------
        v : Tensor
            Wanted values of sigma(u), any shape.
        m : Tensor
            Centre of the proximal term, shape of ``v``.
        c : float
            Weight of the proximal term, c > 0.

        Returns
        -------
        Tensor
            The minimisers, shape of ``v``.

        Raises
        ------
        ValueError
            If ``c`` is not a positive finite number.

        Notes
        -----
        Li et al., arXiv:2303.06815, the U block; the same rule for every
        piecewise linear activation is ours. Cost: a few passes over v.

        Examples
        --------
        >>> from nnbcd import ReLU
        >>> v, m = torch.tensor([1.0, 1.0]), torch.tensor([0.5, -2.0])
        >>> ReLU().prox(v, m, 1.0)
        tensor([ 0.7500, -2.0000])
        """
        check_weight(c)
        return self._table_prox(v, m, c)

    def _table_prox(self, v: Tensor, m: Tensor, c: float) -> Tensor:
        best_u: Tensor | None = None
        best_value = v
        for piece in self.table:
            s, t = piece.slope, piece.intercept
            u = ((s * (v - t) + c * m) / (s * s + c)).clamp(
                piece.lo, piece.hi
            )
            value = 0.5 * (s * u + t - v) ** 2 + 0.5 * c * (u - m) ** 2
            if best_u is None:
                best_u, best_value = u, value
            else:
                better = value <= best_value  # a tie goes to the right
                best_u = torch.where(better, u, best_u)
                best_value = torch.where(better, value, best_value)
        assert best_u is not None
        return best_u


def check_weight(c: float) -> None:
    """Raise ValueError unless c is a positive finite number."""
    if not (isfinite(c) and c > 0):
        msg = f"c must be a positive finite number, got {c}."
        raise ValueError(msg)


def _check_table(name: str, table: tuple[Piece, ...]) -> None:
    if not table or table[0].lo != -inf or table[-1].hi != inf:
        msg = f"the pieces of {name} must reach from -inf to inf."
        raise ValueError(msg)
    for left, right in zip(table, table[1:], strict=False):
        at = left.hi
        ordered = left.lo < at == right.lo < right.hi and isfinite(at)
        ends = left.slope * at + left.intercept
        starts = right.slope * at + right.intercept
        joined = isclose(ends, starts, rel_tol=1e-12, abs_tol=1e-12)
        if not (ordered and joined):
            msg = f"the pieces of {name} do not join continuously at {at}."
            raise ValueError(msg)
