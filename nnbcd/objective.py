r"""The lifted objective, term by term: the only place a penalty is written.

.. math::

    \Phi = \ell(V_L; Y)
      + \sum_i \tfrac{\gamma_i}{2} \|V_i - \sigma_i(U_i)\|^2
      + \sum_i \tfrac{\rho_i}{2} \|U_i - V_{i-1} W_i^T - 1 b_i^T\|^2
      + \sum_i \tfrac{\tau_i}{2} \|W_i - G_i\|^2
      + \sum_i \tfrac{\varepsilon_i}{2} \|W_i\|^2

Source: Li et al., arXiv:2303.06815; the ridge and the bias are ours. Sums
are taken in float64 whatever the type of the data.
"""

from __future__ import annotations

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.couplings import Consistent
from nnbcd.linalg import squared_norm
from nnbcd.problem import Problem
from nnbcd.state import State

__all__ = ["affine_image", "features", "terms", "value"]

Scalar = Float[Tensor, ""]


def features(problem: Problem, state: State, i: int) -> Tensor:
    """V_{i-1}, the input (N, d_in) of layer i: X for the first."""
    return problem.x if i == 0 else state.v[i - 1]


def affine_image(problem: Problem, state: State, i: int) -> Tensor:
    """V_{i-1} W_i^T + 1 b_i^T, shape (N, d_out), from the cache if valid."""
    cached = state.affine[i]
    if cached is not None:
        return cached
    v = features(problem, state, i)
    return problem.maps[i].forward(v, state.w[i], state.b[i])


def loss_term(problem: Problem, state: State) -> Scalar:
    """loss(V_L; Y), summed over the samples of a piece of rows."""
    return problem.loss.value(state.v[-1], problem.y)


def _network_loss(problem: Problem, state: State) -> Scalar:
    """loss(network(X); Y): of V_L, or anew where an image is out of date."""
    if all(image is not None for image in state.affine):
        return loss_term(problem, state)
    v = problem.x
    for i, sigma in enumerate(problem.network.activations):
        v = sigma(problem.maps[i].forward(v, state.w[i], state.b[i]))
    return problem.loss.value(v, problem.y)


def activation_term(problem: Problem, state: State, i: int) -> Scalar:
    """gamma/2 ||V_i - sigma_i(U_i)||^2, of a piece of rows."""
    sigma = problem.network.activations[i]
    gap = state.v[i] - sigma(state.u[i])
    return 0.5 * problem.layers[i].gamma * squared_norm(gap)


def affine_term(problem: Problem, state: State, i: int) -> Scalar:
    """rho/2 ||U_i - V_{i-1} W_i^T - 1 b_i^T||^2, of a piece of rows."""
    gap = state.u[i] - affine_image(problem, state, i)
    return 0.5 * problem.layers[i].rho * squared_norm(gap)


def structure_term(problem: Problem, state: State, i: int) -> Scalar:
    """tau/2 ||W_i - G_i||^2, zero in free layers."""
    g = state.g[i]
    if g is None:
        return torch.zeros((), dtype=torch.float64, device=problem.x.device)
    return 0.5 * problem.layers[i].tau * squared_norm(state.w[i] - g.dense)


def ridge_term(problem: Problem, state: State, i: int) -> Scalar:
    """ridge/2 ||W_i||^2."""
    return 0.5 * problem.layers[i].ridge * squared_norm(state.w[i])


def affine_change(
    rho: float,
    gram: Float[Tensor, "p p"],
    residual: Float[Tensor, "q p"],
    step: Float[Tensor, "q p"],
) -> Scalar:
    r"""Change of the affine term when [W, b] moves by a step.

    With A the regressors and R = U - A [W, b]^T the residual before the
    move, gram = A^T A and residual = R^T A:

    .. math::

        \rho \langle \Delta, \tfrac12 \Delta A^T A - R^T A \rangle .

    No row of the data is read again, and nothing large cancels: the
    inner product goes to zero with the step.
    """
    slope = 0.5 * step @ gram - residual
    return rho * (step * slope).sum(dtype=torch.float64)


def terms(problem: Problem, state: State) -> dict[str, Scalar]:
    """Every term of Phi by name, float64, 0-dimensional.

    Parameters
    ----------
    problem : Problem
        N samples, L layers.
    state : State
        Any iterate.

    Returns
    -------
    dict
        ``loss``, then ``activation[i]``, ``affine[i]``, ``structure[i]``
        and ``ridge[i]`` with layers counted from 1, as in the book.
    """
    loss, *gaps = problem.rows.total(_row_terms, problem, state)
    out = {"loss": loss}
    if not gaps:
        return out
    for i, layer in enumerate(problem.layers):
        out[f"activation[{i + 1}]"] = gaps[2 * i]
        out[f"affine[{i + 1}]"] = gaps[2 * i + 1]
        if problem.has_copy(i):
            out[f"structure[{i + 1}]"] = structure_term(problem, state, i)
        if layer.ridge:
            out[f"ridge[{i + 1}]"] = ridge_term(problem, state, i)
    return out


def _row_terms(problem: Problem, state: State) -> tuple[Scalar, ...]:
    """The terms that are sums over rows: the loss, two gaps a layer."""
    if isinstance(problem.coupling, Consistent):
        # Every gap is zero: Phi is the training loss.
        return (_network_loss(problem, state),)
    out = [loss_term(problem, state)]
    for i in range(problem.depth):
        out.append(activation_term(problem, state, i))
        out.append(affine_term(problem, state, i))
    return tuple(out)


def value(problem: Problem, state: State) -> Scalar:
    """Phi, the sum of all terms, float64, 0-dimensional."""
    return torch.stack(list(terms(problem, state).values())).sum()
