r"""What an error of a layer costs: the quadratic that its fit lowers.

.. math::

    q(W) = \tfrac12 \operatorname{tr}(S \Delta (C + \lambda I) \Delta^T)
    - \langle D, \Delta \rangle, \qquad \Delta = W - W_0,

with C the Gram matrix of the layer's inputs, its bias eliminated, and
:math:`\lambda` a share of the mean diagonal of C: where the inputs do not
reach, W stays near the original W_0. S is one of

* ``outputs``: how much the outputs of the whole module feel each output of
  the layer, the mean of :math:`g g^T` over rows g of gradients;
* ``layer``: the identity: the error of the layer's own outputs;
* ``weights``: the identity, and C as well: the error of the weight, as
  truncation and magnitude pruning have it. The bias stays as it is.
"""

from __future__ import annotations

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.pretrained.sums import Sums
from nnbcd.quadratic import BiasStep, Quadratic, from_regression

__all__ = ["METRICS", "recentred", "quadratic"]

METRICS = ("outputs", "layer", "weights")
FELT = 0.01  # share of its mean diagonal added to S


def quadratic(
    metric: str,
    sums: Sums,
    w: Float[Tensor, "q p"],
    b: Float[Tensor, " q"] | None,
    damping: float,
) -> tuple[Quadratic, BiasStep | None]:
    """The quadratic of W at W_0, and the bias that goes with a step.

    Parameters
    ----------
    metric : str
        One of ``METRICS``.
    sums : Sums
        Of the layer's inputs and original outputs.
    w, b : Tensor
        W_0 (q, p) and b_0 (q,), float64.
    damping : float
        lambda over the mean diagonal of C.
    """
    p = w.shape[1]
    if metric == "weights":
        eye = torch.eye(p, dtype=w.dtype, device=w.device)
        return Quadratic(w, torch.zeros_like(w), eye), None
    k = p + (b is not None)
    joint = w if b is None else torch.cat([w, b[:, None]], dim=1)
    # Means over the rows: then values compare between layers.
    gram, cross = sums.gram / sums.rows, sums.cross / sums.rows
    gram, wanted = gram[:k, :k], cross[:, :k] - joint @ gram[:k, :k]
    shift = torch.zeros_like(gram.diagonal())
    power = gram.diagonal()[:p].mean()
    shift[:p] = damping * power + torch.finfo(w.dtype).tiny ** 0.5
    felt = None
    if metric == "outputs" and sums.felt is not None:
        felt = sums.felt / sums.rows
        felt.diagonal().add_(FELT * felt.diagonal().mean())
    return from_regression(w, wanted, gram, shift, felt)


def recentred(q: Quadratic, at: Float[Tensor, "q p"]) -> Quadratic:
    """The same quadratic, up to a constant, written at another matrix.

    Parameters
    ----------
    q : Quadratic
    at : Tensor
        Shape (q, p).
    """
    return Quadratic(at, q.descent_at(at), q.right, q.left, q.power)
