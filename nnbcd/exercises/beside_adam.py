"""Exercises of the chapter that puts the method beside Adam."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf, sqrt
from statistics import median

import numpy as np

from nnbcd.exercises import Exercise, Function, Value

__all__ = ["EXERCISES"]

Numbers = Sequence[float]


def time_to(
    seconds: Numbers,
    accuracy: Numbers,
    stored: Numbers,
    allowed: float,
    goal: float,
) -> float:
    """The first time at which a small enough network is good enough."""
    for when, found, size in zip(seconds, accuracy, stored, strict=True):
        if found >= goal and size <= allowed:
            return float(when)
    return inf


def too_large_counts(
    seconds: Numbers,
    accuracy: Numbers,
    stored: Numbers,
    allowed: float,
    goal: float,
) -> float:
    """Forgets that the network may still be too large."""
    del stored, allowed
    return time_to(seconds, accuracy, [0.0] * len(seconds), 0.0, goal)


def curves(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """Short curves by hand, then random ones, pruned on the way."""
    times = [1.0, 2.0, 3.0, 4.0]
    yield times, [0.5, 0.7, 0.9, 0.8], [9.0, 9.0, 9.0, 9.0], 9.0, 0.9
    yield times, [0.5, 0.9, 0.6, 0.9], [9.0, 9.0, 5.0, 5.0], 5.0, 0.9
    yield times, [0.5, 0.6, 0.7, 0.8], [9.0, 9.0, 9.0, 9.0], 9.0, 0.9
    for _ in range(20):
        n = int(rng.integers(3, 30))
        when = np.cumsum(rng.uniform(0.1, 1, n)).tolist()
        size = np.linspace(100, 0, n).round().tolist()
        yield when, rng.uniform(0.5, 1, n).tolist(), size, 40.0, 0.9


def verdict(ours: Numbers, adam: Numbers, rows: int) -> str:
    """Who is ahead by more than two standard errors of the difference."""
    a, b = median(ours), median(adam)
    error = sqrt((a * (1 - a) + b * (1 - b)) / rows)
    if abs(a - b) <= 2 * error:
        return "neither"
    return "ours" if a > b else "Adam"


def larger_wins(ours: Numbers, adam: Numbers, rows: int) -> str:
    """Takes every difference for one."""
    del rows
    return "ours" if median(ours) > median(adam) else "Adam"


def accuracies(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """Clear and unclear cases, few rows and many."""
    yield [0.98, 0.99, 0.97], [0.97, 0.96, 0.98], 397
    yield [0.95, 0.96, 0.95], [0.90, 0.91, 0.89], 3000
    yield [0.90, 0.91, 0.89], [0.95, 0.96, 0.95], 3000
    for _ in range(30):
        base = rng.uniform(0.6, 0.99)
        two = np.clip(base + rng.normal(size=(2, 3)) * 0.03, 0.01, 0.999)
        rows = int(rng.choice([100, 400, 3000, 10_000]))
        yield two[0].tolist(), two[1].tolist(), rows


EXERCISES: dict[str, Exercise] = {
    "by_hand": Value(
        solution=(0.01, 0.01, 14, 0.0061),
        wrong=(0.03, 0.00003, 100, 0.0061),
        start="m and v of the first step, each divided by its correction",
        rtol=5e-3,
    ),
    "time_to": Function(
        solution=time_to,
        wrong=too_large_counts,
        start="a loop over the three columns, and infinity after it",
        cases=curves,
    ),
    "verdict": Function(
        solution=verdict,
        wrong=larger_wins,
        start="the two medians and the standard error of their difference",
        cases=accuracies,
    ),
}
