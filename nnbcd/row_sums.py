"""What a pass over the rows sums up, chunk by chunk: no row leaves here."""

from __future__ import annotations

import torch

from nnbcd import linalg, targets
from nnbcd._typing import Tensor
from nnbcd.problem import Problem
from nnbcd.structures import StructuredMatrix

__all__ = ["forward", "statistics", "wanted"]

Members = list[StructuredMatrix]
Biases = list[Tensor | None]


def forward(
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


def statistics(
    problem: Problem,
    inputs: list[Tensor],
    us: list[Tensor],
    members: Members,
    lowest: int,
    n: int,
) -> tuple[list[Tensor | None], list[Tensor]]:
    """Sensitivities and mean Gram matrices of a chunk, layer by layer.

    All come from the forward pass. So their sums over the n rows, some of
    which other processes may hold, go out together.
    """
    network, depth = problem.network, problem.depth
    top = problem.loss.curvature(us[-1])
    if top is not None:  # a mean over the rows here, which may be none
        share = len(us[-1]) / n
        top = share * top if share else torch.zeros_like(top)
    slopes = [
        targets.slope_gram(network, i, us[i - 1]) if i > lowest else None
        for i in range(depth)
    ]
    sums = [
        linalg.gram(_regressors(problem, i, v)) for i, v in enumerate(inputs)
    ]
    added = list(
        problem.rows.add(*sums, *(x for x in (top, *slopes) if x is not None))
    )
    grams = [
        added.pop(0) / (n * linear.rows_per_sample) for linear in problem.maps
    ]
    felts: list[Tensor | None] = [None] * depth
    felts[-1] = None if top is None else added.pop(0)
    slopes = [None if x is None else added.pop(0) for x in slopes]
    for i in reversed(range(1, depth)):
        slope, w = slopes[i], members[i].dense
        if slope is not None:
            felts[i - 1] = targets.sensitivity(w, felts[i], slope, n)
    return felts, grams


def wanted(
    problem: Problem, inputs: list[Tensor], changes: list[Tensor], n: int
) -> list[Tensor]:
    """Mean product of the change wanted and the regressors, by layer."""
    sums = [
        problem.maps[i].outputs(changes[i]).mT @ _regressors(problem, i, v)
        for i, v in enumerate(inputs)
    ]
    return [
        x / (n * linear.rows_per_sample)
        for x, linear in zip(
            problem.rows.add(*sums), problem.maps, strict=True
        )
    ]
