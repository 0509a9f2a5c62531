"""Exercises of the chapter on pruning and imbalance."""

from __future__ import annotations

from collections.abc import Iterator
from math import comb

import numpy as np
from numpy.typing import NDArray

from nnbcd.exercises import Exercise, Function, Value

__all__ = ["EXERCISES"]

Array = NDArray[np.float64]


def recalls(
    accuracy: float, balanced: float, share: float
) -> tuple[float, float]:
    """Two linear equations, two unknowns."""
    first = (accuracy - 2 * (1 - share) * balanced) / (2 * share - 1)
    return first, 2 * balanced - first


def swapped(
    accuracy: float, balanced: float, share: float
) -> tuple[float, float]:
    """Takes the share of the other class."""
    return recalls(accuracy, balanced, 1 - share)


def measured(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(accuracy, balanced, share) of classifiers, one by hand first."""
    yield 0.87, 0.75, 0.9
    for share in (0.2, 2 / 3, 0.75, 0.99):
        first, second = rng.uniform(0, 1, 2)
        accuracy = share * first + (1 - share) * second
        yield float(accuracy), float((first + second) / 2), share


def silent(rows: int, columns: int, kept: int) -> float:
    """Expected empty rows: each one is empty with the same probability."""
    size = rows * columns
    return rows * comb(size - columns, kept) / comb(size, kept)


def independent(rows: int, columns: int, kept: int) -> float:
    """As if every entry were kept or not on its own."""
    return float(rows * (1 - kept / (rows * columns)) ** columns)


def matrices(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(rows, columns, kept), small ones first."""
    yield 2, 2, 1
    yield 3, 2, 2
    yield 4, 3, 11
    for _ in range(4):
        rows, columns = (int(n) for n in rng.integers(2, 40, 2))
        yield rows, columns, int(rng.integers(1, rows * columns // 2 + 1))


EXERCISES: dict[str, Exercise] = {
    "by_hand": Value(
        solution=(0.87, 0.75, 0.9, 0.5),
        wrong=(0.75, 0.87, 0.9, 0.9),
        start="the recall of either class, 81/90 and 6/10",
        rtol=1e-3,
    ),
    "recalls": Function(
        solution=recalls,
        wrong=swapped,
        start=(
            "the equations accuracy = share r + (1 - share) s and "
            "balanced = (r + s)/2"
        ),
        cases=measured,
    ),
    "silent": Function(
        solution=silent,
        wrong=independent,
        start=(
            "one row: in how many of the equally likely supports is it empty"
        ),
        cases=matrices,
    ),
    "effective": Value(
        solution=(4, 2),
        wrong=(4, 4),
        start="the unit that reads nothing and has no bias",
    ),
    "seeds": Value(
        solution=(0.25, 6),
        wrong=(0.125, 5),
        start="the probability that three fair coins agree",
    ),
}
