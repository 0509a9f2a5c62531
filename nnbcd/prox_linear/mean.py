"""The mean of the weights over part of a pass."""

from __future__ import annotations

from collections.abc import Sequence

from nnbcd._typing import Tensor
from nnbcd.problem import Problem
from nnbcd.prox_linear.links import Factor, weights_of
from nnbcd.row_pass import Weights
from nnbcd.structures import LowRank, Structure, TensorTrain

__all__ = ["Mean"]


class Mean:
    """Running sums of the factors, (q, p) and (q,) each.

    The two factors of a low-rank matrix have each a mean of its own: they
    move little and keep their gauge on the way. A train's mean is put back
    in the set.
    """

    def __init__(self) -> None:
        self.count = 0
        self.w: list[Tensor] = []
        self.b: list[Tensor | None] = []
        self.last: list[Factor] = []

    def add(self, factors: Sequence[Factor]) -> None:
        """Count the factors in."""
        self.count += 1
        self.last = list(factors)
        if self.count == 1:
            self.w = [f.w.clone() for f in factors]
            self.b = [None if f.b is None else f.b.clone() for f in factors]
            return
        for w, b, f in zip(self.w, self.b, factors, strict=True):
            w += f.w
            if b is not None and f.b is not None:
                b += f.b

    def weights(self, problem: Problem) -> Weights | None:
        """The mean, in the sets; None where there is nothing to average."""
        if self.count < 2:
            return None
        factors = [
            Factor(
                w / self.count,
                None if b is None else b / self.count,
                f.mask,
                f.cores,
            )
            for w, b, f in zip(self.w, self.b, self.last, strict=True)
        ]
        mean = weights_of(problem.network, factors)
        members = tuple(
            structure.project(m.dense) if _is_train(structure) else m
            for structure, m in zip(
                problem.network.structures, mean.members, strict=True
            )
        )
        return Weights(members, mean.biases)


def _is_train(structure: Structure) -> bool:
    one_bond = isinstance(structure, LowRank)
    return isinstance(structure, TensorTrain) and not one_bond
