"""Exercises of the chapter on human activities and the choice of modes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from nnbcd.exercises import Exercise, Function, Value

__all__ = ["EXERCISES"]


def rank_bound(modes: Sequence[int], ranks: Sequence[int], rows: int) -> int:
    """Largest matrix rank that the modes and bond ranks leave."""
    full = min(rows, prod(modes) // rows)
    bonds = [1, *ranks, 1]
    for k, n in enumerate(modes):
        before = prod(modes[:k])
        if before == rows:
            return min(full, bonds[k])
        inner, rest = divmod(rows, before)
        if rest == 0 and 1 < inner < n and n % inner == 0:
            most = min(inner * bonds[k], n // inner * bonds[k + 1])
            return min(full, most)
    return full


def only_bonds(modes: Sequence[int], ranks: Sequence[int], rows: int) -> int:
    """Forgets that the boundary may cut a mode in two."""
    full = min(rows, prod(modes) // rows)
    for k in range(1, len(modes)):
        if prod(modes[:k]) == rows:
            return min(full, ranks[k - 1])
    return full


def without_full(
    modes: Sequence[int], ranks: Sequence[int], rows: int
) -> int:
    """Takes what stands at the boundary, however large."""
    bonds = [1, *ranks, 1]
    for k, n in enumerate(modes):
        before = prod(modes[:k])
        if before == rows:
            return bonds[k]
        inner, rest = divmod(rows, before)
        if rest == 0 and 1 < inner < n and n % inner == 0:
            return min(inner * bonds[k], n // inner * bonds[k + 1])
    return min(rows, prod(modes) // rows)


def trains(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """Boundaries at a bond, inside a mode, and at neither."""
    yield (4, 4, 4, 4), (3, 5, 2), 16
    yield (4, 4, 4), (3, 2), 8
    yield (6, 10), (4,), 4
    yield (4,) * 9 + (2,), (80,) * 9, 512
    for _ in range(20):
        modes = tuple(int(n) for n in rng.choice([2, 4, 6], 5))
        ranks = tuple(int(r) for r in rng.integers(1, 9, 4))
        sizes = [n for n in range(2, prod(modes)) if prod(modes) % n == 0]
        yield modes, ranks, int(rng.choice(sizes))


def pair_index(
    i: int, j: int, pairs: Sequence[tuple[int, int]]
) -> tuple[int, ...]:
    """Digits of row and column, put together pair by pair."""
    out = []
    for rows, columns in reversed(pairs):
        i, a = divmod(i, rows)
        j, b = divmod(j, columns)
        out.append(a * columns + b)
    return tuple(reversed(out))


def last_first(
    i: int, j: int, pairs: Sequence[tuple[int, int]]
) -> tuple[int, ...]:
    """Counts the digits from the wrong end."""
    return tuple(reversed(pair_index(i, j, pairs)))


def entries(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """Square and oblong pairs."""
    yield 1, 0, ((2, 2), (2, 2))
    yield 5, 6, ((2, 4), (4, 2))
    for _ in range(20):
        pairs = tuple((int(a), int(b)) for a, b in rng.integers(2, 5, (3, 2)))
        i = int(rng.integers(prod(a for a, _ in pairs)))
        j = int(rng.integers(prod(b for _, b in pairs)))
        yield i, j, pairs


EXERCISES: dict[str, Exercise] = {
    "by_hand": Value(
        solution=(800, 8, 32, 64),
        items=("numbers", "rank split", "rank cut", "rank of pairs"),
        slips={
            (1, 1088): "takes 8 for all ranks: the outer bonds allow 4",
            (1, 4096): "is the size of the dense matrix",
            (2, 64): "is the full rank: the bond at 64 holds less",
            (3, 8): "is a bond: the boundary cuts a mode, which adds a 4",
            (3, 64): "is the full rank: the cut mode allows less",
            (4, 8): "is a bond: with pairs no bond lies at the boundary",
        },
        start="the ranks 4, 8, 8, 8, 4, and where the boundary 64 lies",
    ),
    "rank_bound": Function(
        solution=rank_bound,
        slips={
            "forgets that the boundary may cut a mode": only_bonds,
            "returns the full rank always": lambda modes, ranks, rows: min(
                rows, prod(modes) // rows
            ),
            "returns the smallest bond": lambda modes, ranks, rows: min(
                ranks
            ),
            "forgets that the full rank is a bound too": without_full,
        },
        start="the product of the modes before each bond",
        cases=trains,
    ),
    "pair_index": Function(
        solution=pair_index,
        slips={
            "counts the digits from the wrong end": last_first,
            "swaps row and column digits": lambda i, j, pairs: pair_index(
                j, i, tuple((b, a) for a, b in pairs)
            ),
            "counts from 1": lambda *given: tuple(
                k + 1 for k in pair_index(*given)
            ),
        },
        start="divmod, from the last pair to the first",
        cases=entries,
    ),
}
