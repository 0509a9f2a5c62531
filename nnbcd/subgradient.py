"""A subgradient of the lifted objective, in closed form."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch

from nnbcd import objective, tiles
from nnbcd._typing import Float, Tensor
from nnbcd.activations import PiecewiseLinear
from nnbcd.blocks import w
from nnbcd.linalg import squared_norm
from nnbcd.problem import Problem
from nnbcd.state import State

__all__ = ["norm", "squares", "subgradient"]

Tensors = tuple[Tensor, ...]
Told = Callable[[Tensor], tuple[Tensors, Tensors]]


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
    blocks, slopes = _rows(problem, state, _kept)
    out: dict[str, Tensor] = {}
    for i in range(problem.depth):
        out[f"V[{i + 1}]"] = blocks[2 * i + 1]
        out[f"U[{i + 1}]"] = blocks[2 * i]
        out[f"W[{i + 1}]"] = _w(problem, state, i, slopes[i])
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
    _, sums = _rows(problem, state, _measured)
    out: dict[str, Tensor] = {}
    for i in range(problem.depth):
        out[f"V[{i + 1}]"] = sums[2 * i + 1]
        out[f"U[{i + 1}]"] = sums[2 * i]
        slope = sums[2 * problem.depth + i]
        out[f"W[{i + 1}]"] = squared_norm(_w(problem, state, i, slope))
        if problem.has_copy(i):
            out[f"G[{i + 1}]"] = squared_norm(_g(problem, state, i))
    return out


def _rows(
    problem: Problem, state: State, told: Told
) -> tuple[Tensors, Tensors]:
    """U_1, V_1, U_2, ..., V_L as ``told``; last of the sums, the W_i's."""

    def rows(part: Problem, state: State) -> tuple[Tensors, Tensors]:
        products = [w.empty_product(part, i) for i in range(part.depth)]

        def tile(t: slice) -> tuple[Tensors, Tensors]:
            found = [told(x) for x in _tile(part, state, products, t)]
            return (
                tuple(x for blocks, _ in found for x in blocks),
                tuple(x for _, sums in found for x in sums),
            )

        blocks, sums = tiles.go(tile, part.x, *state.u)
        return blocks, (*sums, *products)

    return problem.rows.go(rows, problem, state)


def _tile(
    problem: Problem, state: State, products: list[Tensor], t: slice
) -> Iterator[Tensor]:
    """Some rows of U_1, V_1, U_2, ..., V_L, and their part of the products.

    The gap of a layer tells of its U and W and of the V below, the lag of V
    behind sigma(U) of both: each is formed once.
    """
    lag = problem.x[:0]
    for i, weights in enumerate(problem.layers):
        sigma, below = problem.network.activations[i], lag
        u, v = state.u[i][t], state.v[i][t]
        gap = objective.image_rows(problem, state, i, t) - u
        w.add_product(problem, state, i, products[i], gap, t)
        lag = sigma(u) - v
        if i:
            back = problem.maps[i].transpose(gap, state.w[i])
            back = back.mul_(weights.rho)
            yield _v(problem, state, i - 1, below, back, t)
        pull = gap.mul_(-weights.rho)
        yield _u(sigma, u, v, weights.gamma, lag, pull)
    yield problem.loss.subgradient(v, problem.y[t], -weights.gamma * lag)


def _v(
    problem: Problem,
    state: State,
    i: int,
    lag: Tensor,
    back: Tensor,
    t: slice,
) -> Tensor:
    """Some rows of a hidden V_i; ``back`` comes from the layer above."""
    weights, v = problem.layers[i], state.v[i][t]
    gradient = back.add_(lag, alpha=-weights.gamma)
    if weights.bounds is None:
        return gradient
    lo, hi = weights.bounds
    gradient = torch.where(v <= lo, gradient.clamp(max=0), gradient)
    return torch.where(v >= hi, gradient.clamp(min=0), gradient)


def at_kinks(
    sigma: PiecewiseLinear, u: Tensor, v: Tensor, gamma: float, rest: Tensor
) -> Tensor:
    r"""Best element of d/du gamma/2 (sigma(u) - v)^2 + rest.

    With left and right derivative l and r of the first term: where
    l <= r (a convex kink) the limiting subdifferential is the interval
    [l, r]; where l > r (a concave kink) it is {l, r} and nothing between.
    Away from kinks l = r.
    """
    return _u(sigma, u, v, gamma, sigma(u) - v, rest)


def _u(
    sigma: PiecewiseLinear,
    u: Tensor,
    v: Tensor,
    gamma: float,
    lag: Tensor,
    rest: Tensor,
) -> Tensor:
    """:func:`at_kinks` with ``lag`` = sigma(u) - v at hand."""
    out = sigma.right_slope(u).mul_(lag).mul_(gamma).add_(rest)
    for kink in sigma.kinks:
        at = (u == kink).nonzero(as_tuple=True)
        out[at] = _at_kink(sigma, u[at], v[at], gamma, rest[at])
    return out


def _at_kink(
    sigma: PiecewiseLinear, u: Tensor, v: Tensor, gamma: float, rest: Tensor
) -> Tensor:
    left_slope, right_slope = sigma.slopes(u)
    gap = gamma * (sigma(u) - v)
    left, right = gap * left_slope + rest, gap * right_slope + rest
    inside = torch.minimum(torch.maximum(left, torch.zeros_like(left)), right)
    nearer = torch.where(left.abs() < right.abs(), left, right)
    return torch.where(left <= right, inside, nearer)


def _kept(block: Tensor) -> tuple[Tensors, Tensors]:
    return (block,), ()


def _measured(block: Tensor) -> tuple[Tensors, Tensors]:
    return (), (squared_norm(block),)


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
