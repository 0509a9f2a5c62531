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

__all__ = ["BiasStep", "Quadratic", "from_regression"]


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
    power : Tensor, optional
        What each column's input really carries, shape (p,): the diagonal of
        C without damping or proximal weight. Default: that of C. A column
        without power can be dropped at no cost, however large its weight.
    """

    at: Float[Tensor, "m p"]
    descent: Float[Tensor, "m p"]
    right: Float[Tensor, "p p"]
    left: Float[Tensor, "m m"] | None = None
    power: Float[Tensor, " p"] | None = None

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


@dataclass(frozen=True, eq=False)
class BiasStep:
    """The best step of the bias, given the step of W."""

    alone: Float[Tensor, " m"]
    per_input: Float[Tensor, " p"]

    def __call__(self, step: Float[Tensor, "m p"]) -> Float[Tensor, " m"]:
        """Best step of b (m,) for a step (m, p) of W."""
        return self.alone - step @ self.per_input


def from_regression(
    at: Float[Tensor, "m p"],
    wanted: Float[Tensor, "m k"],
    gram: Float[Tensor, "k k"],
    shift: Float[Tensor, " k"],
    left: Float[Tensor, "m m"] | None = None,
) -> tuple[Quadratic, BiasStep | None]:
    r"""The quadratic of a layer's least squares, its bias eliminated.

    The layer's regressors are its p inputs and, with a bias, a constant:
    k is p or p + 1. For every step of W the best step of b is known, and
    putting it in centres the Gram matrix.

    Parameters
    ----------
    at : Tensor
        The present W, shape (m, p).
    wanted : Tensor
        Residual times regressors, shape (m, k).
    gram : Tensor
        Gram matrix of the regressors, shape (k, k).
    shift : Tensor
        Damping or proximal weight on its diagonal, shape (k,).
    left : Tensor, optional
        S, shape (m, m).

    Returns
    -------
    Quadratic
        Of W alone.
    BiasStep or None
        None without a bias.
    """
    p = at.shape[1]
    power = gram.diagonal()[:p]
    right = gram + torch.diag(shift)
    bias = None
    if gram.shape[0] > p:
        slope = right[:p, p] / right[p, p]
        power = power - gram[:p, p].square() / gram[p, p]
        bias = BiasStep(wanted[:, p] / right[p, p], slope)
        wanted = wanted[:, :p] - torch.outer(wanted[:, p], slope)
        right = right[:p, :p] - torch.outer(slope, right[:p, p])
    descent = wanted if left is None else left @ wanted
    return Quadratic(at, descent, right, left, power), bias
