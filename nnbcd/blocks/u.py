"""The U block: proximal map of the activation."""

from __future__ import annotations

from nnbcd import objective
from nnbcd._typing import Float, Tensor
from nnbcd.problem import Problem
from nnbcd.state import State

__all__ = ["guarantee", "update"]


def update(problem: Problem, state: State, i: int) -> Float[Tensor, "n d"]:
    r"""Minimiser over U_i of the lifted objective, all else fixed.

    .. math::

        \operatorname*{argmin}_U \tfrac{\gamma}{2} \|V_i - \sigma(U)\|^2
        + \tfrac{\rho}{2} \|U - B\|^2 + \tfrac{\alpha}{2} \|U - U_i\|^2,
        \qquad B = V_{i-1} W_i^T + 1 b_i^T .

    Elementwise the proximal map of the activation with
    :math:`c = (\rho + \alpha)/\gamma` and
    :math:`m = (\rho B + \alpha U_i)/(\rho + \alpha)`. In the last layer
    sigma is the identity and no proximal term is needed:
    :math:`U = (\gamma V + \rho B)/(\gamma + \rho)`.

    Parameters
    ----------
    problem : Problem
        N samples.
    state : State
        V_i, U_i and B of shape (N, d_i).
    i : int
        Layer, counted from 0.

    Returns
    -------
    Tensor
        The new U_i, shape (N, d_i).

    Notes
    -----
    Li et al., arXiv:2303.06815, U block. A tie between two minimisers goes
    to the right one. Cost: the affine image, 2 N d_{i-1} d_i flops, unless
    it is cached, and O(N d_i).
    """
    weights = problem.layers[i]
    b = objective.affine_image(problem, state, i)
    if i == problem.depth - 1:
        total = weights.gamma + weights.rho
        return (weights.gamma * state.v[i] + weights.rho * b) / total
    total = weights.rho + weights.alpha
    m = (weights.rho * b + weights.alpha * state.u[i]) / total
    sigma = problem.network.activations[i]
    return sigma.prox(state.v[i], m, total / weights.gamma)


def guarantee(problem: Problem, i: int) -> float:
    """Modulus a with Phi(old) - Phi(new) >= a ||step||^2."""
    weights = problem.layers[i]
    if i == problem.depth - 1:
        return 0.5 * (weights.gamma + weights.rho)
    return 0.5 * weights.alpha
