"""A sweep of the consistent coupling: descent of the true training loss."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import torch

from nnbcd import objective, targets
from nnbcd._typing import Tensor
from nnbcd.blocks.w import joined
from nnbcd.couplings import Consistent
from nnbcd.initialisation import forward_state
from nnbcd.problem import Problem
from nnbcd.quadratic import Quadratic
from nnbcd.state import State
from nnbcd.structures import StructuredMatrix
from nnbcd.sweep import Update

__all__ = ["sweep"]

HALVINGS = 4
Members = list[StructuredMatrix]
Biases = list[Tensor | None]


def sweep(
    problem: Problem, state: State, number: int
) -> tuple[State, Update]:
    """One pass over the rows, accepted only if the true loss falls.

    Parameters
    ----------
    problem : Problem
        With a :class:`nnbcd.couplings.Consistent` coupling.
    state : State
        U and V are the forward pass of the weights.
    number : int
        Decides the order of the rows, so that runs repeat exactly.

    Returns
    -------
    State
        The state after the sweep, or the old one if every step was refused.
    Update
        One entry for the whole sweep: the loss before and after.
    """
    start = time.perf_counter()
    before = objective.value(problem, state)
    settings = _settings(problem)
    step = settings.step * state.trust
    members, biases = _pass(problem, state, settings, step, number)
    modulus = settings.decrease * len(problem.x)
    share, new, after = 1.0, state, before
    squared = torch.zeros_like(before)
    for _ in range(HALVINGS):
        candidate = _blend(problem, state, members, biases, share)
        value = objective.value(problem, candidate)
        length = _distance(state, candidate)
        if bool(value <= before - modulus * length):
            new, after, squared = candidate, value, length
            break
        share *= 0.5
    # A refused sweep shortens the next one, a good one lengthens it.
    trust = min(1.0, 1.5 * state.trust) if share == 1 else share * state.trust
    update = Update(
        layer=-1,
        block="all",
        before=before,
        after=after,
        squared_step=squared,
        guaranteed=modulus * squared,
        seconds=time.perf_counter() - start,
    )
    return replace(new, trust=trust), update


def _settings(problem: Problem) -> Consistent:
    assert isinstance(problem.coupling, Consistent)
    return problem.coupling


def _chunks(problem: Problem, rows: int, number: int) -> Iterator[Tensor]:
    """Row indices, shuffled by the sweep's number, in near-equal parts."""
    n = len(problem.x)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(number))
    parts = -(-n // rows)
    yield from order.to(problem.x.device).tensor_split(parts)


def _pass(
    problem: Problem,
    state: State,
    settings: Consistent,
    step: float,
    number: int,
) -> tuple[Members, Biases]:
    """Weights after one pass over the rows, chunk by chunk."""
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
    for rows in _chunks(problem, settings.chunk_rows, number):
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
            grams[i] = _running(problem, i, inputs[i], grams[i], settings)
            _fit(problem, i, inputs[i], change, felt, grams, members, biases)
            change, felt = below, felt_below
    return members, biases


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
    settings: Consistent,
) -> Tensor:
    """Mean Gram matrix of the chunks so far, recent ones weighing more."""
    a = _regressors(problem, i, v)
    gram = a.mT @ a / len(a)
    if past is None:
        return gram
    return settings.memory * past + (1 - settings.memory) * gram


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
    right = gram.clone()
    right.diagonal().add_(settings.damping * gram.diagonal().mean())
    old, b = members[i], biases[i]
    left = None if structure.free else felt
    pull = wanted if left is None else left @ wanted
    if b is None:
        q = Quadratic(old.dense, pull, right, left)
        members[i] = structure.least_squares(q, old, safe=False)
        return
    # The best bias for every W, eliminated: what is left is centred.
    c, last = right[:-1, -1], right[-1, -1]
    q = Quadratic(
        old.dense,
        pull[:, :-1] - torch.outer(pull[:, -1], c) / last,
        right[:-1, :-1] - torch.outer(c, c) / last,
        left,
    )
    members[i] = structure.least_squares(q, old, safe=False)
    biases[i] = (
        b + (wanted[:, -1] - (members[i].dense - old.dense) @ c) / last
    )


def _blend(
    problem: Problem,
    old: State,
    members: Members,
    biases: Biases,
    share: float,
) -> State:
    """The state ``share`` of the way, back in the sets, forward passed."""
    if share < 1:
        structures = problem.network.structures
        members = [
            s.project(w + share * (member.dense - w))
            for s, w, member in zip(structures, old.w, members, strict=True)
        ]
        biases = [
            None if a is None or b is None else a + share * (b - a)
            for a, b in zip(old.b, biases, strict=True)
        ]
    return forward_state(problem, members, tuple(biases))


def _distance(old: State, new: State) -> Tensor:
    """Squared distance of the weights and biases."""
    return torch.stack(
        [
            (joined(v, c) - joined(w, b)).square().sum(dtype=torch.float64)
            for w, b, v, c in zip(old.w, old.b, new.w, new.b, strict=True)
        ]
    ).sum()
