"""Matrices with a given share of zeros."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from nnbcd import support
from nnbcd._typing import Float, Tensor
from nnbcd.checks import number
from nnbcd.quadratic import Quadratic
from nnbcd.sparsity import keep_largest
from nnbcd.structures.base import Structure, StructuredMatrix

__all__ = ["Sparse"]


@dataclass(frozen=True)
class Sparse(Structure):
    """Matrices in which a fraction ``sparsity`` of the entries is zero.

    Parameters
    ----------
    sparsity : float
        Fraction of zeros, in [0, 1). At least one entry is kept.

    Raises
    ------
    ValueError
        If sparsity lies outside [0, 1).
    """

    sparsity: float

    def __post_init__(self) -> None:
        value = number("sparsity", self.sparsity)
        if value >= 1:
            msg = f"sparsity must lie in [0, 1), got {value}."
            raise ValueError(msg)
        object.__setattr__(self, "sparsity", value)

    def project(self, w: Float[Tensor, "d_out d_in"]) -> StructuredMatrix:
        """Keep the largest entries; exact, ties broken by position."""
        mask = keep_largest(w, self.count((w.shape[0], w.shape[1])))
        return StructuredMatrix(w * mask, mask=mask)

    def tangent(
        self, x: Float[Tensor, "d_out d_in"], at: StructuredMatrix
    ) -> Tensor:
        """The kept entries: moving along them stays in the set."""
        assert at.mask is not None
        return x * at.mask

    def least_squares(
        self, q: Quadratic, start: StructuredMatrix
    ) -> StructuredMatrix:
        """A hard-thresholding step, then the best values on its support.

        See :func:`nnbcd.support.threshold_step` and
        :func:`nnbcd.support.fit_values`.
        """
        shape = (q.at.shape[0], q.at.shape[1])
        return support.fit_values(
            q, support.threshold_step(q, self.count(shape))
        )

    def count(self, shape: tuple[int, int]) -> int:
        """Kept entries, rounded to the nearest integer, at least one."""
        return max(1, int((1 - self.sparsity) * prod(shape) + 0.5))
