"""No structure: every matrix is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from nnbcd._typing import Float, Tensor
from nnbcd.quadratic import Quadratic
from nnbcd.structures.base import Structure, StructuredMatrix

__all__ = ["Free"]


@dataclass(frozen=True)
class Free(Structure):
    """All matrices: the weight is not compressed.

    All matrices are (d_out, d_in).
    """

    @property
    def free(self) -> bool:
        """True: no structure variable G is carried."""
        return True

    def project(self, w: Float[Tensor, "d_out d_in"]) -> StructuredMatrix:
        """The matrix itself."""
        return StructuredMatrix(w)

    def tangent(
        self, x: Float[Tensor, "d_out d_in"], at: StructuredMatrix
    ) -> Tensor:
        """All of it."""
        return x

    def least_squares(
        self, q: Quadratic, start: StructuredMatrix, *, safe: bool = True
    ) -> StructuredMatrix:
        """The minimiser over all matrices."""
        return StructuredMatrix(q.minimiser())

    def count(self, shape: tuple[int, int]) -> int:
        """All d_out * d_in entries."""
        return prod(shape)
