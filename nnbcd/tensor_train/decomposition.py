"""TT-SVD and rounding."""

from __future__ import annotations

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.checks import number
from nnbcd.tensor_train.cores import TTCores, right_orthogonal
from nnbcd.tensor_train.ranks import Ranks, feasible_ranks

__all__ = ["round", "svd"]


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
    if rtol is not None:
        number("rtol", rtol)
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


def round(
    tt: TTCores, *, max_rank: Ranks = None, rtol: float | None = None
) -> TTCores:
    """Lower the ranks of ``tt`` (TT-rounding), never forming the tensor.

    Parameters
    ----------
    tt : TTCores
        The train to shorten, ranks r.
    max_rank, rtol
        As in :func:`svd`; the same error bound holds.
    """
    if rtol is not None:
        number("rtol", rtol)
    caps = feasible_ranks(tt.shape, max_rank)
    cores = list(right_orthogonal(tt.cores))
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
