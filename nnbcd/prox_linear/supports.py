r"""Which entries of a sparse matrix are kept, while a pass goes on.

In the first sweeps a pass opens the support and closes it again along a
cubic (Zhu and Gupta, 2017). The entries of least
:math:`|W_{jk}| \sqrt{S_{jj} C_{kk}}` go: that is what the model loses to
second order. Every pass ends in the set asked for.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.prox_linear.links import Factor, Link
from nnbcd.prox_linear.metrics import Metric
from nnbcd.sparsity import keep_largest
from nnbcd.structures import Sparse

__all__ = ["CLOSED", "opened", "salience", "tightened"]

CLOSED = 0.75  # of a pass: from there on the support is that asked for


def opened(link: Link, factor: Factor) -> Factor:
    """The factor with every entry of a sparse matrix allowed."""
    if not isinstance(link.structure, Sparse):
        return factor
    mask = torch.ones_like(factor.w, dtype=torch.bool)
    return replace(factor, mask=mask)


def salience(w: Float[Tensor, "q p"], metric: Metric) -> Float[Tensor, "q p"]:
    """|w| times the root of S_jj C_kk, shape (q, p)."""
    inputs = metric.c.diagonal()[: w.shape[1]].sqrt()
    return w.abs() * metric.s.diagonal().sqrt()[:, None] * inputs


def tightened(
    link: Link, factor: Factor, metric: Metric, done: float
) -> Factor:
    """The factor on a smaller support; what is out stays out.

    Parameters
    ----------
    link, factor : Link, Factor
        Weights of shape (q, p); only sparse ones change.
    metric : Metric
        Of the link.
    done : float
        Share of the pass that is over.
    """
    structure, mask = link.structure, factor.mask
    if not isinstance(structure, Sparse) or mask is None:
        return factor
    asked = structure.count(link.linear.weight_shape)
    left = max(0.0, 1 - done / CLOSED) ** 3
    keep = asked + int(left * (mask.numel() - asked))
    # Entries inside come before those outside, also if they are zero.
    tiny = torch.finfo(factor.w.dtype).tiny
    score = (salience(factor.w, metric) + tiny) * mask
    mask = keep_largest(score, keep)
    return replace(factor, w=factor.w * mask, mask=mask)
