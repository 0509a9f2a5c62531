"""One pass over the rows, chunk by chunk, with a fit of W at every layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch

from nnbcd import linalg, targets
from nnbcd._typing import Tensor
from nnbcd.couplings import Consistent
from nnbcd.problem import Problem
from nnbcd.quadratic import from_regression
from nnbcd.state import State
from nnbcd.structures import StructuredMatrix

__all__ = ["Weights", "row_pass"]

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


def _chunks(problem: Problem, rows: int, number: int) -> Iterator[Tensor]:
    """Row indices, shuffled by the sweep's number, in near-equal parts."""
    n = len(problem.x)
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
    rows_each = settings.rows(len(problem.x), width)
    chunks = list(_chunks(problem, rows_each, number))
    mean = _Mean()
    for position, rows in enumerate(chunks):
        inputs, us = _forward(problem, problem.x[rows], members, biases)
        y = problem.y[rows]
        change = step * (problem.loss.target(us[-1], y) - us[-1])
        felt = problem.loss.curvature(us[-1])
        for i in reversed(range(depth)):
            w, below, felt_below = members[i].dense, change, None
            if i > 0:
                below = targets.below(
                    network, i, us[i - 1], w, change, felt, settings
                )
                if lowest < i:
                    felt_below = targets.sensitivity(
                        network, i, us[i - 1], w, felt
                    )
            grams[i] = _running(problem, i, inputs[i], grams[i], memory)
            _fit(problem, i, inputs[i], change, felt, grams, members, biases)
            change, felt = below, felt_below
        if 2 * position >= len(chunks):
            mean.add(members, biases)
    last = Weights(tuple(members), tuple(biases))
    return last, mean.projected(problem)


def _forward(
    problem: Problem, x: Tensor, members: Members, biases: Biases
) -> tuple[list[Tensor], list[Tensor]]:
    """Inputs and pre-activations of every layer for a chunk of rows."""
    inputs, us = [], []
    for linear, sigma, member, b in zip(
        problem.maps,
        problem.network.activations,
        members,
        biases,
        strict=True,
    ):
        inputs.append(x)
        u = linear.forward(x, member.dense, b)
        us.append(u)
        x = sigma(u)
    return inputs, us


def _regressors(problem: Problem, i: int, v: Tensor) -> Tensor:
    a = problem.maps[i].rows(v)
    if not problem.network.layers[i].bias:
        return a
    return torch.cat([a, a.new_ones(len(a), 1)], dim=1)


def _running(
    problem: Problem,
    i: int,
    v: Tensor,
    past: Tensor | None,
    memory: float,
) -> Tensor:
    """Mean Gram matrix of the chunks so far, recent ones weighing more."""
    a = _regressors(problem, i, v)
    gram = linalg.gram(a) / len(a)
    if past is None:
        return gram
    return memory * past + (1 - memory) * gram


def _fit(
    problem: Problem,
    i: int,
    v: Tensor,
    change: Tensor,
    felt: Tensor | None,
    grams: list[Tensor | None],
    members: Members,
    biases: Biases,
) -> None:
    """Move W_i and b_i so that the layer's output changes as wanted."""
    gram, structure = grams[i], problem.network.structures[i]
    assert gram is not None
    settings = _settings(problem)
    a = _regressors(problem, i, v)
    wanted = problem.maps[i].outputs(change).mT @ a / len(a)
    p = problem.maps[i].weight_shape[1]
    shift = (settings.damping * gram.diagonal()[:p].mean()).repeat(len(gram))
    # The constant column has its own scale, 1, whatever the inputs' is.
    shift[p:] = settings.damping
    old, b = members[i], biases[i]
    q, bias_step = from_regression(
        old.dense,
        wanted,
        gram,
        shift,
        # S cancels where W is free.
        None if structure.free else felt,
    )
    new = structure.least_squares(q, old, safe=False)
    members[i] = new
    if b is not None and bias_step is not None:
        biases[i] = b + bias_step(new.dense - old.dense)
