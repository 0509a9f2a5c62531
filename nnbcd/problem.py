"""What is solved: penalties, data and settings, bound together once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch

from nnbcd import linalg
from nnbcd._typing import Float, Tensor
from nnbcd.affine import AffineMap
from nnbcd.checks import number
from nnbcd.couplings import Coupling, Penalty
from nnbcd.losses import Loss
from nnbcd.network import Network
from nnbcd.rows import Rows

__all__ = ["G_STEPS", "LayerPenalties", "Penalties", "Problem"]

G_STEPS = ("svd", "guarded", "als")
PerLayer = float | Sequence[float]
Bounds = tuple[float, float]


@dataclass(frozen=True)
class LayerPenalties:
    """The weights of one layer, all floats; ``bounds`` is a box on V."""

    gamma: float
    rho: float
    tau: float
    alpha: float
    ridge: float
    bounds: Bounds | None


@dataclass(frozen=True)
class Penalties:
    r"""Weights of the lifted objective, one number or one per layer.

    Parameters
    ----------
    gamma : float or sequence of float
        Weight of :math:`\tfrac12\|V_i - \sigma_i(U_i)\|^2`, positive.
    rho : float or sequence of float
        Weight of :math:`\tfrac12\|U_i - V_{i-1} W_i^T - 1 b_i^T\|^2`,
        positive.
    tau : float or sequence of float
        Weight of the pull :math:`\tfrac12\|W_i - G_i\|^2`, positive; it
        acts in structured layers only.
    alpha : float or sequence of float
        Proximal weight, not negative. The H1 constant of the U and G
        blocks is alpha / 2, so the theorem needs alpha > 0.
    ridge : float or sequence of float
        Weight of :math:`\tfrac12\|W_i\|^2`, not negative.
    v_bounds : (lo, hi), optional
        Box on every hidden V; (0, inf) asks for non-negative features.

    Raises
    ------
    ValueError
        If a weight has the wrong sign or is not finite.
    """

    gamma: PerLayer = 0.5
    rho: PerLayer = 0.5
    tau: PerLayer = 5.0
    alpha: PerLayer = 1.0
    ridge: PerLayer = 0.0
    v_bounds: Bounds | None = None

    def __post_init__(self) -> None:
        for name in ("gamma", "rho", "tau", "alpha", "ridge"):
            value = getattr(self, name)
            strict = name in ("gamma", "rho", "tau")
            if isinstance(value, Sequence) and not isinstance(value, str):
                checked: object = tuple(
                    number(name, x, strict=strict) for x in value
                )
            else:
                checked = number(name, value, strict=strict)
            object.__setattr__(self, name, checked)
        if self.v_bounds is not None:
            object.__setattr__(self, "v_bounds", _bounds(self.v_bounds))

    def resolve(self, depth: int) -> tuple[LayerPenalties, ...]:
        """One :class:`LayerPenalties` for each of ``depth`` layers."""

        def spread(name: str) -> list[float]:
            value = getattr(self, name)
            if not isinstance(value, tuple):
                return [float(value)] * depth
            if len(value) != depth:
                msg = f"{name} has {len(value)} values for {depth} layers."
                raise ValueError(msg)
            return [float(x) for x in value]

        gamma, rho, tau, alpha, ridge = map(
            spread, ("gamma", "rho", "tau", "alpha", "ridge")
        )
        return tuple(
            LayerPenalties(
                gamma=gamma[i],
                rho=rho[i],
                tau=tau[i],
                alpha=alpha[i],
                ridge=ridge[i],
                bounds=self.v_bounds if i + 1 < depth else None,
            )
            for i in range(depth)
        )


@dataclass(frozen=True, eq=False)
class Problem:
    """Data, network and weights of one training problem.

    Made by :meth:`nnbcd.Solver.problem`, which checks its inputs.

    Parameters
    ----------
    network : Network
        L layers.
    x : Tensor
        Inputs, shape (N, d_0), flattened.
    y : Tensor
        Targets, shape (N, d_L), encoded for the loss.
    loss : Loss
        The loss.
    layers : tuple of LayerPenalties
        One for each layer.
    g_step : str
        How the G block of a tensor train is solved: one of ``G_STEPS``.
    classes : Tensor, optional
        The labels behind the columns of y, for classification.
    coupling : Coupling
        How weights and structures meet.
    rows : Rows
        How the N rows are gone through; with several processes, x and y
        are this one's share.
    names : tuple of str, optional
        The words behind ``classes``, where the labels were words.
    """

    network: Network
    x: Float[Tensor, "n d0"]
    y: Float[Tensor, "n dL"]
    loss: Loss
    layers: tuple[LayerPenalties, ...]
    g_step: str = "guarded"
    classes: Tensor | None = field(default=None, repr=False)
    coupling: Coupling = field(default_factory=Penalty)
    names: tuple[str, ...] | None = field(default=None, repr=False)
    rows: Rows = field(default=Rows(), repr=False)

    @property
    def samples(self) -> int:
        """Number of rows N, those of all processes together."""
        return len(self.x) if self.rows.every is None else self.rows.every

    @property
    def depth(self) -> int:
        """Number of layers L."""
        return len(self.network.layers)

    @property
    def maps(self) -> tuple[AffineMap, ...]:
        """The linear map of each layer."""
        return self.network.maps

    @cached_property
    def input_gram(self) -> Tensor:
        """Gram matrix of layer 1's regressors: X never changes."""
        linear, bias = self.maps[0], self.network.layers[0].bias
        (total,) = self.rows.total(
            lambda part: (gram(linear, part.x, bias=bias),), self
        )
        return total

    @cached_property
    def input_rms(self) -> float:
        """Root mean square of the entries of X: its unit."""
        (squares,) = self.rows.total(
            lambda part: (part.x.double().square().sum(),), self
        )
        count = self.samples * self.maps[0].d_in
        return float((squares / count).sqrt())

    @cached_property
    def input_factor(self) -> Tensor:
        """Cholesky factor of layer 1's W system: factored once."""
        return linalg.factor(self.normal_matrix(0, self.input_gram))

    def has_copy(self, i: int) -> bool:
        """True where a structured copy G_i stands beside a free W_i."""
        free = self.network.structures[i].free
        return isinstance(self.coupling, Penalty) and not free

    def shift(self, i: int) -> Float[Tensor, " p"]:
        """Diagonal (p,) added to rho * Gram in the W system of layer i."""
        weights, layer = self.layers[i], self.network.layers[i]
        tau = weights.tau if self.has_copy(i) else 0.0
        p = self.maps[i].weight_shape[1]
        shift = self.x.new_full((p + layer.bias,), weights.alpha)
        shift[:p] += tau + weights.ridge
        return shift

    def normal_matrix(
        self, i: int, gram_matrix: Float[Tensor, "p p"]
    ) -> Float[Tensor, "p p"]:
        """Matrix (p, p) of the W system: rho * Gram + diag(shift)."""
        return self.layers[i].rho * gram_matrix + torch.diag(self.shift(i))


CHUNK = 2**25  # entries of a patch matrix held at a time


def chunks(linear: AffineMap, n: int) -> list[slice]:
    """Row slices whose regressors stay below ``CHUNK`` entries."""
    per_row = linear.rows_per_sample * linear.weight_shape[1]
    if linear.rows_per_sample == 1:  # dense: V itself, nothing is unfolded
        return [slice(0, n)]
    size = max(1, CHUNK // per_row)
    return [slice(k, min(k + size, n)) for k in range(0, n, size)]


def gram(linear: AffineMap, v: Tensor, *, bias: bool) -> Float[Tensor, "p p"]:
    """A^T A for the regressors A = [rows(V), 1] of a layer, (p, p)."""
    p = linear.weight_shape[1]
    total = v.new_zeros(p + bias, p + bias)
    for part in chunks(linear, v.shape[0]):
        a = linear.rows(v[part])
        total[:p, :p] += linalg.gram(a)
        if bias:
            total[:p, p] += a.sum(0)
    if bias:
        total[p, :p] = total[:p, p]
        total[p, p] = v.shape[0] * linear.rows_per_sample
    return total


def _bounds(value: Any) -> Bounds:
    try:
        lo, hi = (float(x) for x in value)
    except (TypeError, ValueError):
        lo, hi = 0.0, 0.0
    if not lo < hi:
        msg = f"v_bounds needs (lo, hi) with lo < hi, got {value!r}."
        raise ValueError(msg)
    return lo, hi
