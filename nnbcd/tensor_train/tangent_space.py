"""The tangent space of trains of given ranks, and Gauss-Newton in it.

A tangent vector at T = L_1 ... L_{d-1} C_d moves one core at a time,

    sum over k of  L_1 ... L_{k-1} dC_k R_{k+1} ... R_d,

with L left-orthogonal and R right-orthogonal. With the gauge that dC_k is
orthogonal to L_k (k < d) the coordinates (dC_1, ..., dC_d) are orthonormal.
Source: Holtz, Rohwedder and Schneider (2012).
"""

from __future__ import annotations

from collections.abc import Callable

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.tensor_train.cores import (
    TTCores,
    left_orthogonal,
    right_orthogonal,
)
from nnbcd.tensor_train.decomposition import round

__all__ = ["TangentSpace", "gauss_newton", "tangent"]

Variations = list[Tensor]


class TangentSpace:
    """Coordinates around ``at``; core k has shape (r_{k-1}, n_k, r_k).

    Parameters
    ----------
    at : TTCores
        The point T of shape (n_1, ..., n_d).
    """

    def __init__(self, at: TTCores) -> None:
        self.shape = at.shape
        self.ranks = at.ranks
        self.right = right_orthogonal(at.cores)
        self.left = left_orthogonal(self.right)

    def gather(self, x: Float[Tensor, "*n"]) -> Variations:
        """Coordinates of the projection of ``x``, shape (n_1, ..., n_d)."""
        suffixes = [x.reshape(-1, 1)]
        for core in reversed(self.right[1:]):
            r, n, s = core.shape
            rest = suffixes[-1].reshape(-1, n * s)
            suffixes.append(rest @ core.reshape(r, n * s).mT)
        out: Variations = []
        prefix = x.new_ones(1, 1)
        # prefix: (n_1 ... n_{k-1}, r); suffix: x times R_{k+1} ... R_d
        for core, suffix in zip(self.left, reversed(suffixes), strict=True):
            r, n, s = core.shape
            wide = suffix.reshape(prefix.shape[0], -1)
            part = (prefix.mT @ wide).reshape(r * n, -1)
            if len(out) + 1 < len(self.left):
                basis = core.reshape(r * n, s)
                part = part - basis @ (basis.mT @ part)
                prefix = (prefix @ core.reshape(r, n * s)).reshape(-1, s)
            out.append(part.reshape(r, n, -1))
        return out

    def train(self, moves: Variations, *, base: bool) -> TTCores:
        """The tangent vector as a train of twice the ranks.

        Parameters
        ----------
        moves : list of Tensor
            Coordinates, shaped like the cores.
        base : bool
            Whether to add the point T itself.
        """
        last = len(moves) - 1
        if last == 0:
            total = moves[0] + self.left[0] if base else moves[0]
            return TTCores((total,))
        cores = []
        for k, move in enumerate(moves):
            if k == 0:
                core = torch.cat([move, self.left[0]], dim=2)
            elif k == last:
                end = move + self.left[k] if base else move
                core = torch.cat([self.right[k], end], dim=0)
            else:
                top = torch.cat(
                    [self.right[k], torch.zeros_like(self.right[k])], dim=2
                )
                bottom = torch.cat([move, self.left[k]], dim=2)
                core = torch.cat([top, bottom], dim=0)
            cores.append(core)
        return TTCores(tuple(cores))

    def spread(self, moves: Variations) -> Float[Tensor, "*n"]:
        """The tangent vector as a full tensor (n_1, ..., n_d)."""
        return self.train(moves, base=False).to_dense()

    def retract(self, moves: Variations) -> TTCores:
        """T plus the tangent vector, rounded back to the ranks of T."""
        if len(moves) == 1:
            return self.train(moves, base=True)
        return round(self.train(moves, base=True), max_rank=self.ranks)


def gauss_newton(
    start: TTCores,
    curve: Callable[[Tensor], Tensor],
    descent: Float[Tensor, "*n"],
    *,
    steps: int = 6,
) -> TTCores:
    r"""One Gauss-Newton step for a quadratic, all cores at once.

    Conjugate gradients lower :math:`\tfrac12 \langle X, A X \rangle
    - \langle D, X \rangle` over tangent vectors X at the start; the result
    is rounded back to its ranks. One application of A a step, where an ALS
    pass needs one a step *and core*; but the rounding can raise the
    quadratic, so the caller must check.

    Parameters
    ----------
    start : TTCores
        Shape (n_1, ..., n_d).
    curve : callable
        The symmetric positive definite A on tensors of that shape.
    descent : Tensor
        D, minus the gradient at the start, shape (n_1, ..., n_d).
    steps : int
        Conjugate-gradient steps.
    """
    space = TangentSpace(start)
    residual = space.gather(descent)
    direction, energy = residual, _dot(residual, residual)
    moves = [torch.zeros_like(part) for part in residual]
    for _ in range(steps):
        image = space.gather(curve(space.spread(direction)))
        width = _dot(direction, image)
        # At the minimum both vanish: stand still instead of 0 / 0.
        size = torch.where(width > 0, energy / width, 0 * energy)
        moves = _add(moves, direction, size)
        residual = _add(residual, image, -size)
        previous, energy = energy, _dot(residual, residual)
        ratio = torch.where(previous > 0, energy / previous, 0 * energy)
        direction = _add(residual, direction, ratio)
    return space.retract(moves)


def _dot(a: Variations, b: Variations) -> Tensor:
    return torch.stack(
        [(x * y).sum() for x, y in zip(a, b, strict=True)]
    ).sum()


def _add(a: Variations, b: Variations, factor: Tensor) -> Variations:
    return [x + factor * y for x, y in zip(a, b, strict=True)]


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
        Coordinates in an orthonormal basis, one core after the other, so
        its norm is that of the projection.
    """
    moves = TangentSpace(at).gather(tensor)
    return torch.cat([move.reshape(-1) for move in moves])
