"""Exercises of the chapter on lifting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnbcd.exercises import Exercise, Function, Value

__all__ = ["EXERCISES"]

Array = NDArray[np.float64]


def springs(
    b: Array, y: Array, gamma: float, rho: float
) -> tuple[Array, Array, float]:
    """U, V and the least value: three springs in series."""
    c = 1 / (1 + 1 / gamma + 1 / rho)
    stretch = c * (y - b)
    return (
        b + stretch / rho,
        y - stretch,
        float((c / 2) * np.sum((y - b) ** 2)),
    )


def parallel(
    b: Array, y: Array, gamma: float, rho: float
) -> tuple[Array, Array, float]:
    """Adds the weights, as for springs side by side."""
    _, _, value = springs(b, y, gamma, rho)
    c = 1 / (1 + 1 / gamma + 1 / rho)
    u, v = b + (y - b) / (1 + rho), y - (y - b) / (1 + gamma)
    return u, v, value / c * (1 + gamma + rho)


def one_layer(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """B, Y, gamma, rho: a single number first."""
    yield np.array([[0.0]]), np.array([[1.0]]), 1.0, 1.0
    yield np.array([[2.0]]), np.array([[0.0]]), 2.0, 1.0
    for _ in range(20):
        gamma, rho = (float(x) for x in 10 ** rng.uniform(-2, 2, 2))
        b, y = rng.normal(size=(2, 4, 3))
        yield b, y, gamma, rho


def best_scale(gaps: float, first: float, last: float, ridge: float) -> float:
    """Minimise c^2 (gaps + ridge/2 first) + ridge/2 last / c^2."""
    return float((ridge / 2 * last / (gaps + ridge / 2 * first)) ** 0.25)


def forgets_first(
    gaps: float, first: float, last: float, ridge: float
) -> float:
    """Leaves out the ridge of the first weight, and one of the roots."""
    del first
    return float((ridge / 2 * last / gaps) ** 0.5)


def scales(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """Gaps, squared norms of both weights, ridge."""
    yield 1.0, 2.0, 4.0, 1.0
    for _ in range(30):
        yield tuple(float(x) for x in 10 ** rng.uniform(-2, 2, 4))


def linear_value(
    weights: list[Array], x: Array, y: Array, gamma: float, rho: float
) -> float:
    """Least value over U and V for a linear network: compliances add up."""
    below: Any = np.eye(weights[-1].shape[0])
    total = np.eye(weights[-1].shape[0])
    for w in reversed(weights):
        total = total + (1 / gamma + 1 / rho) * below @ below.T
        below = below @ w
    error = y - x @ below.T
    return float(0.5 * np.sum(error * np.linalg.solve(total, error.T).T))


def without_weights(
    weights: list[Array], x: Array, y: Array, gamma: float, rho: float
) -> float:
    """As if every layer gave way like the last one."""
    c = 1 / (1 + len(weights) * (1 / gamma + 1 / rho))
    error = y
    image = x
    for w in weights:
        image = image @ w.T
    error = y - image
    return float(c / 2 * np.sum(error**2))


def chains(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """Weights, X, Y, gamma, rho: one to three layers."""
    one = np.array([[1.0]])
    yield [one], one, 3 * one, 1.0, 1.0
    yield [one, 2 * one], one, 3 * one, 1.0, 1.0
    for depth in (1, 2, 3):
        for _ in range(5):
            sizes = rng.integers(1, 5, depth + 1)
            pairs = zip(sizes[1:], sizes[:-1], strict=True)
            weights = [rng.normal(size=pair) for pair in pairs]
            x = rng.normal(size=(6, sizes[0]))
            y = rng.normal(size=(6, sizes[-1]))
            gamma, rho = (float(g) for g in 10 ** rng.uniform(-1, 1, 2))
            yield weights, x, y, gamma, rho


EXERCISES: dict[str, Exercise] = {
    "by_hand": Value(
        solution=(0.5, 1.125, 0.3125, 0.25, 2.1875, 0.78125),
        items=(
            "loss term",
            "activation",
            "affine",
            "structure",
            "Phi",
            "network",
        ),
        slips={
            (1, 1.0): "forgets the factor 1/2",
            (2, 2.25): "forgets the factor gamma / 2",
            (2, 2.625): "forgets the ReLU of layer 1",
            (2, 1.0): "forgets layer 2",
            (3, 0.625): "takes rho for rho / 2",
            (3, 1.25): "forgets the factor rho / 2",
            (4, 0.5): "takes tau for tau / 2",
            (5, 1.9375): "forgets the structure term",
            (6, 0.625): "runs the network with W, not with G",
            (6, 1.5625): "forgets the factor 1/2",
        },
        start="a table with one row a sample and one column a block",
    ),
    "springs": Function(
        solution=springs,
        slips={
            "adds the weights, as for springs side by side": parallel,
            "swaps U and V": lambda *given: (
                springs(*given)[1],
                springs(*given)[0],
                springs(*given)[2],
            ),
            "swaps gamma and rho": lambda b, y, gamma, rho: springs(
                b, y, rho, gamma
            ),
            "forgets the factor 1/2 of the minimum": lambda *given: (
                *springs(*given)[:2],
                2 * springs(*given)[2],
            ),
        },
        start="the three gaps, whose sum is Y - B whatever U and V are",
        cases=one_layer,
    ),
    "best_scale": Function(
        solution=best_scale,
        slips={
            "forgets the first weight's ridge, and a root": forgets_first,
            "is the square of c": lambda *given: best_scale(*given) ** 2,
            "is the scale of the last weight": lambda *given: (
                1 / best_scale(*given)
            ),
            "forgets the ridge of the first weight": (
                lambda gaps, first, *more: best_scale(gaps, 0.0, *more)
            ),
        },
        start="the objective as a function of the square of c",
        cases=scales,
    ),
    "linear_value": Function(
        solution=linear_value,
        slips={
            "lets every layer give way like the last": without_weights,
            "forgets the factor 1/2": lambda *given: 2 * linear_value(*given),
            "forgets 1 / rho": lambda weights, x, y, gamma, rho: linear_value(
                weights, x, y, gamma, 1e300
            ),
            "is the loss itself": lambda weights, x, y, gamma, rho: (
                linear_value(weights, x, y, 1e300, 1e300)
            ),
        },
        start=(
            "the error Y - f(X) as the sum of all gaps, each carried to the "
            "output by the weights above it"
        ),
        cases=chains,
    ),
}
