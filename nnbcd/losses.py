r"""Losses: value, proximal map and subgradient.

A loss is a **sum** over the rows of V (N, K). Its proximal map is the V
update of the last layer:
:math:`\operatorname{prox}(z) = \operatorname*{argmin}_v
\ell(v; y) + \tfrac{w}{2} \|v - z\|^2`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import log
from typing import ClassVar

import torch

from nnbcd._typing import Float, Int, Tensor
from nnbcd.linalg import squared_norm

__all__ = [
    "BY_NAME",
    "CrossEntropy",
    "Hinge",
    "Loss",
    "Squared",
    "get_loss",
    "wright_omega",
]


@dataclass(frozen=True)
class Loss(ABC):
    """What a loss must offer. All tensors are (N, K) unless said."""

    name: ClassVar[str]
    convexity: ClassVar[float] = 0.0  # strong convexity in v

    def encode(self, labels: Int[Tensor, " n"], classes: int) -> Tensor:
        """Targets (N, K) for integer labels 0..K-1: one-hot rows."""
        return torch.nn.functional.one_hot(labels, classes)

    def target(
        self, u: Float[Tensor, "n k"], y: Float[Tensor, "n k"]
    ) -> Float[Tensor, "n k"]:
        """Outputs to aim at from u: a proximal point of the loss."""
        return self.prox(u, y, 0.1)

    def curvature(self, u: Float[Tensor, "n k"]) -> Tensor | None:
        """Mean Hessian at u, (K, K), positive definite; None: identity."""
        return None

    def probe(
        self,
        u: Float[Tensor, "n k"],
        y: Float[Tensor, "n k"],
        noise: Float[Tensor, "n k"],
    ) -> Float[Tensor, "n k"]:
        """Random rows whose covariance is the Hessian of the loss at u.

        Here signs, for the identity: a loss without curvature has it too.

        Parameters
        ----------
        u, y : Tensor
            Outputs and targets, (N, K).
        noise : Tensor
            Uniform in [0, 1), shape of ``u``.
        """
        return torch.where(noise < 0.5, -1.0, 1.0).to(u)

    @abstractmethod
    def value(
        self, v: Float[Tensor, "n k"], y: Float[Tensor, "n k"]
    ) -> Float[Tensor, ""]:
        """Sum of the loss over all samples, float64, 0-dimensional."""

    @abstractmethod
    def prox(
        self, z: Float[Tensor, "n k"], y: Float[Tensor, "n k"], w: float
    ) -> Float[Tensor, "n k"]:
        """Minimiser of loss(v; y) + w/2 ||v - z||^2, w > 0."""

    @abstractmethod
    def subgradient(
        self,
        v: Float[Tensor, "n k"],
        y: Float[Tensor, "n k"],
        rest: Float[Tensor, "n k"],
    ) -> Float[Tensor, "n k"]:
        """Element of least norm of the subdifferential at v, plus rest."""


@dataclass(frozen=True)
class Squared(Loss):
    r"""Half the squared error :math:`\tfrac12 \|v - y\|^2`."""

    name = "squared"
    convexity = 1.0

    def target(
        self, u: Float[Tensor, "n k"], y: Float[Tensor, "n k"]
    ) -> Float[Tensor, "n k"]:
        """The minimiser y."""
        return y

    def value(
        self, v: Float[Tensor, "n k"], y: Float[Tensor, "n k"]
    ) -> Float[Tensor, ""]:
        """Half the sum of squared errors."""
        return 0.5 * squared_norm(v - y)

    def prox(
        self, z: Float[Tensor, "n k"], y: Float[Tensor, "n k"], w: float
    ) -> Float[Tensor, "n k"]:
        """The weighted mean (y + w z) / (1 + w)."""
        return (y + w * z) / (1.0 + w)

    def subgradient(
        self,
        v: Float[Tensor, "n k"],
        y: Float[Tensor, "n k"],
        rest: Float[Tensor, "n k"],
    ) -> Float[Tensor, "n k"]:
        """The gradient v - y, plus rest."""
        return v - y + rest


@dataclass(frozen=True)
class Hinge(Loss):
    r"""One-against-all hinge :math:`\sum \max(0, 1 - y v)`, y = +-1."""

    name = "hinge"

    def encode(self, labels: Int[Tensor, " n"], classes: int) -> Tensor:
        """Targets +1 for the class, -1 for the others, shape (N, K)."""
        return 2 * super().encode(labels, classes) - 1

    def value(
        self, v: Float[Tensor, "n k"], y: Float[Tensor, "n k"]
    ) -> Float[Tensor, ""]:
        """Sum of the hinge over samples and classes."""
        return (1 - y * v).clamp(min=0).sum(dtype=torch.float64)

    def prox(
        self, z: Float[Tensor, "n k"], y: Float[Tensor, "n k"], w: float
    ) -> Float[Tensor, "n k"]:
        """Closed form: keep z, move it by 1/w, or stop at the margin."""
        margin = y * z
        moved = torch.where(margin <= 1 - 1 / w, z + y / w, y)
        return torch.where(margin >= 1, z, moved)

    def subgradient(
        self,
        v: Float[Tensor, "n k"],
        y: Float[Tensor, "n k"],
        rest: Float[Tensor, "n k"],
    ) -> Float[Tensor, "n k"]:
        """Slope -y inside, 0 outside; on the margin the best between."""
        margin = y * v
        slope = torch.where(margin < 1, -y, torch.zeros_like(y))
        on_margin = (-(rest * y)).clamp(-1, 0) * y
        return torch.where(margin == 1, on_margin, slope) + rest


@dataclass(frozen=True)
class CrossEntropy(Loss):
    r"""Softmax cross-entropy :math:`\log\sum_k e^{v_k} - y^T v`.

    The proximal map has no closed form, but it comes down to one scalar
    equation per sample. With a = z + y / w, the minimiser is
    v = a - p / w, where p = softmax(v) solves
    :math:`p_k / w + \log p_k = a_k - s` and sums to one. So
    :math:`p_k(s) = w\, \omega(a_k - s - \log w)`, omega the Wright omega
    function, and s is the root of the decreasing convex function
    :math:`\sum_k p_k(s) - 1`. Newton's method started on its left climbs
    to the root monotonically: no line search, no failure.
    """

    name = "cross-entropy"

    def curvature(self, u: Float[Tensor, "n k"]) -> Tensor | None:
        """Mean of diag(p) - p p^T plus a tenth of the identity."""
        p = torch.softmax(u, 1)
        return torch.diag(p.mean(0) + 0.1) - p.mT @ p / len(p)

    def probe(
        self,
        u: Float[Tensor, "n k"],
        y: Float[Tensor, "n k"],
        noise: Float[Tensor, "n k"],
    ) -> Float[Tensor, "n k"]:
        """e_k - p, k drawn from p: covariance diag(p) - p p^T."""
        p = torch.softmax(u, 1)
        drawn = (p.cumsum(1) < noise[:, :1]).sum(1)
        drawn = drawn.clamp(max=p.shape[1] - 1)  # the sum may round below 1
        return torch.nn.functional.one_hot(drawn, p.shape[1]) - p

    def value(
        self, v: Float[Tensor, "n k"], y: Float[Tensor, "n k"]
    ) -> Float[Tensor, ""]:
        """Sum of the cross-entropy over samples."""
        # log(1 + sum of e^(v_k - v_y) over the other classes): nothing
        # cancels, also where the sample is far on the right side.
        wide = v.double()
        own = (wide * y).sum(1, keepdim=True)
        others = (wide - own).masked_fill(y > 0, -torch.inf)
        rest = torch.logsumexp(others, 1)
        return torch.nn.functional.softplus(rest, threshold=700).sum()

    def prox(
        self, z: Float[Tensor, "n k"], y: Float[Tensor, "n k"], w: float
    ) -> Float[Tensor, "n k"]:
        """Machine precision in float64; see the class docstring."""
        a = z.double() + y.double() / w
        # At this s the largest p is exactly one, so the sum is at least one.
        s = a.amax(1, keepdim=True) - 1.0 / w
        for _ in range(_NEWTON_CAP):
            p = w * wright_omega(a - s - log(w))
            slope = (p * w / (p + w)).sum(1, keepdim=True)
            step = (p.sum(1, keepdim=True) - 1.0) / slope
            s = s + step
            # On a GPU reading the test would stall the queue: run on.
            if s.device.type == "cpu" and bool(
                (step <= 1e-15 * (1.0 + s.abs())).all()
            ):
                break
        p = w * wright_omega(a - s - log(w))
        # Two formulas for the same v; take the one that cancels less.
        v = torch.where(p > w, s + p.clamp(min=w).log(), a - p / w)
        return v.to(z.dtype)

    def subgradient(
        self,
        v: Float[Tensor, "n k"],
        y: Float[Tensor, "n k"],
        rest: Float[Tensor, "n k"],
    ) -> Float[Tensor, "n k"]:
        """The gradient softmax(v) - y, plus rest."""
        return torch.softmax(v, 1) - y + rest


_NEWTON_CAP = 40


def wright_omega(x: Float[Tensor, "*s"]) -> Float[Tensor, "*s"]:
    r"""Solution of :math:`\omega + \log \omega = x`, elementwise.

    Solved in the logarithm q = log omega: q + e^q = x, whose left side is
    increasing and convex. The starting point is right of the root to
    within a constant and Newton's method converges from there.

    Parameters
    ----------
    x : Tensor
        Any shape, float64 for full accuracy.

    Examples
    --------
    >>> wright_omega(torch.tensor([1.0], dtype=torch.float64))
    tensor([1.], dtype=torch.float64)
    """
    q = torch.where(x > 1, x.clamp(min=1).log(), x - 0.0)
    for _ in range(6):
        e = q.exp()
        q = q - (q + e - x) / (1 + e)
    # For large x the logarithm has lost digits that x - q still has.
    return torch.where(x > 1, x - q, q.exp())


BY_NAME: dict[str, type[Loss]] = {
    "squared": Squared,
    "hinge": Hinge,
    "cross-entropy": CrossEntropy,
}


def get_loss(name: str) -> Loss:
    """The loss called ``name``: squared, hinge or cross-entropy.

    Raises
    ------
    ValueError
        If no loss has that name; the message lists those that exist.
    """
    if name not in BY_NAME:
        msg = f"loss must be one of {', '.join(BY_NAME)}, not {name!r}."
        raise ValueError(msg)
    return BY_NAME[name]()
