"""The G block: back to the set of structured matrices."""

from __future__ import annotations

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.linalg import squared_norm
from nnbcd.problem import LayerPenalties, Problem
from nnbcd.state import State
from nnbcd.structures import Structure, StructuredMatrix

__all__ = ["guarantee", "guard", "update"]


def update(
    problem: Problem, state: State, i: int
) -> tuple[StructuredMatrix, Float[Tensor, ""]]:
    r"""Lower the lifted objective over G_i in M_i, all else fixed.

    .. math::

        \operatorname*{argmin}_{G \in M_i} \tfrac{\tau}{2} \|W_i - G\|^2
        + \tfrac{\alpha}{2} \|G - G_i\|^2 ,

    a projection of :math:`Z = (\tau W_i + \alpha G_i)/(\tau + \alpha)`.
    Sparse and low-rank sets: the exact projection, a global minimiser.
    Tensor trains have no closed-form projection; ``problem.g_step`` says
    what is done instead:

    * ``svd``: TT-SVD of W_i, the paper's choice. Only quasi-optimal, so
      the objective **can rise**.
    * ``als``: one ALS pass from G_i; every core is a closed form.
    * ``guarded``: TT-SVD of Z, taken if it decreases the objective by
      alpha/2 times its squared step; then one ALS pass, from there or
      from G_i.

    A TT-SVD alone may stand still where the gradient is not zero. The
    pass after it does not, so ``guarded`` has the relative error of
    ``als``.

    Parameters
    ----------
    problem : Problem
    state : State
        W_i and G_i of shape (d_out, d_in).
    i : int
        Layer, counted from 0. It must be structured.

    Returns
    -------
    StructuredMatrix
        The new G_i.
    Tensor
        Squared length of the step: ||G - G_i||^2 for a projection, the
        sum over cores for an ALS pass, both added for ``guarded``.
        0-dimensional.

    Notes
    -----
    Li et al., arXiv:2303.06815, G block; ``guarded`` and ``als`` are ours.
    ``guarded`` reads one comparison back to the host.
    """
    structure, weights = problem.network.structures[i], problem.layers[i]
    w, old = state.w[i], state.g[i]
    assert old is not None, "a free layer has no G block"
    if structure.exact:
        return structure.refine(w, old, weights.tau, weights.alpha)
    if problem.g_step == "svd":
        return _stepped(structure.project(w), old)
    start, jump = old, torch.zeros_like(squared_norm(old.dense))
    if problem.g_step == "guarded":
        start, jump = guard(structure, weights, w, old)
    new, steps = structure.refine(w, start, weights.tau, weights.alpha)
    return new, jump + steps


def guarantee(problem: Problem, i: int) -> float:
    """Modulus a with Phi(old) - Phi(new) >= a * squared step."""
    structure = problem.network.structures[i]
    if problem.g_step == "svd" and not structure.exact:
        return 0.0
    return 0.5 * problem.layers[i].alpha


def _stepped(
    new: StructuredMatrix, old: StructuredMatrix
) -> tuple[StructuredMatrix, Tensor]:
    return new, squared_norm(new.dense - old.dense)


def guard(
    structure: Structure,
    weights: LayerPenalties,
    w: Tensor,
    old: StructuredMatrix,
) -> tuple[StructuredMatrix, Tensor]:
    """TT-SVD of the mean if it pays for its step, else the old train.

    Parameters
    ----------
    structure : Structure
        A tensor train.
    weights : LayerPenalties
        tau and alpha.
    w : Tensor
        W_i, shape (d_out, d_in).
    old : StructuredMatrix
        G_i.

    Returns
    -------
    StructuredMatrix
        Where the pass of ALS starts; ``old`` itself if TT-SVD is refused.
    Tensor
        Its squared distance to ``old``, 0-dimensional.
    """
    mean = weights.tau * w + weights.alpha * old.dense
    mean = mean / (weights.tau + weights.alpha)
    new, step = _stepped(structure.project(mean), old)
    before = 0.5 * weights.tau * squared_norm(w - old.dense)
    after = 0.5 * weights.tau * squared_norm(w - new.dense)
    if bool(after + 0.5 * weights.alpha * step <= before):
        return new, step
    return old, torch.zeros_like(step)
