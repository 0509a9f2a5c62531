r"""Monotone extrapolation after a sweep of a lifted coupling.

A sweep moves the iterate from P to P'. The candidate
:math:`P' + \beta (P' - P)`, put back in the sets, is kept only if it lowers
the objective enough. So the objective still never rises, and H1 holds with
the smaller of the two constants. beta grows with success and shrinks with
failure. Source of the safeguard: Xu and Yin (2013); sets and schedule ours.
"""

from __future__ import annotations

import time
from dataclasses import replace

import torch

from nnbcd import objective
from nnbcd._typing import Tensor
from nnbcd.linalg import squared_norm
from nnbcd.problem import Problem
from nnbcd.state import State
from nnbcd.structures import StructuredMatrix
from nnbcd.sweep import Update

__all__ = ["extrapolate"]

GROW, SHRINK, CAP = 1.5, 0.3, 10.0
SHARE = 0.01  # of alpha / 2: the decrease asked for per squared step


def extrapolate(
    problem: Problem, old: State, new: State
) -> tuple[State, Update]:
    """Try the step from ``old`` to ``new`` again, ``new.beta`` times as long.

    Parameters
    ----------
    problem : Problem
        With a penalty or constraint coupling.
    old, new : State
        Before and after a sweep; tensors as in :class:`State`.

    Returns
    -------
    State
        The candidate, or ``new`` with a smaller beta.
    Update
        What was gained.
    """
    start = time.perf_counter()
    before = objective.value(problem, new)
    candidate = _beyond(problem, old, new)
    after = objective.value(problem, candidate)
    squared = _distance(problem, new, candidate)
    least = min(weights.alpha for weights in problem.layers)
    guaranteed = SHARE * 0.5 * least * squared
    kept = bool(after <= before - guaranteed)
    if kept:
        state = replace(candidate, beta=min(CAP, GROW * new.beta))
    else:
        zero = torch.zeros_like(before)
        after, squared, guaranteed = before, zero, zero
        state = replace(new, beta=max(0.01, SHRINK * new.beta))
    seconds = time.perf_counter() - start
    return state, Update(-1, "X", before, after, squared, guaranteed, seconds)


def _beyond(problem: Problem, old: State, new: State) -> State:
    beta = new.beta

    def past(a: Tensor, b: Tensor) -> Tensor:
        return b + beta * (b - a)

    copies: list[StructuredMatrix | None] = []
    weights, biases = [], []
    for i, structure in enumerate(problem.network.structures):
        before, after = old.g[i], new.g[i]
        w = past(old.w[i], new.w[i])
        copy = None
        if before is not None and after is not None:
            copy = structure.project(past(before.dense, after.dense))
            w = w if problem.has_copy(i) else copy.dense
        copies.append(copy)
        weights.append(w)
        a, b = old.b[i], new.b[i]
        biases.append(None if a is None or b is None else past(a, b))
    state = State(
        tuple(weights),
        tuple(biases),
        (),
        (),
        tuple(copies),
        (None,) * problem.depth,
        beta=beta,
    )

    def rows(
        part: Problem, old: State, new: State
    ) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        us = [past(a, b) for a, b in zip(old.u, new.u, strict=True)]
        vs = [past(a, b) for a, b in zip(old.v, new.v, strict=True)]
        for i, layer in enumerate(part.layers):
            if layer.bounds is not None:
                vs[i] = vs[i].clamp(*layer.bounds)
        there = replace(state, u=tuple(us), v=tuple(vs))
        images = [
            objective.affine_image(part, there, i) for i in range(part.depth)
        ]
        return (*us, *vs, *images), ()

    blocks, _ = problem.rows.go(rows, problem, old, new)
    n = problem.depth
    return replace(
        state, u=blocks[:n], v=blocks[n : 2 * n], affine=blocks[2 * n :]
    )


def _distance(problem: Problem, a: State, b: State) -> Tensor:
    """Squared distance over all blocks."""

    def rows(part: Problem, a: State, b: State) -> tuple[Tensor, ...]:
        us, vs = zip(a.u, b.u, strict=True), zip(a.v, b.v, strict=True)
        return tuple(squared_norm(y - x) for x, y in (*us, *vs))

    pairs = list(zip(a.w, b.w, strict=True))
    pairs += [
        (x, y)
        for x, y in zip(a.b, b.b, strict=True)
        if x is not None and y is not None
    ]
    pairs += [
        (x.dense, y.dense)
        for x, y in zip(a.g, b.g, strict=True)
        if x is not None and y is not None
    ]
    n = problem.depth
    squares = [squared_norm(y - x) for x, y in pairs]
    # In the order of before: W, U, V, b, G.
    squares[n:n] = problem.rows.total(rows, problem, a, b)
    return torch.stack(squares).sum()
