"""The iterate P = (W, b, U, V, G) of one training run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from nnbcd._typing import Tensor
from nnbcd.structures import StructuredMatrix

__all__ = ["State"]


@dataclass(frozen=True, eq=False)
class State:
    """All blocks, layer by layer; layers are counted from 0.

    Parameters
    ----------
    w : tuple of Tensor
        Weights, W[i] of shape (d_out, d_in).
    b : tuple of Tensor or None
        Biases, b[i] of shape (d_out,).
    u, v : tuple of Tensor
        Pre-activations and features, shape (N, d_i). The input V_0 = X is
        not stored: ``v[i]`` follows ``u[i]``.
    g : tuple of StructuredMatrix or None
        The structured copy of each weight, None in free layers.
    affine : tuple of Tensor or None
        Affine images V_{i-1} W_i^T + 1 b_i^T, kept because the next sweep
        and the objective both need them; None while out of date.
    trust : float
        Share of its full step the next consistent sweep takes.
    beta : float
        How far the next extrapolation goes, in lengths of the sweep's step.
    memory : tuple of Tensor
        What a prox-linear sweep hands to the next one: see
        :class:`nnbcd.prox_linear.memory.Memory`.
    """

    w: tuple[Tensor, ...]
    b: tuple[Tensor | None, ...]
    u: tuple[Tensor, ...]
    v: tuple[Tensor, ...]
    g: tuple[StructuredMatrix | None, ...]
    affine: tuple[Tensor | None, ...]
    trust: float = 1.0
    beta: float = 1.0
    memory: tuple[Tensor, ...] = ()

    # Capital names, as in the book: state.W[i] is state.w[i].
    @property
    def W(self) -> tuple[Tensor, ...]:  # noqa: N802
        """The weights."""
        return self.w

    @property
    def U(self) -> tuple[Tensor, ...]:  # noqa: N802
        """The pre-activations."""
        return self.u

    @property
    def V(self) -> tuple[Tensor, ...]:  # noqa: N802
        """The features."""
        return self.v

    @property
    def G(self) -> tuple[StructuredMatrix | None, ...]:  # noqa: N802
        """The structured copies."""
        return self.g

    def put(self, i: int, **blocks: Any) -> State:
        """A copy with the named blocks of layer i replaced.

        Examples
        --------
        ``state.put(0, w=new_w, affine=None)``
        """
        changed: dict[str, Any] = {
            name: swap(getattr(self, name), i, value)
            for name, value in blocks.items()
        }
        return replace(self, **changed)

    def cut(self, part: slice) -> State:
        """The same with the rows ``part`` of U, V and their images only."""
        return replace(
            self,
            u=tuple(u[part] for u in self.u),
            v=tuple(v[part] for v in self.v),
            affine=tuple(None if a is None else a[part] for a in self.affine),
        )

    def weights(self) -> tuple[Tensor, ...]:
        """What the compressed network multiplies with: G, or W if free.

        Returns
        -------
        tuple of Tensor
            Shapes (d_out, d_in).
        """
        return tuple(
            w if g is None else g.dense
            for w, g in zip(self.w, self.g, strict=True)
        )


def swap(items: Iterable[Any], i: int, value: Any) -> tuple[Any, ...]:
    """The items as a tuple with item i replaced."""
    out = list(items)
    out[i] = value
    return tuple(out)
