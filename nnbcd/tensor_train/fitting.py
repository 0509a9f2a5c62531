"""One pass of alternating least squares, and the tangent space."""

from __future__ import annotations

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.tensor_train.cores import (
    TTCores,
    right_interfaces,
    right_orthogonal,
)

__all__ = ["als", "tangent"]


def als(
    target: Float[Tensor, "*n"],
    start: TTCores,
    *,
    weight: float = 1.0,
    alpha: float = 0.0,
) -> tuple[TTCores, Float[Tensor, ""]]:
    r"""One pass of alternating least squares over the cores, left to right.

    Core by core, with all other cores fixed, solves

    .. math::

        \min_C \tfrac{\text{weight}}{2} \|T - L C R\|^2
             + \tfrac{\alpha}{2} \|L (C - C_{old}) R\|^2 .

    The left interface L is orthonormal by columns and the right one R by
    rows, so the minimiser is closed form,
    :math:`(\text{weight}\, L^T T R^T + \alpha C_{old})/
    (\text{weight} + \alpha)`, and the error never rises: each core lowers
    weight/2 error^2 by (alpha + weight/2) times its squared step.

    Parameters
    ----------
    target : Tensor
        The tensor T, shape (n_1, ..., n_d).
    start : TTCores
        Where to begin; its ranks are kept.
    weight, alpha : float
        Non-negative, not both zero.

    Returns
    -------
    TTCores
        The improved train.
    Tensor
        The sum over cores of the squared steps, 0-dimensional.

    Raises
    ------
    ValueError
        If a weight is negative or both are zero.
    """
    if weight < 0 or alpha < 0 or not weight + alpha > 0:
        msg = f"weight {weight}, alpha {alpha}: neither negative, not both 0."
        raise ValueError(msg)
    cores = list(right_orthogonal(start.cores))
    rights = right_interfaces(cores)
    steps = target.new_zeros(())
    left = target.reshape(1, -1)
    for k, core in enumerate(cores):
        r, n, s = core.shape
        unfolding = left.reshape(r * n, -1)  # L^T T
        fitted = (unfolding @ rights[k].mT).reshape(r, n, s)
        new = (weight * fitted + alpha * core) / (weight + alpha)
        steps = steps + (new - core).square().sum()
        if k + 1 < len(cores):
            basis, rest = torch.linalg.qr(new.reshape(r * n, s))
            new = basis.reshape(r, n, -1)
            cores[k + 1] = torch.tensordot(rest, cores[k + 1], dims=1)
            left = basis.mT @ unfolding
        cores[k] = new
    return TTCores(tuple(cores)), steps


def tangent(tensor: Float[Tensor, "*n"], at: TTCores) -> Float[Tensor, " m"]:
    """Projection of ``tensor`` on the tangent space of trains at ``at``.

    Parameters
    ----------
    tensor : Tensor
        Shape (n_1, ..., n_d).
    at : TTCores
        Where the tangent space is taken.

    Returns
    -------
    Tensor
        Coordinates in an orthonormal basis (gauged core variations, one
        after the other), so its norm is that of the projection.
    """
    cores = list(right_orthogonal(at.cores))
    rights = right_interfaces(cores)
    parts, left = [], tensor.reshape(1, -1)
    for k, core in enumerate(cores):
        r, n, s = core.shape
        unfolding = left.reshape(r * n, -1)
        part = unfolding @ rights[k].mT
        if k + 1 < len(cores):
            basis, rest = torch.linalg.qr(core.reshape(r * n, s))
            part = part - basis @ (basis.mT @ part)  # gauge: no overlap
            cores[k + 1] = torch.tensordot(rest, cores[k + 1], dims=1)
            left = basis.mT @ unfolding
        parts.append(part.reshape(-1))
    return torch.cat(parts)
