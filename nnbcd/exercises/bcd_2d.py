"""Exercises of the chapter on block coordinate descent in the plane."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, log

import numpy as np
from numpy.typing import NDArray

from nnbcd.exercises import Exercise, Function, Value

__all__ = ["EXERCISES"]

Array = NDArray[np.float64]


def crease_step(x: float, y: float, alpha: float) -> float:
    """The nearest point to y between the two one-sided minimisers."""
    c = 1 + alpha
    return float(np.clip(y, (alpha * x - 1) / c, (alpha * x + 1) / c))


def plain_step(x: float, y: float, alpha: float) -> float:
    """Forgets the old value."""
    del x
    return float(np.clip(y, -1 / (1 + alpha), 1 / (1 + alpha)))


def crease_cases(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(x, y, alpha): on the crease, on either side, and random."""
    yield 1.0, 1.0, 0.0
    yield 2.0, 0.0, 0.0
    yield 2.0, -1.0, 1.0
    yield -2.0, 1.0, 3.0
    for x, y in rng.uniform(-3, 3, (40, 2)):
        yield float(x), float(y), float(10 ** rng.uniform(-1, 1))


def proximal_rate(b: float, alpha: float) -> float:
    """The larger eigenvalue of a sweep with proximal terms."""
    t = 1 / (1 + alpha)
    root = (alpha * t + b * b * t * t / 4) ** 0.5
    return float((abs(b) * t / 2 + root) ** 2)


def plain_rate(b: float, alpha: float) -> float:
    """Divides the coupling, but lets nothing of the old point stay."""
    return (b / (1 + alpha)) ** 2


def rate_cases(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(b, alpha): without a proximal term first."""
    yield 0.5, 0.0
    yield 0.8, 1.0
    yield -0.8, 1.0
    yield 0.0, 2.0
    for b in rng.uniform(-1, 1, 20):
        yield float(b), float(10 ** rng.uniform(-2, 2))


def chain_rate(a: Array) -> float:
    """The sum of the two squared cosines."""
    first = a[0, 1] ** 2 / (a[0, 0] * a[1, 1])
    return float(first + a[1, 2] ** 2 / (a[1, 1] * a[2, 2]))


def chain_larger(a: Array) -> float:
    """The larger of the two: as if the pairs did not meet."""
    return float(
        max(
            a[0, 1] ** 2 / (a[0, 0] * a[1, 1]),
            a[1, 2] ** 2 / (a[1, 1] * a[2, 2]),
        )
    )


def chains(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """Positive definite 3 x 3 matrices without a corner entry."""
    yield (np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 1.0], [0.0, 1.0, 2.0]]),)
    for p, q in rng.uniform(-1, 1, (20, 2)):
        scale = np.diag(10 ** rng.uniform(-1, 1, 3))
        size = 1.0 + (p * p + q * q) ** 0.5
        a = np.array([[size, p, 0.0], [p, size, q], [0.0, q, size]])
        yield (scale @ a @ scale,)


def excess(n: int, first: float, second: float) -> float:
    """A 2^-n + B (-1)^n through the two given values."""
    a = (first + second) / 3
    return float(a / 2**n + (second - a) * (-1) ** n)


def halving(n: int, first: float, second: float) -> float:
    """Only the part that halves."""
    del first
    return float(second / 2**n)


def excess_cases(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(n, first, second): Powell's start, then others."""
    yield 1, 0.5, 0.25
    yield 5, 0.5, 0.25
    yield 1, 1.0, 0.25
    yield 2, 1.0, 0.25
    for first, second in rng.uniform(0, 1, (20, 2)):
        yield int(rng.integers(1, 12)), float(first), float(second)


EXERCISES: dict[str, Exercise] = {
    "by_hand": Value(
        solution=(0.25, 60.0, ceil(log(1e-6) / log(0.25))),
        items=("the rate", "the angle", "the sweeps"),
        slips={
            (1, 0.5): "is the cosine of the angle, not its square",
            (2, 120): "is the obtuse angle: the cosine is |b| / sqrt(a c)",
            (2, 75.52): "is the angle whose cosine is the rate",
            (2, 0.5): "is the cosine of the angle",
            (3, 20): "takes the cosine for the rate",
            (3, 9): "is rounded down: nine sweeps are not enough",
            (3, 9.966): "is no whole number: round it up",
        },
        start=(
            "the theorem on the rate, with a = c = 2 and b = 1; the rate is "
            "the squared cosine of the angle"
        ),
    ),
    "crease_step": Function(
        solution=crease_step,
        slips={
            "forgets the old value": plain_step,
            "never stops at the crease": lambda x, y, alpha: (
                (alpha * x + (1 if y > 0 else -1)) / (1 + alpha)
            ),
            "forgets the parabola 1/2 x^2": lambda x, y, alpha: float(
                np.clip(y, x - 1 / (alpha + 1e-9), x + 1 / (alpha + 1e-9))
            ),
        },
        start=(
            "the minimiser of 1/2 x^2 + alpha/2 (x - old)^2 + s x for s = 1 "
            "and for s = -1"
        ),
        cases=crease_cases,
    ),
    "proximal_rate": Function(
        solution=proximal_rate,
        slips={
            "lets nothing of the old point stay": plain_rate,
            "is the rate without a proximal term": lambda b, alpha: b * b,
            "is the root of the rate": lambda b, alpha: (
                proximal_rate(b, alpha) ** 0.5
            ),
        },
        start=(
            "the 2 x 2 matrix that takes (x, y) to the point after a sweep; "
            "its determinant is (alpha / (1 + alpha))^2"
        ),
        cases=rate_cases,
    ),
    "chain_rate": Function(
        solution=chain_rate,
        slips={
            "takes the larger of the two, not the sum": chain_larger,
            "adds the cosines, not their squares": lambda a: (
                abs(a[0, 1]) / (a[0, 0] * a[1, 1]) ** 0.5
                + abs(a[1, 2]) / (a[1, 1] * a[2, 2]) ** 0.5
            ),
            "forgets the second pair": lambda a: (
                a[0, 1] ** 2 / (a[0, 0] * a[1, 1])
            ),
        },
        start=(
            "an eigenvector (x, y, z) of the sweep: the equations that its "
            "three updates satisfy"
        ),
        cases=chains,
    ),
    "excess": Function(
        solution=excess,
        slips={
            "keeps only the part that halves": halving,
            "swaps the two given values": lambda n, first, second: excess(
                n, second, first
            ),
            "is one member too late": lambda n, first, second: excess(
                n + 1, first, second
            ),
            "is one member too early": lambda n, first, second: excess(
                n - 1, first, second
            ),
        },
        start="solutions r^n of e_n = (e_{n-2} - e_{n-1}) / 2",
        cases=excess_cases,
    ),
}
