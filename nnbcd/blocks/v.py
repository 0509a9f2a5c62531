"""The V block: proximal map of the loss, or one linear system."""

from __future__ import annotations

import torch

from nnbcd import linalg
from nnbcd._typing import Float, Tensor
from nnbcd.affine import ConvMap, DenseMap
from nnbcd.problem import Problem
from nnbcd.state import State

__all__ = ["guarantee", "update"]

CG_STEPS = 200
CG_RTOL = {torch.float64: 1e-13, torch.float32: 1e-6}
PROJECTED_STEPS = 20


def update(problem: Problem, state: State, i: int) -> Float[Tensor, "n d"]:
    r"""Minimiser over V_i of the lifted objective, all else fixed.

    Last layer (i = L), the proximal map of the loss:

    .. math::

        \operatorname*{argmin}_V \ell(V; Y) + \tfrac{\gamma}{2}\|V - U_L\|^2
        + \tfrac{\alpha}{2} \|V - V_L\|^2 .

    Hidden layer, a strongly convex quadratic, with W, b and U of the layer
    above:

    .. math::

        \operatorname*{argmin}_V \tfrac{\gamma}{2} \|V - \sigma(U_i)\|^2
        + \tfrac{\rho}{2} \|U_{i+1} - V W^T - 1 b^T\|^2 .

    Dense layers: one Cholesky factorisation of the smaller of
    :math:`\gamma I + \rho W^T W` and :math:`W W^T + (\gamma/\rho) I`.
    Convolutions: conjugate gradients to a relative residual of 1e-13
    (float64). With a box on V there is no closed form: projected gradient
    steps from V_i, each of which lowers the objective.

    Parameters
    ----------
    problem : Problem
        N samples.
    state : State
        U_i of shape (N, d_i), U_{i+1} of shape (N, d_{i+1}).
    i : int
        Layer, counted from 0.

    Returns
    -------
    Tensor
        The new V_i, shape (N, d_i).

    Notes
    -----
    Li et al., arXiv:2303.06815, V block; bias, the smaller system,
    convolution and box are ours. Cost: 4 N d_i d_{i+1} flops and O(d^3).
    """
    if i == problem.depth - 1:
        return _output(problem, state, i)
    wanted = problem.network.activations[i](state.u[i])  # sigma(U_i)
    linear = problem.maps[i + 1]
    target = state.u[i + 1]
    if state.b[i + 1] is not None:
        target = target - linear.spread(state.b[i + 1])
    if problem.layers[i].bounds is not None:
        return _projected(problem, state, i, wanted, target)
    if isinstance(linear, DenseMap):
        return _dense(problem, state, i, wanted, target)
    return _convolution(problem, state, i, linear, wanted, target)


def guarantee(problem: Problem, i: int) -> float:
    """Modulus a with Phi(old) - Phi(new) >= a ||step||^2."""
    weights = problem.layers[i]
    if i == problem.depth - 1:
        convexity = problem.loss.convexity + weights.gamma
        return weights.alpha + 0.5 * convexity
    if weights.bounds is not None:
        # k steps, each by lambda/2 its square with lambda >= gamma
        return 0.5 * weights.gamma / PROJECTED_STEPS
    return 0.5 * weights.gamma


def _output(problem: Problem, state: State, i: int) -> Tensor:
    weights = problem.layers[i]
    total = weights.gamma + weights.alpha
    centre = (weights.gamma * state.u[i] + weights.alpha * state.v[i]) / total
    return problem.loss.prox(centre, problem.y, total)


def _dense(
    problem: Problem, state: State, i: int, wanted: Tensor, target: Tensor
) -> Tensor:
    # gap = target - wanted W^T: what sigma(U) leaves over
    gap = torch.addmm(target, wanted, state.w[i + 1].mT, alpha=-1)
    return torch.addmm(wanted, gap, _transfer(problem, state, i))


def _transfer(
    problem: Problem, state: State, i: int
) -> Float[Tensor, "d_out d_in"]:
    """The matrix rho W (gamma I + rho W^T W)^-1, by its smaller system.

    Formed once and applied by one product: N right-hand sides through the
    triangular factor would cost twice the time for the same flops.
    """
    gamma, rho = problem.layers[i].gamma, problem.layers[i + 1].rho
    w = state.w[i + 1]
    d_out, d_in = w.shape
    ratio = gamma / rho
    if d_out < d_in:
        system = w @ w.mT
        system.diagonal().add_(ratio)
        return torch.cholesky_solve(w, linalg.factor(system))
    system = w.mT @ w
    system.diagonal().add_(ratio)
    return linalg.solve_right(w, linalg.factor(system))


def _convolution(
    problem: Problem,
    state: State,
    i: int,
    linear: ConvMap,
    wanted: Tensor,
    target: Tensor,
) -> Tensor:
    """Conjugate gradients on gamma V + rho A^T A V, started at V_i."""
    gamma, rho = problem.layers[i].gamma, problem.layers[i + 1].rho
    w = state.w[i + 1]

    def system(x: Tensor) -> Tensor:
        image = linear.forward(x, w, None)
        return gamma * x + rho * linear.transpose(image, w)

    rhs = gamma * wanted + rho * linear.transpose(target, w)
    x = state.v[i]
    r = rhs - system(x)
    p, rr = r, linalg.squared_norm(r)
    stop = CG_RTOL[rhs.dtype] ** 2 * linalg.squared_norm(rhs)
    for _ in range(CG_STEPS):
        if bool(rr <= stop):
            break
        q = system(p)
        step = (rr / (p * q).sum(dtype=torch.float64)).to(x.dtype)
        x = x + step * p
        r = r - step * q
        previous, rr = rr, linalg.squared_norm(r)
        p = r + (rr / previous).to(x.dtype) * p
    return x


def _projected(
    problem: Problem, state: State, i: int, wanted: Tensor, target: Tensor
) -> Tensor:
    """Projected gradient steps of length 1/lambda, lambda >= curvature."""
    weights, rho = problem.layers[i], problem.layers[i + 1].rho
    assert weights.bounds is not None
    lo, hi = weights.bounds
    linear, w = problem.maps[i + 1], state.w[i + 1]
    curvature = weights.gamma + rho * _norm_bound(problem, state, i + 1)
    x = state.v[i].clamp(lo, hi)
    for _ in range(PROJECTED_STEPS):
        image = linear.forward(x, w, None)
        gradient = weights.gamma * (x - wanted)
        gradient = gradient + rho * linear.transpose(image - target, w)
        x = (x - gradient / curvature).clamp(lo, hi)
    return x


def _norm_bound(problem: Problem, state: State, i: int) -> Tensor:
    """Upper bound of the squared spectral norm of layer i's linear map."""
    w, linear = state.w[i], problem.maps[i]
    norm: Tensor = torch.linalg.matrix_norm(w, 2)
    # An entry is read by one row, or by at most kh * kw patches.
    overlap = 1
    if isinstance(linear, ConvMap):
        overlap = linear.kernel[0] * linear.kernel[1]
    return overlap * norm.square() * (1 + 1e-6)
