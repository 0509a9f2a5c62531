r"""The metric of a link: C of its inputs, S of its outputs.

With a chunk of m samples, each of t positions (one, but in a convolution),

.. math::

    C = \frac{1}{m t} [V, 1]^T [V, 1], \qquad S = \frac{1}{m} Q^T Q,

Q being probes: random rows at the outputs with the Hessian of the loss as
covariance, sent down the recursion of the multipliers. Then S x C is the
block of the Gauss-Newton matrix up to the Kronecker split: exact where
inputs and probes are independent. Sources: Martens and Grosse (2015),
Grosse and Martens (2016).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from nnbcd import linalg
from nnbcd._typing import Float, Tensor

__all__ = ["Metric", "blend", "damped", "measure"]


@dataclass(frozen=True, eq=False)
class Metric:
    """Running means of a link, and the damped inverses.

    Parameters
    ----------
    c, s : Tensor
        Shapes (k, k) and (q, q), k = p plus one with a bias.
    c_inverse, s_inverse : Tensor
        Inverses of the damped ones.
    """

    c: Float[Tensor, "k k"]
    s: Float[Tensor, "q q"]
    c_inverse: Float[Tensor, "k k"]
    s_inverse: Float[Tensor, "q q"]

    @staticmethod
    def of(
        c: Float[Tensor, "k k"],
        s: Float[Tensor, "q q"],
        *,
        bias: bool,
        damping: float,
        kappa: float,
    ) -> Metric:
        """The metric with these running means, damped and inverted.

        Parameters
        ----------
        c, s : Tensor
            Shapes (k, k) and (q, q).
        bias : bool
            Whether the last column of the inputs is the constant.
        damping, kappa : float
            Shares added to C and S, see :func:`damped`.
        """
        return Metric(
            c,
            s,
            _inverse(damped(c, damping, bias=bias)),
            _inverse(damped(s, kappa, bias=False)),
        )


def measure(rows: Float[Tensor, "m k"], count: int) -> Float[Tensor, "k k"]:
    """Sum of the outer products of the rows over ``count``, (k, k)."""
    return linalg.gram(rows) / count


def blend(
    past: Float[Tensor, "d d"], fresh: Float[Tensor, "d d"], weight: float
) -> Float[Tensor, "d d"]:
    """Running mean (d, d): ``weight`` of the past, the rest is fresh."""
    return torch.lerp(fresh, past, weight)


def damped(
    h: Float[Tensor, "d d"], share: float, *, bias: bool
) -> Float[Tensor, "d d"]:
    """``h`` plus ``share`` of its root mean square eigenvalue.

    Most of C lies in few directions, the more so the wider it is. The mean
    diagonal would damp wide layers too little and narrow ones too much.
    The constant column of a bias has its own scale, one: so a step does
    not depend on the unit of the inputs.

    Parameters
    ----------
    h : Tensor
        Shape (d, d), positive semidefinite.
    share : float
        Positive.
    bias : bool
        Whether the last column is the constant.
    """
    p = len(h) - bias
    tiny = torch.finfo(h.dtype).tiny ** 0.5
    size = torch.linalg.matrix_norm(h[:p, :p]) / p**0.5
    shift = (share * size + tiny).repeat(len(h))
    shift[p:] = share
    return h + torch.diag(shift)


def _inverse(h: Tensor) -> Tensor:
    return torch.cholesky_inverse(linalg.factor(h))
