"""The W block of the constraint coupling: W itself lies in M."""

from __future__ import annotations

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.blocks.w import Regression
from nnbcd.problem import Problem
from nnbcd.quadratic import from_regression
from nnbcd.state import State
from nnbcd.structures import StructuredMatrix

__all__ = ["guarantee", "update"]

FLOOR = {torch.float64: 1e-10, torch.float32: 1e-6}


def update(
    problem: Problem, state: State, i: int, data: Regression
) -> tuple[StructuredMatrix, Float[Tensor, " q"] | None]:
    r"""Lower the lifted objective over W_i in M_i and b_i, all else fixed.

    .. math::

        \operatorname*{argmin}_{W \in M_i, b}
        \tfrac{\rho}{2} \|U_i - V_{i-1} W^T - 1 b^T\|^2
        + \tfrac{\varepsilon}{2} \|W\|^2
        + \tfrac{\alpha}{2} (\|W - W_i\|^2 + \|b - b_i\|^2)

    The bias is eliminated exactly; what is left is a quadratic of W (see
    :mod:`nnbcd.quadratic`), which the structure lowers: an exact solve in
    the support, a weighted truncated SVD, or an ALS pass over the cores.

    Parameters
    ----------
    problem : Problem
    state : State
        W_i, equal to G_i, of shape (q, p).
    i : int
        Layer, counted from 0.
    data : Regression
        From :func:`nnbcd.blocks.w.regression`.

    Returns
    -------
    StructuredMatrix
        The new W_i.
    Tensor or None
        The new b_i, shape (q,).

    Notes
    -----
    Ours. The objective falls by at least alpha/2 times the squared step,
    because the sum above, proximal term included, does not rise.
    """
    weights, structure = problem.layers[i], problem.network.structures[i]
    start, b = state.g[i], state.b[i]
    assert start is not None
    p = state.w[i].shape[1]
    curvature = weights.rho * data.gram
    # Any proximal weight keeps the descent; this floor keeps the Gram
    # matrix of few or equal rows invertible where alpha does not.
    floor = FLOOR[curvature.dtype] * curvature.diagonal().mean()
    floor = floor + weights.alpha + torch.finfo(curvature.dtype).tiny
    shift = floor * torch.ones_like(curvature.diagonal())
    shift[:p] += weights.ridge
    descent = weights.rho * data.residual
    descent[:, :p] -= weights.ridge * start.dense
    q, bias_step = from_regression(start.dense, descent, curvature, shift)
    new = structure.least_squares(q, start)
    if b is None or bias_step is None:
        return new, None
    return new, b + bias_step(new.dense - start.dense)


def guarantee(problem: Problem, i: int) -> float:
    """Modulus a with Phi(old) - Phi(new) >= a ||step||^2."""
    return 0.5 * problem.layers[i].alpha
