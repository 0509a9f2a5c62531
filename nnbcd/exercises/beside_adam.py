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
    yield times, [0.5, 0.7, 0.9, 0.8], [8.0, 8.0, 8.0, 8.0], 9.0, 0.9
    yield times, [0.5, 0.95, 0.6, 0.95], [9.0, 9.0, 5.0, 5.0], 5.0, 0.9
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
    yield [1.0, 1.0, 1.0], [1.0, 1.0, 1.0], 397  # a tie without error
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
        items=("step for -3", "step for -0.003", "steps", "standard error"),
        slips={
            (1, 0.03): "is the step of gradient descent",
            (2, 0.00003): "is the step of gradient descent",
            (1, 0.00316): "forgets the corrections of m and v",
            (2, 0.00316): "forgets the corrections of m and v",
            (3, 100): "is the number if no step is longer than 0.01",
            (3, 13): "is rounded down: 13 steps are not enough",
            (3, 13.76): "is no whole number: round it up",
            (4, 0.000037): "is the variance: take its root",
            (4, 0.1216): "forgets to divide by the number of rows",
        },
        start=(
            "m and v of the first step, each divided by its correction; "
            "then the theorem's longest step, and the root of a (1 - a) / n"
        ),
    ),
    "time_to": Function(
        solution=time_to,
        slips={
            "forgets that the network may be too large": too_large_counts,
            "forgets the accuracy": lambda seconds, accuracy, *more: time_to(
                seconds, [1.0] * len(seconds), *more
            ),
            "refuses an accuracy equal to the goal": lambda *given: time_to(
                *(*given[:4], np.nextafter(given[4], 2))
            ),
            "refuses a size equal to what is allowed": lambda *given: time_to(
                *(*given[:3], np.nextafter(given[3], 0), given[4])
            ),
            "counts the last record of all if there is none": (
                lambda seconds, *more: min(
                    time_to(seconds, *more), seconds[-1]
                )
            ),
        },
        start="a loop over the three columns, and infinity after it",
        cases=curves,
    ),
    "verdict": Function(
        solution=verdict,
        slips={
            "takes every difference for one": larger_wins,
            "compares with one standard error": lambda ours, adam, rows: (
                verdict(ours, adam, 4 * rows)
            ),
            "swaps the two methods": lambda ours, adam, rows: verdict(
                adam, ours, rows
            ),
            "takes means, not medians": lambda ours, adam, rows: verdict(
                [float(np.mean(ours))], [float(np.mean(adam))], rows
            ),
        },
        start="the two medians and the standard error of their difference",
        cases=accuracies,
    ),
}
