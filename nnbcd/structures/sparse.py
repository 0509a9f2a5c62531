"""Matrices with a given share of zeros."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import torch

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

    All matrices are (d_out, d_in).

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
        self, q: Quadratic, start: StructuredMatrix, *, safe: bool = True
    ) -> StructuredMatrix:
        """The better of two supports, with the best values on it.

        One support is that of the unconstrained minimiser's entries that
        matter most to q; the other that of a hard-thresholding step, which
        cannot raise q (see :mod:`nnbcd.support`). Without ``safe`` only
        the first is tried.
        """
        k = self.count((q.at.shape[0], q.at.shape[1]))
        salient = support.fit_values(q, support.salient_entries(q, k))
        if not safe:
            return salient
        sound = support.fit_values(q, support.threshold_step(q, k))
        better = q.value(salient.dense) <= q.value(sound.dense)
        assert salient.mask is not None and sound.mask is not None
        return StructuredMatrix(
            torch.where(better, salient.dense, sound.dense),
            mask=torch.where(better, salient.mask, sound.mask),
        )

    def count(self, shape: tuple[int, int]) -> int:
        """Kept entries, rounded to the nearest integer, at least one."""
        return max(1, int((1 - self.sparsity) * prod(shape) + 0.5))

    def sized(self, shape: tuple[int, int], budget: float) -> Sparse:
        """As many kept entries as ``budget`` allows, at least one.

        Parameters
        ----------
        shape : (int, int)
            Of the weight, (d_out, d_in).
        budget : float
            Numbers it may store.
        """
        size = prod(shape)
        kept = min(size, max(1, int(budget)))
        return Sparse(1 - kept / size)
