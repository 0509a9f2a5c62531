r"""The W block: the minimiser of a quadratic model, in closed form.

.. math::

    \min_X -\langle D, X \rangle
        + \tfrac{1}{2 \eta} \langle X, \hat S X \hat C \rangle,
    \qquad X = \eta \, \hat S^{-1} D \hat C^{-1}.

On a support, and along the set of trains, the inverse metric is applied
once between two orthogonal projections. So <D, X> >= 0 always: each X is a
direction of descent. The functions here return X for eta = 1.
"""

from __future__ import annotations

import torch

from nnbcd._typing import Bool, Float, Tensor
from nnbcd.prox_linear.metrics import Metric

__all__ = ["direction", "on_support", "sparse", "wanted", "whole"]


def wanted(
    lam: Float[Tensor, "m q"], rows: Float[Tensor, "m k"], count: int
) -> Float[Tensor, "q k"]:
    """D, the mean product of multipliers and regressors, (q, k).

    Parameters
    ----------
    lam : Tensor
        Multipliers, shape (m, q).
    rows : Tensor
        Regressors [V, 1], shape (m, k).
    count : int
        Samples of the chunk, wherever their rows are.
    """
    return lam.mT @ rows / count


def whole(
    lam: Float[Tensor, "m q"],
    rows: Float[Tensor, "m k"],
    metric: Metric,
    count: int,
) -> tuple[Float[Tensor, "q k"], Float[Tensor, "q k"]]:
    """D and X of a free matrix: sums over the rows, both.

    With few rows the metric is applied to them instead of to D.

    Parameters
    ----------
    lam, rows, count
        As in :func:`wanted`.
    metric : Metric
    """
    d = wanted(lam, rows, count)
    m, (q, k) = len(rows), d.shape
    by_rows = m * (q * q + k * k + q * k)
    by_sides = q * k * (q + k)
    if by_rows >= by_sides:
        return d, direction(d, metric)
    felt, seen = lam @ metric.s_inverse, rows @ metric.c_inverse
    return d, wanted(felt, seen, count)


def direction(
    d: Float[Tensor, "q k"], metric: Metric
) -> Float[Tensor, "q k"]:
    """X from D, both (q, k), on all entries."""
    return metric.s_inverse @ d @ metric.c_inverse


def sparse(
    d: Float[Tensor, "q k"], metric: Metric, mask: Bool[Tensor, "q p"]
) -> Float[Tensor, "q k"]:
    """X on a support, the bias always kept: one application of the metric.

    Parameters
    ----------
    d : Tensor
        D, shape (q, k).
    metric : Metric
    mask : Tensor
        Kept entries, shape (q, p); k is p or p + 1.
    """
    return on_support(direction(on_support(d, mask), metric), mask)


def on_support(
    x: Float[Tensor, "q k"], mask: Bool[Tensor, "q p"]
) -> Float[Tensor, "q k"]:
    """``x`` with zeros outside the mask; a bias column is left alone.

    Parameters
    ----------
    x : Tensor
        Shape (q, k), k is p or p + 1.
    mask : Tensor
        Shape (q, p).
    """
    kept = x[:, : mask.shape[1]] * mask
    return torch.cat([kept, x[:, mask.shape[1] :]], dim=1)
