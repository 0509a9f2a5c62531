r"""Tensor trains: the format, TT-SVD, rounding and one-core-at-a-time ALS.

A tensor of shape :math:`n_1 \times \dots \times n_d` is a tensor train of
ranks :math:`r_1, \dots, r_{d-1}` when it is a product of cores,

.. math::

    T[i_1, \dots, i_d] = C_1[:, i_1, :]\, C_2[:, i_2, :] \cdots C_d[:, i_d, :],

with core k of shape :math:`(r_{k-1}, n_k, r_k)` and :math:`r_0 = r_d = 1`.
Source: Oseledets (2011); alternating least squares (ALS): Holtz, Rohwedder
and Schneider (2012).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod, sqrt

import torch

from nnbcd._typing import Float, Tensor

__all__ = [
    "TTCores",
    "als",
    "feasible_ranks",
    "parameter_count",
    "rank_for_ratio",
    "round",
    "svd",
    "tangent",
]

Ranks = int | Sequence[int] | None


@dataclass(frozen=True)
class TTCores:
    """A tensor in tensor-train format, checked at construction.

    Parameters
    ----------
    cores : tuple of Tensor
        Core k has shape (r_{k-1}, n_k, r_k), with r_0 = r_d = 1.

    Raises
    ------
    ValueError
        If a core has not three axes, or neighbouring ranks disagree.

    Examples
    --------
    >>> tt = svd(torch.eye(4).reshape(2, 2, 2, 2), max_rank=4)
    >>> tt.shape, tt.ranks, tt.parameters
    ((2, 2, 2, 2), (2, 4, 2), 40)
    """

    cores: tuple[Tensor, ...]

    def __post_init__(self) -> None:
        if not self.cores:
            msg = "cores is empty: a tensor train has at least one core."
            raise ValueError(msg)
        rank = 1
        for k, core in enumerate(self.cores):
            if core.ndim != 3:
                msg = f"core {k} has {core.ndim} axes, a core has three."
                raise ValueError(msg)
            if core.shape[0] != rank:
                msg = (
                    f"core {k} starts with rank {core.shape[0]}, but its "
                    f"left neighbour ends with rank {rank}."
                )
                raise ValueError(msg)
            rank = core.shape[2]
        if rank != 1:
            msg = f"the last core must end with rank 1, not {rank}."
            raise ValueError(msg)

    @property
    def shape(self) -> tuple[int, ...]:
        """Mode sizes (n_1, ..., n_d)."""
        return tuple(core.shape[1] for core in self.cores)

    @property
    def ranks(self) -> tuple[int, ...]:
        """Bond ranks (r_1, ..., r_{d-1})."""
        return tuple(core.shape[2] for core in self.cores[:-1])

    @property
    def parameters(self) -> int:
        """Stored numbers: the sum of r_{k-1} n_k r_k."""
        return sum(core.numel() for core in self.cores)

    def to_dense(self) -> Tensor:
        """The full tensor, shape (n_1, ..., n_d)."""
        full = self.cores[0].reshape(-1, self.cores[0].shape[2])
        for core in self.cores[1:]:
            full = full @ core.reshape(core.shape[0], -1)  # (.., n_k r_k)
            full = full.reshape(-1, core.shape[2])
        return full.reshape(self.shape)

    def __repr__(self) -> str:
        dense = prod(self.shape)
        return (
            f"TTCores(shape={self.shape}, ranks={self.ranks}, "
            f"{self.parameters} of {dense} numbers)"
        )


def feasible_ranks(shape: Sequence[int], cap: Ranks) -> tuple[int, ...]:
    """Bond ranks under ``cap`` that the unfoldings of ``shape`` allow.

    The rank at a bond is at most the product of the modes on either side,
    and at most its neighbour's rank times the mode between them.

    Parameters
    ----------
    shape : sequence of int
        Mode sizes, d of them.
    cap : int, sequence of d - 1 ints, or None
        One cap for all bonds, one per bond, or none.

    Raises
    ------
    ValueError
        If a cap is below 1 or there are not d - 1 of them.

    Examples
    --------
    >>> feasible_ranks((4, 4, 4, 4), 8)
    (4, 8, 4)
    """
    bonds = len(shape) - 1
    if cap is None:
        caps = [prod(shape)] * bonds
    elif isinstance(cap, int):
        caps = [cap] * bonds
    else:
        caps = list(cap)
    if len(caps) != bonds:
        msg = f"rank needs one cap per bond, {bonds} of them, got {len(caps)}."
        raise ValueError(msg)
    if any(c < 1 for c in caps):
        msg = f"rank must be at least 1, got {min(caps)}."
        raise ValueError(msg)
    for k in range(bonds):
        caps[k] = min(caps[k], (caps[k - 1] if k else 1) * shape[k])
    for k in reversed(range(bonds)):
        after = caps[k + 1] if k + 1 < bonds else 1
        caps[k] = min(caps[k], after * shape[k + 1])
    return tuple(caps)


def parameter_count(shape: Sequence[int], cap: Ranks) -> int:
    """Numbers stored by a train of ``shape`` with ranks under ``cap``."""
    ranks = (1, *feasible_ranks(shape, cap), 1)
    return sum(r * n * s for r, n, s in zip(ranks, shape, ranks[1:], strict=False))


def rank_for_ratio(shape: Sequence[int], ratio: float) -> int:
    """Largest cap whose train stores at most ``ratio`` of the dense tensor.

    Parameters
    ----------
    shape : sequence of int
        Mode sizes.
    ratio : float
        Stored over dense numbers, in (0, 1].

    Raises
    ------
    ValueError
        If ratio is outside (0, 1], or even rank 1 stores more than that.

    Examples
    --------
    >>> rank_for_ratio((4,) * 10, 0.1)
    82
    """
    if not 0 < ratio <= 1:
        msg = f"ratio must lie in (0, 1], got {ratio}."
        raise ValueError(msg)
    budget = ratio * prod(shape)
    if parameter_count(shape, 1) > budget:
        least = parameter_count(shape, 1) / prod(shape)
        msg = f"ratio {ratio} is out of reach: rank 1 stores {least:.4f}."
        raise ValueError(msg)
    low, high = 1, max(feasible_ranks(shape, None), default=1)
    while low < high:
        middle = (low + high + 1) // 2
        if parameter_count(shape, middle) <= budget:
            low = middle
        else:
            high = middle - 1
    return low


def svd(
    tensor: Float[Tensor, "*n"],
    *,
    max_rank: Ranks = None,
    rtol: float | None = None,
) -> TTCores:
    r"""TT-SVD: a quasi-optimal train of the given ranks or accuracy.

    The error is at most :math:`\sqrt{d-1}` times that of the best train of
    the same ranks (Oseledets 2011, theorem 2.2); it is *not* the best one.

    Parameters
    ----------
    tensor : Tensor
        Shape (n_1, ..., n_d); the result has its dtype and device.
    max_rank : int, sequence of d - 1 ints, or None
        Caps on the bond ranks.
    rtol : float, optional
        Ranks are cut while the Frobenius error stays below ``rtol * ||T||``.
        Reading the ranks off costs one host synchronisation per bond.

    Raises
    ------
    ValueError
        If a cap is below 1 or rtol is negative.

    Notes
    -----
    The left factor of each unfolding comes from the eigenvectors of its
    small Gram matrix, in float64, and from QR where the rows are the long
    side. It is orthonormal to rounding either way; the truncation error
    is resolved down to about 1e-8 of the norm.
    """
    if rtol is not None and rtol < 0:
        msg = f"rtol must not be negative, got {rtol}."
        raise ValueError(msg)
    shape = tuple(tensor.shape)
    caps = feasible_ranks(shape, max_rank)
    budget = None
    if rtol is not None:
        norm = float(tensor.double().square().sum())
        budget = rtol * rtol * norm / max(len(shape) - 1, 1)
    cores: list[Tensor] = []
    rest, rank = tensor, 1
    for n, cap in zip(shape, caps, strict=False):
        unfolding = rest.reshape(rank * n, -1)
        basis, rest = _left_basis(unfolding, cap, budget)
        cores.append(basis.reshape(rank, n, -1))
        rank = basis.shape[1]
    cores.append(rest.reshape(rank, shape[-1], 1))
    return TTCores(tuple(cores))


def round(tt: TTCores, *, max_rank: Ranks = None, rtol: float | None = None) -> TTCores:
    """Lower the ranks of ``tt`` (TT-rounding), never forming the tensor.

    Parameters
    ----------
    tt : TTCores
        The train to shorten, ranks r.
    max_rank, rtol
        As in :func:`svd`; the same error bound holds.
    """
    caps = feasible_ranks(tt.shape, max_rank)
    cores = list(_right_orthogonal(tt.cores))
    budget = None
    if rtol is not None:
        norm = float(cores[0].double().square().sum())
        budget = rtol * rtol * norm / max(len(cores) - 1, 1)
    for k, cap in enumerate(caps):
        rows = cores[k].reshape(-1, cores[k].shape[2])
        basis, rest = _left_basis(rows, min(cap, *rows.shape), budget)
        cores[k] = basis.reshape(cores[k].shape[0], cores[k].shape[1], -1)
        cores[k + 1] = torch.tensordot(rest, cores[k + 1], dims=1)
    return TTCores(tuple(cores))


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
    """
    cores = list(_right_orthogonal(start.cores))
    rights = _right_interfaces(cores)
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
            new = basis.reshape(r, n, s)
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
    cores = list(_right_orthogonal(at.cores))
    rights = _right_interfaces(cores)
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


def _left_basis(
    matrix: Float[Tensor, "m k"], cap: int, budget: float | None
) -> tuple[Float[Tensor, "m r"], Float[Tensor, "r k"]]:
    """Orthonormal columns spanning the leading left space, and the rest."""
    rows, columns = matrix.shape
    if cap >= rows and budget is None:  # nothing to cut: the identity basis
        eye = torch.eye(rows, dtype=matrix.dtype, device=matrix.device)
        return eye, matrix
    wide = matrix.double()
    if rows <= columns:
        values, vectors = torch.linalg.eigh(wide @ wide.mT)
        values, basis = values.flip(0).clamp(min=0), vectors.flip(1)
    else:
        q, r = torch.linalg.qr(wide)
        u, singular, _ = torch.linalg.svd(r, full_matrices=False)
        values, basis = singular.square(), q @ u
    rank = min(cap, basis.shape[1])
    if budget is not None:
        rank = min(rank, _rank_within(values, budget))
    basis = basis[:, :rank].to(matrix.dtype)
    return basis, basis.mT @ matrix


def _rank_within(squares: Tensor, budget: float) -> int:
    """Smallest rank whose discarded squared singular values fit."""
    tails = squares.flip(0).cumsum(0)  # tails[j]: the j + 1 smallest
    return max(1, squares.numel() - int((tails <= budget).sum()))


def _right_orthogonal(cores: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The same train with every core but the first right-orthogonal."""
    out = list(cores)
    for k in range(len(out) - 1, 0, -1):
        r, n, s = out[k].shape
        q, rest = torch.linalg.qr(out[k].reshape(r, n * s).mT)
        out[k] = q.mT.reshape(-1, n, s)
        out[k - 1] = torch.tensordot(out[k - 1], rest.mT, dims=1)
    return tuple(out)


def _right_interfaces(cores: Sequence[Tensor]) -> list[Tensor]:
    """R_k of shape (r_k, n_{k+1} ... n_d), one for each core."""
    last = cores[-1].new_ones(1, 1)
    interfaces = [last]
    for core in reversed(cores[1:]):
        last = torch.tensordot(core, last, dims=1).reshape(core.shape[0], -1)
        interfaces.append(last)
    return interfaces[::-1]
