"""Exercises of the chapter on the tools of the proof."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nnbcd.exercises import Exercise, Function, Value

__all__ = ["EXERCISES"]


def kink(
    left: float, right: float, value: float, v: float
) -> tuple[float, float, bool]:
    """One-sided slopes of 1/2 (sigma - v)^2; whether all between count."""
    low, high = left * (value - v), right * (value - v)
    return low, high, low <= high


def always_filled(
    left: float, right: float, value: float, v: float
) -> tuple[float, float, bool]:
    """Clarke's answer: the interval is always filled."""
    return left * (value - v), right * (value - v), True


def kinks(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """ReLU, absolute value, the kinks of ReLU6, random ones."""
    yield 0.0, 1.0, 0.0, 1.0
    yield 0.0, 1.0, 0.0, -1.0
    yield 0.0, 1.0, 0.0, 0.0  # on target: both slopes are zero
    yield 0.5, 0.5, 1.0, 3.0  # no kink at all
    yield -1.0, 1.0, 0.0, 2.0
    yield 1.0, 0.0, 6.0, 1.0
    yield 1.0, 0.0, 6.0, 8.0
    for _ in range(40):
        left, right, value, v = rng.normal(size=4)
        yield float(left), float(right), float(value), float(v)


def slowest(theta: float, k: float, start: float, steps: int) -> float:
    """The value after ``steps`` steps of r + r^(2 theta) / k = previous r."""
    r = start
    for _ in range(steps):
        low, high = 0.0, r
        for _ in range(200):
            middle = (low + high) / 2
            if middle + middle ** (2 * theta) / k > r:
                high = middle
            else:
                low = middle
        r = low
    return r


def explicit(theta: float, k: float, start: float, steps: int) -> float:
    """Takes the power at the old r, not at the new one."""
    r = start
    for _ in range(steps):
        r = max(0.0, r - r ** (2 * theta) / k)
    return r


def recursions(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(theta, k, start, steps)."""
    yield 0.5, 1.0, 1.0, 1
    for theta in (0.25, 0.5, 0.6, 0.75, 0.9):
        for k in (0.5, 3.0):
            yield theta, k, float(rng.uniform(0.2, 2)), 30


EXERCISES: dict[str, Exercise] = {
    "kink": Function(
        solution=kink,
        slips={
            "fills the interval always, as Clarke does": always_filled,
            "leaves a single point unfilled: use <=": lambda *given: (
                *kink(*given)[:2],
                kink(*given)[0] < kink(*given)[1],
            ),
            "has the sign of the gap wrong": lambda left, right, value, v: (
                kink(left, right, v, value)
            ),
            "swaps left and right": lambda left, right, value, v: kink(
                right, left, value, v
            ),
            "forgets the gap": lambda left, right, value, v: (
                left,
                right,
                left <= right,
            ),
        },
        start="the chain rule on either side: slope of sigma times the gap",
        cases=kinks,
    ),
    "product": Value(
        solution=(0.75, 2**0.75),
        items=("theta", "c"),
        slips={
            (1, 0.5): "is the exponent of a quadratic",
            (1, 0.25): "is 1 - theta",
            (1, 1.0): "is an exponent that holds nothing back",
            (2, 0.75): "is theta",
            (2, 2**-0.75): "is one over the least c",
            (2, 2**0.5): "is the c of a quadratic",
        },
        start="t = |x y|, and x^2 + y^2 >= 2 t",
    ),
    "slowest": Function(
        solution=slowest,
        slips={
            "takes the power at the old r, not at the new one": explicit,
            "is one step short": lambda theta, k, start, steps: slowest(
                theta, k, start, steps - 1
            ),
            "is one step too far": lambda theta, k, start, steps: slowest(
                theta, k, start, steps + 1
            ),
            "takes the power theta, not 2 theta": (
                lambda theta, k, start, steps: slowest(
                    theta / 2, k, start, steps
                )
            ),
            "multiplies by kappa, and should divide": (
                lambda theta, k, start, steps: slowest(
                    theta, 1 / k, start, steps
                )
            ),
        },
        start="one step: the root of r + r^(2 theta) / k = old r, by halving",
        cases=recursions,
    ),
}
