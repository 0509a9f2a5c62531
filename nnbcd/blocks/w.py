"""The W block: ridge regression, jointly in the weight and the bias."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from nnbcd import linalg, objective
from nnbcd._typing import Float, Tensor
from nnbcd.problem import Problem, chunks, gram
from nnbcd.state import State

__all__ = [
    "Regression",
    "cross_product",
    "few_rows",
    "guarantee",
    "joined",
    "regression",
    "update",
]


@dataclass(frozen=True)
class Regression:
    """What the W block sees of the data: no N in it.

    Parameters
    ----------
    gram : Tensor
        A^T A, shape (p, p), for the regressors A = [rows(V_{i-1}), 1].
    residual : Tensor
        (U - A [W, b]^T)^T A, shape (q, p), at the weight before the update.
    """

    gram: Float[Tensor, "p p"]
    residual: Float[Tensor, "q p"]


def regression(problem: Problem, state: State, i: int) -> Regression:
    """Gram and residual products of layer i, 4 N p q flops at most.

    The Gram matrix of the first layer is computed once per problem.
    """

    def rows(part: Problem, state: State) -> tuple[Tensor, ...]:
        gap = state.u[i] - objective.affine_image(part, state, i)
        residual = cross_product(part, state, i, gap)
        if i == 0:
            return (residual,)
        v = objective.features(part, state, i)
        bias = part.network.layers[i].bias
        return residual, gram(part.maps[i], v, bias=bias)

    residual, *grams = problem.rows.total(rows, problem, state)
    return Regression(grams[0] if grams else problem.input_gram, residual)


def cross_product(
    problem: Problem, state: State, i: int, u: Float[Tensor, "n d_out"]
) -> Float[Tensor, "q p"]:
    """outputs(u)^T A, A = [rows(V_{i-1}), 1], of a piece of rows."""
    linear, bias = problem.maps[i], problem.network.layers[i].bias
    v = objective.features(problem, state, i)
    q, p = linear.weight_shape
    cross = v.new_zeros(q, p + bias)
    for part in chunks(linear, v.shape[0]):
        targets = linear.outputs(u[part])
        cross[:, :p] += targets.mT @ linear.rows(v[part])
        if bias:
            cross[:, p] += targets.sum(0)
    return cross


def update(
    problem: Problem, state: State, i: int, data: Regression | None = None
) -> tuple[Float[Tensor, "q p"], Float[Tensor, " q"] | None]:
    r"""Minimiser over (W_i, b_i) of the lifted objective, all else fixed.

    .. math::

        \operatorname*{argmin}_{W, b}
        \tfrac{\rho}{2} \|U_i - V_{i-1} W^T - 1 b^T\|^2
        + \tfrac{\tau}{2} \|W - G_i\|^2
        + \tfrac{\varepsilon}{2} \|W\|^2
        + \tfrac{\alpha}{2} (\|W - W_i\|^2 + \|b - b_i\|^2)

    With the regressors A = [V_{i-1}, 1]: one Cholesky solve with
    :math:`\rho A^T A + D`, D the diagonal of alpha + tau + ridge (alpha
    for the bias); its N x N dual when there are fewer rows than columns.
    The system is solved for the *step* from the old weight. That is the
    same minimiser, and rounding is then relative to the step, which is
    what keeps float32 runs monotone.

    Parameters
    ----------
    problem : Problem
        N samples.
    state : State
        V_{i-1} (N, d_in), U_i (N, d_out), W_i (d_out, d_in), G_i.
    i : int
        Layer, counted from 0.
    data : Regression, optional
        From :func:`regression`, if at hand.

    Returns
    -------
    W : Tensor, shape (d_out, d_in)
    b : Tensor, shape (d_out,), or None

    Raises
    ------
    SingularMatrixError
        If alpha = tau = ridge = 0 and the Gram matrix is singular.

    Notes
    -----
    Li et al., arXiv:2303.06815, W block; the joint bias is ours (the
    released code multiplies every bias by 0). Cost: 4 N d^2 flops, O(d^3).
    """
    old = joined(state.w[i], state.b[i])
    if few_rows(problem, i):
        step = _dual(problem, state, i)
    else:
        data = data or regression(problem, state, i)
        descent = problem.layers[i].rho * data.residual
        descent = descent + _pull(problem, state, i)
        if i == 0:
            lower = problem.input_factor
        else:
            lower = linalg.factor(problem.normal_matrix(i, data.gram))
        step = linalg.solve_right(descent, lower)
    return split(old + step, bias=state.b[i] is not None)


def guarantee(
    problem: Problem, i: int, dw: Tensor, db: Tensor | None
) -> Float[Tensor, ""]:
    """Guaranteed decrease for the step (dw, db), 0-dimensional."""
    weights = problem.layers[i]
    tau = weights.tau if problem.has_copy(i) else 0.0
    modulus = weights.alpha + 0.5 * (tau + weights.ridge)
    out = modulus * linalg.squared_norm(dw)
    if db is not None:
        out = out + weights.alpha * linalg.squared_norm(db)
    return out


def joined(w: Tensor, b: Tensor | None) -> Float[Tensor, "q p"]:
    """[W, b]: the bias as a last column."""
    return w if b is None else torch.cat([w, b[:, None]], dim=1)


def split(joint: Tensor, *, bias: bool) -> tuple[Tensor, Tensor | None]:
    """Inverse of :func:`joined`, contiguous."""
    if not bias:
        return joint.contiguous(), None
    return joint[:, :-1].contiguous(), joint[:, -1].contiguous()


def few_rows(problem: Problem, i: int) -> bool:
    """True where the N x N system is the smaller one, and can be formed.

    That takes all rows in one piece.
    """
    if not problem.rows.whole:
        return False
    linear, layer = problem.maps[i], problem.network.layers[i]
    weights = problem.layers[i]
    tau = weights.tau if problem.has_copy(i) else 0.0
    definite = weights.alpha > 0 or (
        not layer.bias and tau + weights.ridge > 0
    )
    rows = problem.x.shape[0] * linear.rows_per_sample
    return definite and rows < linear.weight_shape[1] + layer.bias


def _pull(problem: Problem, state: State, i: int) -> Tensor:
    """Descent direction of the terms without data, shape (q, p)."""
    weights, g, w = problem.layers[i], state.g[i], state.w[i]
    pull = -weights.ridge * w
    if g is not None:
        pull = pull + weights.tau * (g.dense - w)
    b = state.b[i]
    return joined(pull, None if b is None else torch.zeros_like(b))


def _dual(problem: Problem, state: State, i: int) -> Float[Tensor, "q p"]:
    """The step by an N x N system.

    With c = pull / D the minimiser without data, it is
    c + (R - A c^T)^T (A D^-1 A^T + I / rho)^-1 A D^-1, R the residual.
    """
    linear, shift = problem.maps[i], problem.shift(i)
    a = linear.rows(objective.features(problem, state, i))
    if state.b[i] is not None:
        a = torch.cat([a, a.new_ones(a.shape[0], 1)], dim=1)
    centre = _pull(problem, state, i) / shift
    scaled = a / shift
    system = scaled @ a.mT
    system.diagonal().add_(1.0 / problem.layers[i].rho)
    gap = state.u[i] - objective.affine_image(problem, state, i)
    gap = linear.outputs(gap) - a @ centre.mT
    dual = linalg.solve_right(gap.mT, linalg.factor(system))
    return centre + dual @ scaled
