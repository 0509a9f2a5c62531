"""From sums over rows to the step of one link, whatever its structure."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.prox_linear import w_block
from nnbcd.prox_linear.links import Factor, Link
from nnbcd.prox_linear.metrics import Metric
from nnbcd.structures import TensorTrain
from nnbcd.tensor_train.tangent_space import TangentSpace

__all__ = ["Plan", "move", "plan", "sums"]


@dataclass(frozen=True, eq=False)
class Plan:
    """Direction X of a link, (q, k), and what its model promises, <D, X>.

    For a train, X still has to be projected on the tangent space.
    """

    x: Float[Tensor, "q k"]
    promised: Float[Tensor, ""]
    space: TangentSpace | None = None


def sums(
    factor: Factor,
    lam: Float[Tensor, "m q"],
    rows: Float[Tensor, "m k"],
    metric: Metric,
    count: int,
) -> list[Tensor]:
    """What has to be summed over the rows of all processes.

    D, and for a free matrix X too; shapes (q, k).

    Parameters
    ----------
    factor : Factor
        Of the link.
    lam, rows, metric, count
        As in :func:`nnbcd.prox_linear.w_block.whole`.
    """
    if factor.mask is None and factor.cores is None:
        return list(w_block.whole(lam, rows, metric, count))
    return [w_block.wanted(lam, rows, count)]


def plan(
    link: Link, factor: Factor, metric: Metric, summed: list[Tensor]
) -> Plan:
    """The direction of a link; takes its sums from the list's front."""
    d = summed.pop(0)
    space = None
    if factor.mask is not None:
        x = w_block.sparse(d, metric, factor.mask)
    elif factor.cores is not None:
        space = TangentSpace(factor.cores)
        moves = space.gather(_tensor(link, d))
        d = _with_bias(_matrix(link, space.spread(moves)), d)
        x = w_block.direction(d, metric)
    else:
        x = summed.pop(0)
    return Plan(x, (d * x).sum(), space)


def move(
    link: Link,
    factor: Factor,
    plan: Plan,
    length: Float[Tensor, ""],
    last: Float[Tensor, "q k"],
    inertia: float,
) -> tuple[Factor, Float[Tensor, "q k"]]:
    """The factor after its step, and the step.

    Parameters
    ----------
    link, factor : Link, Factor
        Weights of shape (q, p).
    plan : Plan
    length : Tensor
        eta times the trust factor.
    last : Tensor
        The step before, (q, k).
    inertia : float
        Share of it that is made again.
    """
    step = torch.addcmul(inertia * last, plan.x, length)
    if factor.mask is not None:  # the support may have changed since
        step = w_block.on_support(step, factor.mask)
    p = factor.w.shape[1]
    b = None if factor.b is None else factor.b + step[:, p]
    if plan.space is None:
        return Factor(factor.w + step[:, :p], b, factor.mask), step
    space = plan.space
    moves = space.gather(_tensor(link, step))
    step = _with_bias(_matrix(link, space.spread(moves)), step)
    cores = space.retract(moves)
    w = _matrix(link, cores.to_dense())
    return Factor(w, b, cores=cores), step


def _train(link: Link) -> TensorTrain:
    assert isinstance(link.structure, TensorTrain)
    return link.structure


def _tensor(link: Link, x: Tensor) -> Tensor:
    p = link.linear.weight_shape[1]
    return _train(link).to_tensor(x[:, :p])


def _matrix(link: Link, tensor: Tensor) -> Tensor:
    return _train(link).to_matrix(tensor, link.linear.weight_shape)


def _with_bias(w: Tensor, like: Tensor) -> Tensor:
    """``w`` with the bias column of ``like``, where that has one."""
    return torch.cat([w, like[:, w.shape[1] :]], dim=1)
