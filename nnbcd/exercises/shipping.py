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
        items=("dense", "with a bitmap", "with columns"),
        slips={
            (1, 30000): "counts entries, not bytes",
            (1, 240000): "is in double precision",
            (2, 6000): "forgets the bitmap",
            (2, 3750): "is the bitmap alone",
            (2, 36000): "takes a byte, not a bit, for an entry",
            (3, 7600): "has one byte a column: 300 do not fit in one",
            (3, 9000): "forgets the counts",
            (3, 12400): "takes four bytes for a column and a count",
        },
        start=(
            "4 bytes a value, 1500 values; 300 columns do not fit in one "
            "byte, and each of 100 rows has a count"
        ),
    ),
    "first_rows": Function(
        solution=first_rows,
        slips={
            "takes a tie for cheaper": rounded_up,
            "swaps the two ways": lambda c1, e1, c2, e2: first_rows(
                c2, e2, c1, e1
            ),
            "never returns 0": lambda *given: first_rows(*given) or 1,
            "allows 0 rows": lambda c1, e1, c2, e2: (
                0 if c2 < c1 else first_rows(c1, e1, c2, e2)
            ),
        },
        start="c2 - c1 < N (e1 - e2), and the case N = 1",
        cases=two_ways,
    ),
    "gap_bytes": Function(
        solution=gap_bytes,
        slips={
            "forgets the fillers": no_fillers,
            "takes a filler for 255 entries": lambda gaps: int(
                5 * (len(gaps) + (np.asarray(gaps) // 255).sum())
            ),
            "counts no value for a filler": lambda gaps: int(
                5 * len(gaps) + (np.asarray(gaps) // 256).sum()
            ),
            "counts values of 4 bytes without the gaps": lambda gaps: (
                gap_bytes(gaps) * 4 // 5
            ),
            "takes one filler for every long gap": lambda gaps: int(
                5 * (len(gaps) + (np.asarray(gaps) > 255).sum())
            ),
        },
        start="how many fillers a gap of 256, and one of 511, needs",
        cases=lines,
    ),
}
