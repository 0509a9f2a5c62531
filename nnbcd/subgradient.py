"""A subgradient of the lifted objective, in closed form."""

from __future__ import annotations

import torch

from nnbcd import objective
from nnbcd._typing import Float, Tensor
from nnbcd.activations import PiecewiseLinear
from nnbcd.blocks import w
from nnbcd.linalg import squared_norm
from nnbcd.problem import Problem
from nnbcd.state import State

__all__ = ["norm", "squares", "subgradient"]


def subgradient(problem: Problem, state: State) -> dict[str, Tensor]:
    r"""Element of the limiting subdifferential of Phi at ``state``.

    * smooth blocks (V, last U, W, b): the gradient;
    * U_i: elementwise :math:`\gamma (\sigma(u) - v) s + \rho (u - B)` with s
      a slope of sigma; at a kink the element of least magnitude among those
      that the limiting subdifferential holds (see ``at_kinks``);
    * V_L under the hinge loss: the element of least norm;
    * V_i in a box: gradient plus the normal element that cancels most;
    * W_i in M_i (constraint coupling): its gradient, treated like G_i;
    * G_i: :math:`\tau (G - W)` with its normal part removed: on the kept
      entries (sparse), in the tangent space of every core (train).

    Parameters
    ----------
    problem : Problem
        N samples, L layers.
    state : State
        Any iterate.

    Returns
    -------
    dict
        ``V[i]``, ``U[i]``, ``W[i]`` ([W, b] joined) and ``G[i]``, layers
        counted from 1, each with the shape of its block.
    """
    out: dict[str, Tensor] = {}
    for i in range(problem.depth):

        def rows(
            part: Problem, state: State, i: int = i
        ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
            blocks = _v(part, state, i), _u(part, state, i)
            return blocks, (_slope(part, state, i),)

        blocks, (slope,) = problem.rows.go(rows, problem, state)
        out[f"V[{i + 1}]"], out[f"U[{i + 1}]"] = blocks
        out[f"W[{i + 1}]"] = _w(problem, state, i, slope)
        if problem.has_copy(i):
            out[f"G[{i + 1}]"] = _g(problem, state, i)
    return out


def norm(problem: Problem, state: State) -> Float[Tensor, ""]:
    """Norm of :func:`subgradient` over all blocks, 0-dimensional."""
    return torch.stack(list(squares(problem, state).values())).sum().sqrt()


def squares(problem: Problem, state: State) -> dict[str, Tensor]:
    """Squared norm of each block of :func:`subgradient`, under its name.

    Parameters
    ----------
    problem : Problem
        N samples, L layers.
    state : State
        Any iterate.
    """

    def rows(part: Problem, state: State) -> tuple[Tensor, ...]:
        out = []
        for i in range(part.depth):
            out.append(squared_norm(_v(part, state, i)))
            out.append(squared_norm(_u(part, state, i)))
            out.append(_slope(part, state, i))
        return tuple(out)

    sums = problem.rows.total(rows, problem, state)
    out: dict[str, Tensor] = {}
    for i in range(problem.depth):
        v, u, slope = sums[3 * i : 3 * i + 3]
        out[f"V[{i + 1}]"], out[f"U[{i + 1}]"] = v, u
        out[f"W[{i + 1}]"] = squared_norm(_w(problem, state, i, slope))
        if problem.has_copy(i):
            out[f"G[{i + 1}]"] = squared_norm(_g(problem, state, i))
    return out


def at_kinks(
    sigma: PiecewiseLinear, u: Tensor, v: Tensor, gamma: float, rest: Tensor
) -> Tensor:
    r"""Best element of d/du gamma/2 (sigma(u) - v)^2 + rest.

    With left and right derivative l and r of the first term: where
    l <= r (a convex kink) the limiting subdifferential is the interval
    [l, r]; where l > r (a concave kink) it is {l, r} and nothing between.
    Away from kinks l = r.
    """
    left_slope, right_slope = sigma.slopes(u)
    gap = gamma * (sigma(u) - v)
    left, right = gap * left_slope + rest, gap * right_slope + rest
    inside = torch.minimum(torch.maximum(left, torch.zeros_like(left)), right)
    nearer = torch.where(left.abs() < right.abs(), left, right)
    return torch.where(left <= right, inside, nearer)


def _v(problem: Problem, state: State, i: int) -> Tensor:
    weights, sigma = problem.layers[i], problem.network.activations[i]
    v = state.v[i]
    gradient = weights.gamma * (v - sigma(state.u[i]))
    if i == problem.depth - 1:
        return problem.loss.subgradient(v, problem.y, gradient)
    gap = objective.affine_image(problem, state, i + 1) - state.u[i + 1]
    above = problem.maps[i + 1].transpose(gap, state.w[i + 1])
    gradient = gradient + problem.layers[i + 1].rho * above
    if weights.bounds is None:
        return gradient
    lo, hi = weights.bounds
    gradient = torch.where(v <= lo, gradient.clamp(max=0), gradient)
    return torch.where(v >= hi, gradient.clamp(min=0), gradient)


def _u(problem: Problem, state: State, i: int) -> Tensor:
    weights, sigma = problem.layers[i], problem.network.activations[i]
    u = state.u[i]
    pull = weights.rho * (u - objective.affine_image(problem, state, i))
    return at_kinks(sigma, u, state.v[i], weights.gamma, pull)


def _slope(problem: Problem, state: State, i: int) -> Tensor:
    """What the rows say to the gradient in W_i, b_i: a sum over them."""
    gap = objective.affine_image(problem, state, i) - state.u[i]
    return w.cross_product(problem, state, i, gap)


def _w(problem: Problem, state: State, i: int, slope: Tensor) -> Tensor:
    weights, g = problem.layers[i], state.g[i]
    gradient = weights.rho * slope
    p = state.w[i].shape[1]
    gradient[:, :p] += weights.ridge * state.w[i]
    if g is None:
        return gradient
    if problem.has_copy(i):
        gradient[:, :p] += weights.tau * (state.w[i] - g.dense)
        return gradient
    # W lies in M: what is normal to M is no part of the subgradient.
    along = problem.network.structures[i].tangent(gradient[:, :p], g)
    return torch.cat([along.reshape(-1), gradient[:, p:].reshape(-1)])


def _g(problem: Problem, state: State, i: int) -> Tensor:
    g = state.g[i]
    assert g is not None
    pull = problem.layers[i].tau * (g.dense - state.w[i])
    return problem.network.structures[i].tangent(pull, g)
