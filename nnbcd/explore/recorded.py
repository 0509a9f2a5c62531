"""A run with every iterate kept: both sides of a proof can be looked up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from nnbcd import objective
from nnbcd.linalg import squared_norm
from nnbcd.subgradient import subgradient

if TYPE_CHECKING:
    from nnbcd._typing import Tensor
    from nnbcd.history import BlockRecord
    from nnbcd.network import Network
    from nnbcd.problem import Problem
    from nnbcd.solver import Solver
    from nnbcd.state import State

__all__ = ["Recorded", "record"]

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Recorded:
    """Iterates P^0, ..., P^K, and what happened between them.

    Layers are counted from 1, as in the book. Arrays called "by sweep" have
    K entries, for k = 1, ..., K; those "by iterate" have K + 1.

    Parameters
    ----------
    problem : Problem
    states : sequence of State
        P^0, ..., P^K.
    rows : sequence of sequence of BlockRecord
        The block updates of each sweep.
    """

    problem: Problem
    states: Sequence[State]
    rows: Sequence[Sequence[BlockRecord]]

    @property
    def phi(self) -> Numbers:
        """Phi, by iterate, each evaluated from its definition."""
        return self._each(lambda p: float(objective.value(self.problem, p)))

    @property
    def steps(self) -> Numbers:
        """s_k, the root of the summed squared steps, by sweep."""
        return np.array(
            [sum(r.step_norm**2 for r in row) ** 0.5 for row in self.rows]
        )

    @property
    def distances(self) -> Numbers:
        """||P^k - P^(k-1)||, G as a matrix, by sweep."""
        total = np.zeros(len(self.rows))
        for old, new in self._blocks():
            total += np.array([float(squared_norm(b - a)) for a, b in
                               zip(old, new, strict=True)])  # fmt: skip
        return np.sqrt(total)

    def step(self, block: str, layer: int) -> Numbers:
        """Step of a block, [W, b] jointly, cores of G one by one; by sweep.

        Zero for a block that the layer does not have, and for V_0 = X.
        """
        found = [
            [r.step_norm for r in row if (r.block, r.layer) == (block, layer)]
            for row in self.rows
        ]
        return np.array([sum(numbers, 0.0) for numbers in found])

    def slopes(self) -> dict[str, Numbers]:
        """Norms of the subgradient at P^k by sweep, under ``V[1]`` etc."""
        found = [subgradient(self.problem, p) for p in self.states[1:]]
        return {
            name: np.array([float(g[name].norm()) for g in found])
            for name in (found[0] if found else {})
        }

    def weight_norm(self, layer: int) -> Numbers:
        """Spectral norm of W_i, by iterate."""
        return self._each(
            lambda p: float(torch.linalg.matrix_norm(p.w[layer - 1], 2))
        )

    def input_norm(self, layer: int) -> Numbers:
        """Spectral norm of [V_{i-1}, 1] (V_{i-1} without a bias)."""
        return self._each(
            lambda p: float(
                torch.linalg.matrix_norm(self._input(p, layer), 2)
            )
        )

    def misfit(self, layer: int) -> Numbers:
        """Norm of U_i^k - V_{i-1}^(k-1) W_i^k' - 1 b_i^k', by sweep."""
        i, out = layer - 1, []
        for old, new in zip(self.states, self.states[1:], strict=False):
            w, b = new.w[i], new.b[i]
            joint = w if b is None else torch.cat([w, b[:, None]], 1)
            gap = new.u[i] - self._input(old, layer) @ joint.mT
            out.append(float(gap.norm()))
        return np.array(out)

    def split(self, layer: int) -> Numbers:
        """||W_i - G_i||, by iterate."""
        i = layer - 1

        def gap(p: State) -> float:
            g = p.g[i]
            return 0.0 if g is None else float((p.w[i] - g.dense).norm())

        return self._each(gap)

    def least_bond(self, layer: int) -> Numbers:
        """Least singular value kept on any bond of G_i, by iterate."""
        i = layer - 1

        def least(p: State) -> float:
            g = p.g[i]
            assert g is not None and g.cores is not None
            tensor, values, rows = g.cores.to_dense(), [], 1
            for n, r in zip(g.cores.shape, g.cores.ranks, strict=False):
                rows *= n
                unfolding = tensor.reshape(rows, -1)
                values.append(float(torch.linalg.svdvals(unfolding)[r - 1]))
            return min(values)

        return self._each(least)

    def _each(self, look: Callable[[State], float]) -> Numbers:
        return np.array([look(p) for p in self.states])

    def _input(self, p: State, layer: int) -> Tensor:
        v = objective.features(self.problem, p, layer - 1)
        if p.b[layer - 1] is None:
            return v
        return torch.cat([v, v.new_ones(len(v), 1)], 1)

    def _blocks(self) -> list[tuple[list[Tensor], list[Tensor]]]:
        """Every block as two lists, before and after each sweep."""
        columns: list[list[Tensor]] = []
        for i in range(self.problem.depth):
            for name in ("w", "u", "v"):
                columns.append([getattr(p, name)[i] for p in self.states])
            biases = [b for p in self.states if (b := p.b[i]) is not None]
            copies = [g.dense for p in self.states
                      if (g := p.g[i]) is not None]  # fmt: skip
            columns += [c for c in (biases, copies) if c]
        return [(column[:-1], column[1:]) for column in columns]


def record(
    solver: Solver,
    network: Network,
    x: NDArray[np.float64],
    y: NDArray[np.int64],
    *,
    seed: int = 0,
) -> Recorded:
    """Run all sweeps of ``solver`` and keep every iterate.

    Parameters
    ----------
    solver : Solver
        With a penalty or constraint coupling, dense layers only.
    network : Network
        L layers.
    x : array
        Inputs, shape (N, d_0).
    y : array
        Labels, shape (N,).
    seed : int
        Of the starting point.
    """
    problem = solver.problem(network, x, y)
    states, rows = [solver.init(problem, seed=seed)], []
    for k in range(1, solver.sweeps + 1):
        updates = list(solver.blocks(problem, states[-1], k))
        states.append(updates[-1][0])
        rows.append([row for _, row in updates])
    return Recorded(problem, tuple(states), tuple(rows))
