"""One pass over the rows, chunk by chunk, with a fit of W at every layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from nnbcd import row_sums, targets
from nnbcd._typing import Tensor
from nnbcd.couplings import Consistent
from nnbcd.problem import Problem
from nnbcd.quadratic import from_regression
from nnbcd.state import State
from nnbcd.structures import StructuredMatrix

__all__ = ["Weights", "chunks", "row_pass"]

Members = list[StructuredMatrix]
Biases = list[Tensor | None]


@dataclass(frozen=True, eq=False)
class Weights:
    """W_i in its set, (d_out, d_in), and b_i (d_out,) or None, by layer."""

    members: tuple[StructuredMatrix, ...]
    biases: tuple[Tensor | None, ...]


class _Mean:
    """Running sum of weights and biases."""

    def __init__(self) -> None:
        self.count = 0
        self.w: list[Tensor] = []
        self.b: Biases = []

    def add(self, members: Members, biases: Biases) -> None:
        self.count += 1
        if self.count == 1:
            self.w, self.b = [m.dense for m in members], list(biases)
            return
        self.w = [a + m.dense for a, m in zip(self.w, members, strict=True)]
        self.b = [
            None if a is None or b is None else a + b
            for a, b in zip(self.b, biases, strict=True)
        ]

    def projected(self, problem: Problem) -> Weights | None:
        if self.count < 2:  # nothing to average
            return None
        return Weights(
            tuple(
                s.project(w / self.count)
                for s, w in zip(
                    problem.network.structures, self.w, strict=True
                )
            ),
            tuple(None if b is None else b / self.count for b in self.b),
        )


def _settings(problem: Problem) -> Consistent:
    assert isinstance(problem.coupling, Consistent)
    return problem.coupling


def chunks(problem: Problem, rows: int, number: int) -> Iterator[Tensor]:
    """Row numbers, shuffled by the sweep's number, in near-equal parts."""
    n = problem.samples
    order = torch.randperm(n, generator=torch.Generator().manual_seed(number))
    parts = -(-n // rows)
    yield from order.to(problem.x.device).tensor_split(parts)


def row_pass(
    problem: Problem, state: State, number: int
) -> tuple[Weights, Weights | None]:
    """Weights after one pass over the rows, and their mean on the way.

    Parameters
    ----------
    problem : Problem
        With a :class:`nnbcd.couplings.Consistent` coupling.
    state : State
        Where the pass starts; W_i of shape (d_out, d_in).
    number : int
        Of the sweep: decides the order of the rows.

    Returns
    -------
    last : Weights
        After the last chunk.
    mean : Weights or None
        Mean over the second half of the chunks, put back in the sets: it
        has less of the noise of single chunks. None for a single chunk.
    """
    settings = _settings(problem)
    step = settings.step * state.trust
    # Shorter steps need longer means: their ratio stays as it was set.
    memory = 1 - (1 - settings.memory) * state.trust
    network, depth = problem.network, problem.depth
    members: Members = [
        StructuredMatrix(w) if g is None else g
        for w, g in zip(state.w, state.g, strict=True)
    ]
    biases: Biases = list(state.b)
    grams: list[Tensor | None] = [None] * depth
    # S is needed where a structure stands at or below a layer.
    lowest = min(
        (i for i, s in enumerate(network.structures) if not s.free),
        default=depth,
    )
    width = max(linear.weight_shape[1] for linear in problem.maps)
    rows_each = settings.rows(problem.samples, width)
    parts = list(chunks(problem, rows_each, number))
    mean = _Mean()
    for position, numbers in enumerate(parts):
        # Of the chunk's rows those that are here; sums are over all.
        x, y = problem.rows.pick(problem, numbers)
        inputs, us = row_sums.forward(problem, x, members, biases)
        felts, fresh = row_sums.statistics(
            problem, inputs, us, members, lowest, len(numbers)
        )
        change = step * (problem.loss.target(us[-1], y) - us[-1])
        changes = [change]
        for i in reversed(range(1, depth)):
            w, u = members[i].dense, us[i - 1]
            change = targets.below(
                network, i, u, w, change, felts[i], settings, problem.rows
            )
            changes.insert(0, change)
        wanted = row_sums.wanted(problem, inputs, changes, len(numbers))
        for i, gram in enumerate(fresh):
            past = grams[i]
            if past is not None:  # recent chunks weigh more
                gram = memory * past + (1 - memory) * gram
            grams[i] = gram
            members[i], biases[i] = _fit(
                problem, i, wanted[i], felts[i], gram, members[i], biases[i]
            )
        if 2 * position >= len(parts):
            mean.add(members, biases)
    last = Weights(tuple(members), tuple(biases))
    return last, mean.projected(problem)


def _fit(
    problem: Problem,
    i: int,
    wanted: Tensor,
    felt: Tensor | None,
    gram: Tensor,
    old: StructuredMatrix,
    b: Tensor | None,
) -> tuple[StructuredMatrix, Tensor | None]:
    """Move W_i and b_i so that the layer's output changes as wanted."""
    structure, settings = problem.network.structures[i], _settings(problem)
    p = problem.maps[i].weight_shape[1]
    shift = (settings.damping * gram.diagonal()[:p].mean()).repeat(len(gram))
    # The constant column has its own scale, 1, whatever the inputs' is.
    shift[p:] = settings.damping
    q, bias_step = from_regression(
        old.dense,
        wanted,
        gram,
        shift,
        # S cancels where W is free.
        None if structure.free else felt,
    )
    new = structure.least_squares(q, old, safe=False)
    if b is not None and bias_step is not None:
        b = b + bias_step(new.dense - old.dense)
    return new, b
