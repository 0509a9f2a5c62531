"""Matrices of low rank: tensor trains with a single bond."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from nnbcd import linalg, tensor_train
from nnbcd._typing import Float, Tensor
from nnbcd.checks import count
from nnbcd.quadratic import Quadratic
from nnbcd.structures.base import Structure, StructuredMatrix
from nnbcd.structures.train import TensorTrain

__all__ = ["LowRank"]

ALTERNATIONS = 2


@dataclass(frozen=True)
class LowRank(TensorTrain):
    """Matrices of rank at most ``rank``: a train with a single bond.

    All matrices are (d_out, d_in).

    Here the truncated SVD *is* a nearest point (Eckart and Young).

    Parameters
    ----------
    rank : int
        Cap on the matrix rank.

    Raises
    ------
    ValueError
        If rank < 1, or an argument of TensorTrain is given beside it.
    """

    rank: int

    def __post_init__(self) -> None:
        if any(x is not None for x in (self.modes, self.pairs, self.rtol)):
            msg = "LowRank takes rank only: use TensorTrain for the others."
            raise ValueError(msg)
        self._set("rank", count("rank", self.rank))

    @property
    def exact(self) -> bool:
        """True: with one bond TT-SVD is the truncated SVD."""
        return True

    def tensor_shape(self, shape: tuple[int, int]) -> tuple[int, ...]:
        """Two modes: rows and columns."""
        return shape

    def refine(
        self,
        w: Float[Tensor, "d_out d_in"],
        start: StructuredMatrix,
        weight: float,
        alpha: float,
    ) -> tuple[StructuredMatrix, Float[Tensor, ""]]:
        """Truncated SVD of the weighted mean: the exact minimiser."""
        return Structure.refine(self, w, start, weight, alpha)

    def least_squares(
        self, q: Quadratic, start: StructuredMatrix, *, safe: bool = True
    ) -> StructuredMatrix:
        """The global minimiser (safe), or two alternating steps (not safe).

        Safe: with S = A A^T and C = B B^T, q(W) is half the squared
        distance of A^T W B to A^T W* B, W* the minimiser over all
        matrices: a truncated SVD. An alternating step is the best right
        factor for the old left one, then the best left factor for that:
        neither raises q, and no SVD is taken.
        """
        best = q.minimiser()
        factors = self._truncate if safe else self._alternate
        left, right = factors(q, best, start)
        cores = (left.to(q.at)[None], right.to(q.at)[:, :, None])
        shape = (q.at.shape[0], q.at.shape[1])
        return self.from_cores(tensor_train.TTCores(cores), shape)

    def _truncate(
        self, q: Quadratic, best: Tensor, start: StructuredMatrix
    ) -> tuple[Tensor, Tensor]:
        lower = linalg.factor(q.right).double()
        seen = best.double() @ lower
        upper = None
        if q.left is not None:
            upper = linalg.factor(q.left).double().mT
            seen = upper @ seen
        u, values, v = torch.linalg.svd(seen, full_matrices=False)
        left, right = u[:, : self.rank] * values[: self.rank], v[: self.rank]
        if upper is not None:
            left = torch.linalg.solve_triangular(upper, left, upper=True)
        right = torch.linalg.solve_triangular(
            lower, right, upper=False, left=False
        )
        return left, right

    def _alternate(
        self, q: Quadratic, best: Tensor, start: StructuredMatrix
    ) -> tuple[Tensor, Tensor]:
        assert start.cores is not None
        left = start.cores.cores[0][0]  # (d_out, r)
        right = left.mT
        for _ in range(ALTERNATIONS):
            # Orthonormal factors: the same sets, better conditioned.
            left, _ = torch.linalg.qr(left)
            felt = left if q.left is None else q.left @ left
            right = torch.cholesky_solve(
                felt.mT @ best, linalg.factor(left.mT @ felt)
            )
            right = torch.linalg.qr(right.mT)[0].mT  # (r, d_in)
            seen = right @ q.right
            left = linalg.solve_right(
                best @ seen.mT, linalg.factor(seen @ right.mT)
            )
        return left, right
