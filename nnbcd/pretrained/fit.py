"""One layer's fit: the nearest member of a set in the metric of its data.

This is the W block of the constraint coupling (:mod:`nnbcd.blocks.w_set`)
with the outputs of the original layer as U.
"""

from __future__ import annotations

import torch

from nnbcd import linalg, support
from nnbcd._typing import Float, Tensor
from nnbcd.pretrained.metric import recentred
from nnbcd.quadratic import Quadratic
from nnbcd.sparsity import keep_largest
from nnbcd.structures import Sparse, Structure, StructuredMatrix
from nnbcd.tensor_train import TTCores

__all__ = ["nearest"]

PASSES = 6
ENOUGH = 0.1  # a pass that gains less than this share is the last
STAGES = 4


def nearest(q: Quadratic, structure: Structure) -> StructuredMatrix:
    """A member of the set where ``q`` is small, given q at W_0.

    Low rank: the minimiser, in closed form. Sparse: entries are dropped in
    stages, those of least cost, and the rest is fitted after each. Tensor
    train: passes of ALS from the TT-SVD of W_0. None is worse than the
    projection of W_0 on the set.

    Parameters
    ----------
    q : Quadratic
        Shapes (q, p), float64.
    structure : Structure
        The set.
    """
    plain = structure.project(q.at)
    if not bool(q.descent.any()) and q.left is None and _identity(q.right):
        return plain
    if isinstance(structure, Sparse):
        out = _thin_out(q, structure.count(_shape(q)))
    elif structure.exact:
        out = structure.least_squares(recentred(q, plain.dense), plain)
    else:
        return _passes(q, structure, plain)
    return out if bool(q.value(out.dense) <= q.value(plain.dense)) else plain


def _passes(
    q: Quadratic, structure: Structure, best: StructuredMatrix
) -> StructuredMatrix:
    """Descent steps within the set until one gains little.

    In single precision: each pass starts from a gradient that was taken in
    double precision, and what it gave is judged in double precision.
    """
    least = q.value(q.minimiser())
    value = q.value(best.dense)
    for _ in range(PASSES):
        short = _single(recentred(q, best.dense))
        new = structure.least_squares(short, _cast(best, torch.float32))
        new = _cast(new, q.at.dtype)
        after = q.value(new.dense)
        if not bool(after < value):
            break
        gain, excess = value - after, value - least
        best, value = new, after
        if bool(gain <= ENOUGH * excess):
            break
    return best


def _thin_out(q: Quadratic, k: int) -> StructuredMatrix:
    """K entries, by stages: dropping few at a time, the rest can adapt."""
    size = q.at.numel()
    best, power = q.minimiser(), q.right.diagonal()
    weight = (power if q.power is None else q.power).clamp(min=0).sqrt()
    if q.left is not None:
        weight = weight * q.left.diagonal().sqrt()[:, None]
    # Rows alone have exact fits, on narrow supports cheap ones. Wide
    # supports, and rows that S couples, take conjugate gradients.
    rows = Quadratic(q.at, q.descent, q.right, None, q.power)
    if q.left is not None:
        lower = linalg.factor(q.left)
        descent = torch.cholesky_solve(q.descent, lower)
        rows = Quadratic(q.at, descent, q.right, None, q.power)
    eye = torch.eye(len(best), dtype=best.dtype, device=best.device)
    coupled = q
    if q.left is None:
        coupled = Quadratic(q.at, q.descent, q.right, eye, q.power)
    for stage in range(1, STAGES + 1):
        kept = round(size * (k / size) ** (stage / STAGES))
        mask = keep_largest(best.abs() * weight, max(kept, k))
        member = StructuredMatrix(best * mask, mask=mask)
        if stage == STAGES:
            member = support.fit_values(rows, member)
        if stage < STAGES or q.left is not None:
            member = support.fit_values(coupled, member)
        best = member.dense
    return member


def _single(q: Quadratic) -> Quadratic:
    left = None if q.left is None else q.left.float()
    return Quadratic(q.at.float(), q.descent.float(), q.right.float(), left)


def _cast(member: StructuredMatrix, dtype: torch.dtype) -> StructuredMatrix:
    cores = member.cores
    if cores is not None:
        cores = TTCores(tuple(core.to(dtype) for core in cores.cores))
    return StructuredMatrix(member.dense.to(dtype), cores, member.mask)


def _identity(matrix: Float[Tensor, "p p"]) -> bool:
    eye = torch.eye(len(matrix), dtype=matrix.dtype, device=matrix.device)
    return torch.equal(matrix, eye)


def _shape(q: Quadratic) -> tuple[int, int]:
    return q.at.shape[0], q.at.shape[1]
