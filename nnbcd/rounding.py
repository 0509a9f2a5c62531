r"""How far rounding alone can move the lifted objective.

Every quadratic term of Phi is :math:`\tfrac{w}{2} \|a - b\|^2` with two
operands that are known to a relative error of one unit in the last place.
With :math:`\varepsilon` the machine epsilon of the run and
:math:`e = \varepsilon (\|a\| + \|b\|)` it is known to

.. math::

    w \left( \|a - b\| \, e + \tfrac12 e^2 \right)

(Cauchy and Schwarz; norms are Frobenius norms over all N rows). For the
affine term the size of b is that of the products it sums,
:math:`\|A\| \|[W, b]\|` with the regressors :math:`A = [V_{i-1}, 1]`. Its
change in a W block is taken from Gram matrices
(``nnbcd.objective.affine_change``) and is known to
:math:`\varepsilon \rho \|A\| \|\Delta\| (\|A\| \|\Delta\| + \|R\|)`, with
:math:`\Delta` the step and R the residual.

Where operands are large and their difference is small this exceeds any
fixed share of Phi: features of size 1e12, or weights of 1e10 on gaps that
are closed. A rise within it proves nothing there. On data of ordinary size
it is far below the tolerance.
"""

from __future__ import annotations

from math import hypot, sqrt

import torch

from nnbcd import objective
from nnbcd._typing import Tensor
from nnbcd.blocks.w import joined
from nnbcd.couplings import Consistent
from nnbcd.linalg import squared_norm
from nnbcd.losses import Squared
from nnbcd.problem import Problem
from nnbcd.state import State

__all__ = ["of_slope", "rounding"]


def rounding(problem: Problem, before: State, after: State) -> float:
    """Bound on the rounding error of Phi's change between two states.

    Costs a few passes over U and V, O(N d) for a layer of width d.

    Parameters
    ----------
    problem : Problem
        N samples, L layers.
    before, after : State
        U_i and V_i of shape (N, d_i), W_i of shape (d_i, d_{i-1}).

    Returns
    -------
    float
        An absolute number, not a share of Phi.
    """
    (total,) = problem.rows.total(_of_rows, problem, before, after)
    return float(total)


def of_slope(problem: Problem, state: State) -> float:
    r"""Bound on what rounding makes of the subgradient's norm.

    Every block of the subgradient is a sum of products whose errors are
    :math:`\varepsilon` times their sizes (Frobenius norms). Below this
    number a subgradient cannot be told from zero.

    Parameters
    ----------
    problem : Problem
        N samples, L layers; a penalty or constraint coupling.
    state : State
        U_i and V_i of shape (N, d_i).
    """
    squares = problem.rows.total(_slope_of_rows, problem, state)
    of_weights = 0.0
    for i, layer in enumerate(problem.layers):
        w, g = _norm(state.w[i]), state.g[i]
        of_weights += (layer.ridge * w) ** 2
        if g is not None and problem.has_copy(i):
            of_weights += 2 * (layer.tau * (w + _norm(g.dense))) ** 2
    eps = torch.finfo(problem.x.dtype).eps
    return eps * sqrt(float(torch.stack(squares).sum()) + of_weights)


def _slope_of_rows(problem: Problem, state: State) -> tuple[Tensor, ...]:
    """Squared sizes of what the blocks of the subgradient are made of."""
    out, back = [], 0.0
    for i in reversed(range(problem.depth)):
        layer, sigma = problem.layers[i], problem.network.activations[i]
        w = _norm(joined(state.w[i], state.b[i]))
        inputs = _regressors(problem, state, i)
        gap = layer.rho * (_norm(state.u[i]) + inputs * w)
        pull = layer.gamma * (_norm(state.v[i]) + _norm(sigma(state.u[i])))
        if i == problem.depth - 1:
            back = _norm(state.v[i]) + _norm(problem.y)
        sizes = (pull + back, pull + gap, gap * inputs)
        out += [torch.tensor(x * x, dtype=torch.float64) for x in sizes]
        back = gap * w
    return tuple(out)


def _of_rows(
    problem: Problem, before: State, after: State
) -> tuple[Tensor, ...]:
    """The bound for a piece of rows: errors of sums add up."""
    eps = torch.finfo(problem.x.dtype).eps
    values = (_of_value(problem, state, eps) for state in (before, after))
    bound = max(values) + _of_change(problem, before, after, eps)
    return (torch.tensor(bound, dtype=torch.float64),)


def _of_value(problem: Problem, state: State, eps: float) -> float:
    v = state.v[-1]
    if isinstance(problem.loss, Squared):
        total = _term(1.0, v, problem.y, eps, _norm(problem.y))
    else:  # slopes between -1 and 1
        total = eps * sqrt(v.numel()) * _norm(v)
    if isinstance(problem.coupling, Consistent):
        return total
    for i, layer in enumerate(problem.layers):
        value = problem.network.activations[i](state.u[i])
        total += _term(layer.gamma, state.v[i], value, eps, _norm(value))
        image = objective.affine_image(problem, state, i)
        size = _regressors(problem, state, i)
        size *= _norm(joined(state.w[i], state.b[i]))
        total += _term(layer.rho, state.u[i], image, eps, size)
        g = state.g[i]
        if g is not None and problem.has_copy(i):
            size = _norm(g.dense)
            total += _term(layer.tau, state.w[i], g.dense, eps, size)
    return total


def _of_change(
    problem: Problem, before: State, after: State, eps: float
) -> float:
    """Of the affine terms, where they are updated from Gram matrices."""
    total = 0.0
    if isinstance(problem.coupling, Consistent):
        return total
    for i, layer in enumerate(problem.layers):
        step = _norm(
            joined(after.w[i], after.b[i]) - joined(before.w[i], before.b[i])
        )
        for state in (before, after):
            gap = state.u[i] - objective.affine_image(problem, state, i)
            reach = _regressors(problem, state, i) * step
            total += eps * layer.rho * reach * (reach + _norm(gap))
    return total


def _regressors(problem: Problem, state: State, i: int) -> float:
    """Norm of [V_{i-1}, 1]; of images, not of their patches."""
    rows = problem.maps[i].rows_per_sample * len(problem.x)
    ones = sqrt(rows) if state.b[i] is not None else 0.0
    return hypot(_norm(objective.features(problem, state, i)), ones)


def _term(
    weight: float, a: Tensor, b: Tensor, eps: float, size: float
) -> float:
    """Rounding of weight/2 ||a - b||^2, ``size`` that of what makes b."""
    error = eps * (_norm(a) + size)
    return weight * (_norm(a - b) * error + 0.5 * error * error)


def _norm(x: Tensor) -> float:
    # Scaled: squares of float32 entries beyond 1e19 overflow.
    largest = float(x.abs().max()) if x.numel() else 0.0
    if not largest:
        return 0.0
    return largest * sqrt(float(squared_norm(x / largest)))
