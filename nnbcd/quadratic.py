r"""The quadratic that a weight minimises over its set.

.. math::

    q(W) = \tfrac12 \operatorname{tr}(S (W - W_0) C (W - W_0)^T)
           - \langle D, W - W_0 \rangle

C (p, p) is a Gram matrix of the layer's inputs, S (m, m) says how much the
output feels each row (identity when absent), D (m, p) is the direction of
steepest descent at W_0. The data enter through C and D only: no N here.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from nnbcd import linalg
from nnbcd._typing import Float, Tensor

__all__ = ["Quadratic"]


@dataclass(frozen=True, eq=False)
class Quadratic:
    """See the module; all matrices symmetric positive definite.

    Parameters
    ----------
    at : Tensor
        W_0, shape (m, p).
    descent : Tensor
        D, shape (m, p).
    right : Tensor
        C, shape (p, p).
    left : Tensor, optional
        S, shape (m, m). Default: the identity.
    """

    at: Float[Tensor, "m p"]
    descent: Float[Tensor, "m p"]
    right: Float[Tensor, "p p"]
    left: Float[Tensor, "m m"] | None = None

    def curve(self, x: Float[Tensor, "m p"]) -> Float[Tensor, "m p"]:
        """S X C: the Hessian applied to a step."""
        x = x @ self.right
        return x if self.left is None else self.left @ x

    def descent_at(self, w: Float[Tensor, "m p"]) -> Float[Tensor, "m p"]:
        """Minus the gradient of q at ``w``."""
        return self.descent - self.curve(w - self.at)

    def value(self, w: Float[Tensor, "m p"]) -> Float[Tensor, ""]:
        """q(w), zero at W_0, 0-dimensional, float64."""
        step = w - self.at
        slope = 0.5 * self.curve(step) - self.descent
        return (step * slope).sum(dtype=torch.float64)

    def minimiser(self) -> Float[Tensor, "m p"]:
        """The best of all matrices: W_0 + S^-1 D C^-1."""
        step = linalg.solve_right(self.descent, linalg.factor(self.right))
        if self.left is not None:
            step = torch.cholesky_solve(step, linalg.factor(self.left))
        return self.at + step
