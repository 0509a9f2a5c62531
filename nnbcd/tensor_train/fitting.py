"""Passes of alternating least squares, one core at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.tensor_train.cores import (
    TTCores,
    right_interfaces,
    right_orthogonal,
)

__all__ = ["als", "minimise"]


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


def minimise(
    start: TTCores,
    curve: Callable[[Tensor], Tensor],
    descent: Float[Tensor, "*n"],
    *,
    steps: int = 6,
) -> TTCores:
    r"""One ALS pass, left to right, for a quadratic of the tensor.

    Lowers :math:`\tfrac12 \langle T - T_0, A (T - T_0) \rangle
    - \langle D, T - T_0 \rangle` over trains, T_0 the start. Each core is
    a least-squares problem with orthonormal interfaces, solved by a few
    conjugate-gradient steps from the present core: none of them raises
    the quadratic.

    Parameters
    ----------
    start : TTCores
        T_0; its ranks are kept.
    curve : callable
        The symmetric positive definite A, from a tensor of shape
        (n_1, ..., n_d) to another.
    descent : Tensor
        D, minus the gradient at T_0, shape (n_1, ..., n_d).
    steps : int
        Conjugate-gradient steps a core.

    Returns
    -------
    TTCores
        The improved train.
    """
    cores = list(right_orthogonal(start.cores))
    rights = right_interfaces(cores)
    left = descent.new_ones(1, 1)
    for k, core in enumerate(cores):
        r, n, s = core.shape
        frame = _Frame(left, n, rights[k], descent.shape)
        residual = frame.gather(descent)
        direction, energy = residual, residual.square().sum()
        for _ in range(steps):
            change = curve(frame.spread(direction))
            image = frame.gather(change)
            width = (direction * image).sum()
            # At the minimum both vanish: stand still instead of 0 / 0.
            size = torch.where(width > 0, energy / width, 0 * energy)
            core = core + size * direction
            descent = descent - size * change
            residual = residual - size * image
            previous, energy = energy, residual.square().sum()
            ratio = torch.where(previous > 0, energy / previous, 0 * energy)
            direction = residual + ratio * direction
        if k + 1 < len(cores):
            basis, rest = torch.linalg.qr(core.reshape(r * n, s))
            core = basis.reshape(r, n, -1)
            cores[k + 1] = torch.tensordot(rest, cores[k + 1], dims=1)
            left = (left @ core.reshape(r, -1)).reshape(-1, core.shape[2])
        cores[k] = core
    return TTCores(tuple(cores))


@dataclass(frozen=True)
class _Frame:
    """The map from one core to the tensor, all others fixed."""

    left: Tensor  # (n_1 ... n_{k-1}, r)
    n: int
    right: Tensor  # (s, n_{k+1} ... n_d)
    shape: Sequence[int]

    def spread(self, core: Tensor) -> Tensor:
        """L core R, a tensor."""
        wide = self.left @ core.reshape(core.shape[0], -1)
        wide = wide.reshape(-1, self.right.shape[0]) @ self.right
        return wide.reshape(self.shape)

    def gather(self, tensor: Tensor) -> Tensor:
        """L^T tensor R^T, shaped like a core."""
        narrow = self.left.mT @ tensor.reshape(self.left.shape[0], -1)
        narrow = narrow.reshape(-1, self.right.shape[1]) @ self.right.mT
        return narrow.reshape(-1, self.n, self.right.shape[0])
