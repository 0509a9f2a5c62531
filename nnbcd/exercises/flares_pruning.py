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
        items=("accuracy", "balanced", "accuracy of never", "its balanced"),
        slips={
            (1, 0.15): "is the share of warnings",
            (1, 0.13): "is the share of errors",
            (2, 0.35): "takes the warnings on quiet days for a recall",
            (2, 0.6): "is the recall of the days with flares alone",
            (3, 0.1): "is the share of flares: never to warn misses these",
            (4, 0.0): "is the recall of the flares: take the mean with 1",
            (4, 0.9): "is the accuracy: take the mean of both recalls",
        },
        start="the recall of either class, 81/90 and 6/10; of never, 1 and 0",
    ),
    "recalls": Function(
        solution=recalls,
        slips={
            "swaps the two classes": swapped,
            "takes accuracy and balance for the recalls": lambda a, b, s: (
                a,
                b,
            ),
        },
        start=(
            "the equations accuracy = share r + (1 - share) s and "
            "balanced = (r + s)/2"
        ),
        cases=measured,
    ),
    "silent": Function(
        solution=silent,
        slips={
            "takes the entries as independent": independent,
            "is the share of rows, not their number": lambda *given: (
                silent(*given) / given[0]
            ),
            "swaps rows and columns": lambda rows, columns, kept: silent(
                columns, rows, kept
            ),
            "counts the rows that are not empty": lambda rows, *more: (
                rows - silent(rows, *more)
            ),
        },
        start=(
            "one row: in how many of the equally likely supports is it empty"
        ),
        cases=matrices,
    ),
    "effective": Value(
        solution=(4, 2),
        items=("kept", "alive"),
        slips={
            (1, 9): "counts the zeros as well",
            (2, 4): "counts entries that nothing passes through",
            (2, 3): "forgets one of the two dead entries",
            (2, 1): "counts units, not entries",
        },
        start="the unit that reads nothing, and the one that nobody reads",
    ),
    "seeds": Value(
        solution=(0.25, 6),
        items=("probability for n = 3", "smallest n"),
        slips={
            (1, 0.125): "is the probability for one of the two methods",
            (1, 0.75): "is the probability that they do not agree",
            (2, 5): "is the number for one of the two methods",
            (2, 5.322): "is no whole number: round it up",
        },
        start="the probability that n fair coins agree, heads or tails",
    ),
}
