"""Sparse least squares: which entries to keep, and their best values."""

from __future__ import annotations

import torch

from nnbcd._typing import Bool, Float, Tensor
from nnbcd.quadratic import Quadratic
from nnbcd.sparsity import keep_largest
from nnbcd.structures.base import StructuredMatrix

__all__ = ["fit_values", "salient_entries", "threshold_step"]

CG_STEPS = 8
JITTER = {torch.float64: (1e-12, 1e-8), torch.float32: (1e-6, 1e-4)}
BATCH = 2**25  # entries of gathered Gram matrices held at a time


def threshold_step(q: Quadratic, k: int) -> StructuredMatrix:
    r"""Keep the k largest entries of :math:`W_0 + D / \lambda`.

    With lambda above the largest eigenvalue of the Hessian this is the
    minimiser, over matrices with k non-zeros, of a quadratic that lies
    above q and touches it at W_0. So q does not rise if W_0 has at most k
    non-zeros; it falls by (lambda - lambda_max)/2 times the squared step.

    Parameters
    ----------
    q : Quadratic
        Shapes (m, p).
    k : int
        Entries kept.
    """
    top = torch.linalg.eigvalsh(q.right)[-1]
    if q.left is not None:
        top = top * torch.linalg.eigvalsh(q.left)[-1]
    moved = q.at + q.descent / (1.0001 * top)
    mask = keep_largest(moved, k)
    return StructuredMatrix(moved * mask, mask=mask)


def salient_entries(q: Quadratic, k: int) -> StructuredMatrix:
    r"""The minimiser over all matrices, cut to the entries that matter.

    Dropping the entry w at (i, j) alone costs about
    :math:`\tfrac12 w^2 S_{ii} C_{jj}`, with C before damping (see
    ``q.power``); the k largest are kept. This is
    the diagonal form of optimal brain damage (LeCun, Denker, Solla 1990).

    Parameters
    ----------
    q : Quadratic
        Shapes (m, p).
    k : int
        Entries kept.
    """
    best = q.minimiser()
    power = q.right.diagonal() if q.power is None else q.power
    cost = best.abs() * power.clamp(min=0).sqrt()
    if q.left is not None:
        cost = cost * q.left.diagonal().sqrt()[:, None]
    mask = keep_largest(cost, k)
    return StructuredMatrix(best * mask, mask=mask)


def fit_values(q: Quadratic, start: StructuredMatrix) -> StructuredMatrix:
    """Lower q over the matrices with the support of ``start``.

    Without S the rows are independent: exact, one batched Cholesky solve
    on padded rows. With S they couple: conjugate gradients on the support,
    none of whose steps raises q.

    Parameters
    ----------
    q : Quadratic
        Shapes (m, p).
    start : StructuredMatrix
        With its mask, shape (m, p).
    """
    mask = start.mask
    assert mask is not None
    descent = q.descent_at(start.dense) * mask
    if q.left is None:
        step = _rows(q.right, descent, mask)
    else:
        step = _gradients(q, descent, mask)
    return StructuredMatrix(start.dense + step, mask=mask)


def _rows(
    gram: Float[Tensor, "p p"],
    descent: Float[Tensor, "m p"],
    mask: Bool[Tensor, "m p"],
) -> Float[Tensor, "m p"]:
    """Row r solves gram[s, s] x = descent[r, s] on its support s."""
    width = int(mask.sum(1).max())
    if width == 0:
        return torch.zeros_like(descent)
    # Kept columns first; padding columns get a unit diagonal.
    order = (~mask).to(torch.uint8).sort(dim=1, stable=True).indices
    columns = order[:, :width]
    kept = mask.gather(1, columns)
    out = torch.zeros_like(descent)
    size = max(1, BATCH // (width * width))
    for rows in range(0, len(mask), size):
        part = slice(rows, rows + size)
        c, live = columns[part], kept[part]
        system = gram[c[:, :, None], c[:, None, :]]
        system = system * (live[:, :, None] & live[:, None, :])
        system = system + torch.diag_embed((~live).to(gram.dtype))
        rhs = descent[part].gather(1, c) * live
        x = _solve_batch(system, rhs)
        out[part] = out[part].scatter(1, c, x * live)
    return out


def _solve_batch(
    systems: Float[Tensor, "m k k"], rhs: Float[Tensor, "m k"]
) -> Float[Tensor, "m k"]:
    """Solutions by Cholesky; a singular system gets jitter, or stands still.

    The unknown is a step, so neither raises the quadratic.
    """
    mean = systems.diagonal(dim1=1, dim2=2).mean(1)[:, None, None]
    eye = torch.eye(systems.shape[1], dtype=rhs.dtype, device=rhs.device)
    lower, info = torch.linalg.cholesky_ex(systems)
    for jitter in JITTER[rhs.dtype]:
        shifted, again = torch.linalg.cholesky_ex(
            systems + jitter * mean * eye
        )
        bad = (info != 0)[:, None, None]
        lower = torch.where(bad, shifted, lower)
        info = torch.where(info != 0, again, info)
    lower = torch.where((info != 0)[:, None, None], eye, lower)
    x = torch.cholesky_solve(rhs[:, :, None], lower)[:, :, 0]
    return torch.where((info != 0)[:, None], 0, x)


def _gradients(
    q: Quadratic, residual: Tensor, mask: Tensor
) -> Float[Tensor, "m p"]:
    step = torch.zeros_like(residual)
    direction, energy = residual, residual.square().sum()
    for _ in range(CG_STEPS):
        image = q.curve(direction) * mask
        width = (direction * image).sum()
        size = torch.where(width > 0, energy / width, 0 * energy)
        step = step + size * direction
        residual = residual - size * image
        previous, energy = energy, residual.square().sum()
        ratio = torch.where(previous > 0, energy / previous, 0 * energy)
        direction = residual + ratio * direction
    return step
