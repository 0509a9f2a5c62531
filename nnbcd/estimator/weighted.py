r"""A loss in which rows have weights: :math:`\sum_n w_n \ell(v_n; y_n)`.

For the consistent coupling. The weight rides in the last column of the
targets, so it goes wherever its row goes. In a sweep the change wanted of a
row's output is scaled by :math:`w_n / \max w`: the direction is then that
of the weighted loss, in the metric of the unweighted Gram matrices, and the
sweep is taken only if the weighted loss falls.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from nnbcd._typing import Float, Tensor
from nnbcd.losses import CrossEntropy, Loss, Squared

__all__ = ["Weighted", "weigh"]


@dataclass(frozen=True)
class Weighted(Loss):
    """The loss ``inner``, its targets with a last column of weights.

    All tensors are (N, K); targets are (N, K + 1).

    Parameters
    ----------
    inner : Loss
        Squared or CrossEntropy.
    largest : float
        The largest weight.
    """

    inner: Loss = field(default_factory=Squared)
    largest: float = 1.0

    name = "weighted"

    def value(
        self, v: Float[Tensor, "n k"], y: Float[Tensor, "n m"]
    ) -> Float[Tensor, ""]:
        """Weighted sum over all samples, float64, 0-dimensional."""
        wide, truth = v.double(), y[:, :-1].double()
        if isinstance(self.inner, CrossEntropy):
            own = (wide * truth).sum(1)
            rows = torch.logsumexp(wide, 1) - own
        else:
            rows = 0.5 * (wide - truth).square().sum(1)
        return (rows * y[:, -1].double()).sum()

    def target(
        self, u: Float[Tensor, "n k"], y: Float[Tensor, "n m"]
    ) -> Float[Tensor, "n k"]:
        """On the way to the target of the loss, farther for more weight."""
        change = self.inner.target(u, y[:, :-1]) - u
        return u + change * y[:, -1:] / self.largest

    def curvature(self, u: Float[Tensor, "n k"]) -> Tensor | None:
        """Of the loss without weights."""
        return self.inner.curvature(u)

    def probe(
        self,
        u: Float[Tensor, "n k"],
        y: Float[Tensor, "n m"],
        noise: Float[Tensor, "n k"],
    ) -> Float[Tensor, "n k"]:
        """Of the inner loss, times the root of the weight."""
        rows = self.inner.probe(u, y[:, :-1], noise)
        return rows * y[:, -1:].sqrt()

    def prox(
        self, z: Float[Tensor, "n k"], y: Float[Tensor, "n m"], w: float
    ) -> Float[Tensor, "n k"]:
        """Refused: the consistent coupling needs none."""
        msg = "sample weights need coupling='consistent'."
        raise TypeError(msg)

    def subgradient(
        self,
        v: Float[Tensor, "n k"],
        y: Float[Tensor, "n m"],
        rest: Float[Tensor, "n k"],
    ) -> Float[Tensor, "n k"]:
        """Weight times that of the loss, which is smooth here."""
        zero = torch.zeros_like(v)
        slope = self.inner.subgradient(v, y[:, :-1], zero)
        return slope * y[:, -1:] + rest


def weigh(
    inner: Loss, y: Float[Tensor, "n k"], weights: Float[Tensor, " n"]
) -> tuple[Weighted, Float[Tensor, "n m"]]:
    """The weighted loss and its targets.

    Parameters
    ----------
    inner : Loss
    y : Tensor
        Targets of it, shape (N, K).
    weights : Tensor
        Positive, shape (N,).
    """
    joint = torch.cat([y, weights.to(y)[:, None]], dim=1)
    return Weighted(inner, float(weights.max())), joint
