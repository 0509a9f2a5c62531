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
        wrong=always_filled,
        start="the chain rule on either side: slope of sigma times the gap",
        cases=kinks,
    ),
    "product": Value(
        solution=(0.75, 2**0.75),
        wrong=(0.5, 2**0.5),
        start="t = |x y|, and x^2 + y^2 >= 2 t",
        rtol=1e-3,
    ),
    "slowest": Function(
        solution=slowest,
        wrong=explicit,
        start="one step: the root of r + r^(2 theta) / k = old r, by halving",
        cases=recursions,
    ),
}
