"""One pass over the rows: a step of every W for each chunk."""

from __future__ import annotations

import torch

from nnbcd._typing import Tensor
from nnbcd.couplings import ProxLinear
from nnbcd.prox_linear import moves, trust
from nnbcd.prox_linear.links import (
    Factor,
    Link,
    factors_of,
    joined,
    links_of,
    weights_of,
)
from nnbcd.prox_linear.mean import Mean
from nnbcd.prox_linear.memory import Memory
from nnbcd.prox_linear.metrics import measure
from nnbcd.prox_linear.multipliers import backward, forward
from nnbcd.problem import Problem
from nnbcd.row_pass import Weights, chunks
from nnbcd.state import State
from nnbcd.structures import StructuredMatrix

__all__ = ["row_pass"]


def row_pass(
    problem: Problem, state: State, number: int
) -> tuple[Weights, Weights | None, tuple[Tensor, ...]]:
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
        Mean over the second half of the chunks. None for a single chunk.
    memory : tuple of Tensor
        For the next pass.
    """
    settings = problem.coupling
    assert isinstance(settings, ProxLinear)
    network, eta = problem.network, settings.step * state.trust
    links = links_of(network)
    members = [
        StructuredMatrix(w) if g is None else g
        for w, g in zip(state.w, state.g, strict=True)
    ]
    factors = factors_of(network, members, state.b)
    memory = Memory.read(state.memory, links, problem.x, settings)
    width = max(linear.weight_shape[1] for linear in problem.maps)
    parts = list(
        chunks(problem, settings.rows(problem.samples, width), number)
    )
    noise = torch.Generator().manual_seed(number)
    mean = Mean()
    for position, numbers in enumerate(parts):
        x, y = problem.rows.pick(problem, numbers)
        inputs, us = forward(links, factors, x)
        if memory.due(settings):
            _measure(
                problem, links, factors, inputs, us, y, numbers, noise, memory
            )
        top = -problem.loss.subgradient(us[-1], y, torch.zeros_like(us[-1]))
        lams = backward(links, factors, us, top)
        loss = problem.loss.value(us[-1], y).to(top)
        count = len(numbers)
        plans, sums = [], [loss / count]
        for link, factor, v, lam, metric in zip(
            links, factors, inputs, lams, memory.metrics, strict=True
        ):
            rows = joined(link, link.linear.rows(v))
            sums += moves.sums(
                factor, link.linear.outputs(lam), rows, metric, count
            )
        loss, *rest = problem.rows.add(*sums)
        for link, factor, metric in zip(
            links, factors, memory.metrics, strict=True
        ):
            plans.append(moves.plan(link, factor, metric, rest))
        promised = torch.stack([plan.promised for plan in plans]).sum()
        length = eta * trust.factor(promised, loss, settings.clip)
        for i, plan in enumerate(plans):
            factors[i], memory.steps[i] = moves.move(
                links[i],
                factors[i],
                plan,
                length,
                memory.steps[i],
                settings.inertia,
            )
        memory.age += 1
        if 2 * position >= len(parts):
            mean.add(factors)
    last = weights_of(network, factors)
    return last, mean.weights(problem), memory.pack()


def _measure(
    problem: Problem,
    links: list[Link],
    factors: list[Factor],
    inputs: list[Tensor],
    us: list[Tensor],
    y: Tensor,
    numbers: Tensor,
    generator: torch.Generator,
    memory: Memory,
) -> None:
    """Measure C and S on a chunk: one backward pass with probes."""
    settings = problem.coupling
    assert isinstance(settings, ProxLinear)
    count, outputs = len(numbers), us[-1].shape[1]
    # Drawn for all rows of the chunk, so that it does not matter who holds
    # which, and on the CPU, so that every device draws the same.
    noise = torch.rand(count, outputs, generator=generator)
    noise = noise.to(us[-1])
    if problem.rows.group is not None:
        noise = noise[problem.rows.among(problem, numbers)]
    probes = backward(
        links, factors, us, problem.loss.probe(us[-1], y, noise)
    )
    sums = []
    for link, v, q in zip(links, inputs, probes, strict=True):
        each = link.linear.rows_per_sample
        rows = joined(link, link.linear.rows(v))
        sums.append(measure(rows, count * each))
        sums.append(measure(link.linear.outputs(q), count))
    added = problem.rows.add(*sums)
    memory.measured(links, added[::2], added[1::2], settings)
