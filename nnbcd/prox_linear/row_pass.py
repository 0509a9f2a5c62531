"""One pass over the rows: a step of every W for each chunk."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from nnbcd._typing import Tensor
from nnbcd.couplings import ProxLinear
from nnbcd.linalg import SingularMatrixError
from nnbcd.problem import Problem
from nnbcd.prox_linear import moves, supports, trust
from nnbcd.prox_linear.links import (
    factors_of,
    joined,
    links_of,
    weights_of,
)
from nnbcd.prox_linear.mean import Mean
from nnbcd.prox_linear.memory import Memory
from nnbcd.prox_linear.metrics import Metric, measure
from nnbcd.prox_linear.multipliers import backward, forward
from nnbcd.row_pass import Weights, chunks
from nnbcd.state import State
from nnbcd.structures import StructuredMatrix

__all__ = ["row_pass"]

Outcome = tuple[Weights, Weights | None, tuple[Tensor, ...]]


def row_pass(problem: Problem, state: State, number: int) -> Outcome | None:
    """Weights after one pass over the rows, and their mean on the way.

    Parameters
    ----------
    problem : Problem
        With a :class:`nnbcd.couplings.ProxLinear` coupling.
    state : State
        Where the pass starts; W_i of shape (d_out, d_in).
    number : int
        Of the sweep: decides the order of the rows and the probes.

    Returns
    -------
    last : Weights
        After the last chunk.
    mean : Weights or None
        Mean over the last part of the chunks, half of them unless supports
        were open. None for a single chunk.
    memory : tuple of Tensor
        For the next pass.

    None instead if the steps were so long that numbers overflowed.
    """
    walk = _Walk(problem, state, number)
    settings = walk.settings
    width = max(linear.weight_shape[1] for linear in problem.maps)
    size = settings.rows(problem.samples, width)
    parts = list(chunks(problem, size, number))
    mean = Mean()
    since = 0.5
    if number <= settings.opening and walk.open():
        since = supports.CLOSED
    try:
        for position, numbers in enumerate(parts):
            walk.step(numbers)
            done = (position + 1) / len(parts)
            if since == supports.CLOSED and (position % 4 == 0 or done == 1):
                walk.tighten(done)
            if done > since:
                mean.add(walk.factors)
    except (OverflowError, SingularMatrixError):
        return None
    if not _finite(f.w for f in walk.factors):
        return None
    last = weights_of(problem.network, walk.factors)
    return last, mean.weights(problem), walk.memory.pack()


class _Walk:
    """Weights and memory on their way through the chunks."""

    def __init__(self, problem: Problem, state: State, number: int) -> None:
        assert isinstance(problem.coupling, ProxLinear)
        self.problem, self.settings = problem, problem.coupling
        self.trust = state.trust
        self.links = links_of(problem.network)
        members = [
            StructuredMatrix(w) if g is None else g
            for w, g in zip(state.w, state.g, strict=True)
        ]
        self.factors = factors_of(problem.network, members, state.b)
        self.memory = Memory.read(
            state.memory, self.links, problem.x, self.settings
        )
        self.noise = torch.Generator().manual_seed(number)

    @property
    def metrics(self) -> list[Metric]:
        """Of every link, once measured."""
        return [x for x in self.memory.metrics if x is not None]

    def open(self) -> bool:
        """Allow every entry of the sparse matrices; whether there are."""
        self.factors = list(map(supports.opened, self.links, self.factors))
        return any(factor.mask is not None for factor in self.factors)

    def tighten(self, done: float) -> None:
        """Close the supports again, ``done`` of the pass being over."""
        self.factors = [
            supports.tightened(*of_link, done)
            for of_link in zip(
                self.links, self.factors, self.metrics, strict=True
            )
        ]

    def step(self, numbers: Tensor) -> None:
        """One chunk: multipliers, metrics if due, a step of every W."""
        problem, links = self.problem, self.links
        # Of the chunk's rows those that are here; sums are over all.
        x, y = problem.rows.pick(problem, numbers)
        inputs, us = forward(links, self.factors, x)
        rows = [
            joined(link, link.linear.rows(v))
            for link, v in zip(links, inputs, strict=True)
        ]
        if self.memory.due(self.settings):
            self._measure(numbers, rows, us, y)
        zero = torch.zeros_like(us[-1])
        top = -problem.loss.subgradient(us[-1], y, zero)
        lams = backward(links, self.factors, us, top)
        count = len(numbers)
        sums = [problem.loss.value(us[-1], y).to(top) / count]
        for link, factor, lam, a, metric in zip(
            links, self.factors, lams, rows, self.metrics, strict=True
        ):
            lam = link.linear.outputs(lam)
            sums += moves.sums(factor, lam, a, metric, count)
        loss, *summed = problem.rows.add(*sums)
        self._move(loss, summed)
        self.memory.age += 1

    def _move(self, loss: Tensor, summed: list[Tensor]) -> None:
        plans = [
            moves.plan(*of_link, summed)
            for of_link in zip(
                self.links, self.factors, self.metrics, strict=True
            )
        ]
        promised = torch.stack([plan.promised for plan in plans]).sum()
        eta = self.trust * trust.eta(self.settings, self.memory.age)
        length = eta * trust.factor(promised, loss, self.settings.clip)
        inertia = self.settings.inertia
        moved = [
            moves.move(link, factor, plan, length, last, inertia)
            for link, factor, plan, last in zip(
                self.links,
                self.factors,
                plans,
                self.memory.steps,
                strict=True,
            )
        ]
        self.factors = [factor for factor, _ in moved]
        self.memory.steps = [step for _, step in moved]

    def _measure(
        self, numbers: Tensor, rows: list[Tensor], us: list[Tensor], y: Tensor
    ) -> None:
        """C and S on this chunk: a second way back, of the probes."""
        problem, count = self.problem, len(numbers)
        # Drawn for all rows of the chunk, so that it does not matter who
        # holds which, and on the CPU: every device draws the same.
        noise = torch.rand(count, us[-1].shape[1], generator=self.noise)
        noise = noise.to(us[-1])
        if problem.rows.group is not None:
            noise = noise[problem.rows.among(problem, numbers)]
        top = problem.loss.probe(us[-1], y, noise)
        probes = backward(self.links, self.factors, us, top)
        sums = []
        for link, a, q in zip(self.links, rows, probes, strict=True):
            sums.append(measure(a, count * link.linear.rows_per_sample))
            sums.append(measure(link.linear.outputs(q), count))
        added = problem.rows.add(*sums)
        self.memory.measured(
            self.links, added[::2], added[1::2], self.settings
        )


def _finite(tensors: Iterable[Tensor]) -> bool:
    return all(bool(torch.isfinite(x).all()) for x in tensors)
