"""Exercises of the chapter on shipping the compressed model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from nnbcd.exercises import Exercise, Function, Value

__all__ = ["EXERCISES"]


def two_ways(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(c1, e1, c2, e2): cheaper at once, later, exactly then, never."""
    yield 0, 3, 10, 1
    yield 0, 3, 10, 3
    yield 0, 2, 10, 1  # equal at ten rows
    yield 10, 1, 0, 1
    yield 0, 5, 4, 1  # equal at one row
    for _ in range(20):
        yield tuple(int(n) for n in rng.integers(0, 30, 4))


def first_rows(c1: int, e1: int, c2: int, e2: int) -> int:
    """Smallest N >= 1 for which the second way is strictly cheaper."""
    if c2 + e2 < c1 + e1:
        return 1
    if e1 <= e2:
        return 0
    return (c2 - c1) // (e1 - e2) + 1


def rounded_up(c1: int, e1: int, c2: int, e2: int) -> int:
    """Takes a tie for cheaper."""
    if c2 + e2 < c1 + e1:
        return 1
    if e1 <= e2:
        return 0
    return -(-(c2 - c1) // (e1 - e2))


def lines(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """Gaps between non-zeros: short, at the border, long."""
    yield (np.array([0, 3, 7]),)
    yield (np.array([255]),)
    yield (np.array([256]),)
    yield (np.array([511, 512, 1000]),)
    yield (rng.geometric(0.004, 50) - 1,)


def gap_bytes(gaps: ArrayLike) -> int:
    """Five bytes for every non-zero and every filler."""
    found = np.asarray(gaps)
    return int(5 * (len(found) + (found // 256).sum()))


def no_fillers(gaps: ArrayLike) -> int:
    """Forgets that a gap of one byte ends at 255."""
    return 5 * len(np.asarray(gaps))


EXERCISES: dict[str, Exercise] = {
    "by_hand": Value(
        solution=(120000, 9750, 9200),
        wrong=(120000, 9750, 7600),
        start="4 bytes a value; 300 columns do not fit in one byte",
    ),
    "first_rows": Function(
        solution=first_rows,
        wrong=rounded_up,
        start="c2 - c1 < N (e1 - e2), and the case N = 1",
        cases=two_ways,
    ),
    "gap_bytes": Function(
        solution=gap_bytes,
        wrong=no_fillers,
        start="how many fillers a gap of 256, and one of 511, needs",
        cases=lines,
    ),
}
