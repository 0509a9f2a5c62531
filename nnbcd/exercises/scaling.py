"""Exercises of the chapter on scaling out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nnbcd.exercises import Exercise, Function, Value

__all__ = ["EXERCISES"]

Matrix = NDArray[np.float64]


def pieces(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """Lists of pieces (n, p): uneven, of one row, far from zero."""
    yield ([np.array([[0.0], [2.0]]), np.array([[4.0]])],)
    yield ([np.array([[1.0, 2.0]])],)
    for _ in range(10):
        sizes = rng.integers(1, 9, 3)
        yield ([rng.normal(2.0, 1.0, (int(n), 3)) for n in sizes],)


def centred_gram(parts: Sequence[ArrayLike]) -> Matrix:
    """Gram matrix of all rows less their common mean."""
    rows = [np.asarray(v, dtype=float) for v in parts]
    n = sum(len(v) for v in rows)
    gram = sum((v.T @ v for v in rows), np.zeros((1, 1)))
    total = np.sum([v.sum(axis=0) for v in rows], axis=0)
    out: Matrix = gram - np.outer(total, total) / n
    return out


def own_means(parts: Sequence[ArrayLike]) -> Matrix:
    """Takes from each piece its own mean."""
    return np.asarray(sum(centred_gram([v]) for v in parts))


def machines(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(work, wait): one process is best, a tie, many are."""
    yield 1, 1
    yield 4, 1  # one and two processes take as long
    yield 5, 1
    yield 12, 1  # two and three take as long
    yield 40, 1
    for _ in range(15):
        yield int(rng.integers(1, 5000)), int(rng.integers(1, 20))


def best_processes(work: int, wait: int) -> int:
    """Least P >= 1 that minimises work / P + 2 (P - 1) wait."""
    p = 1
    while 2 * wait * p * (p + 1) < work:
        p += 1
    return p


def rounded_root(work: int, wait: int) -> int:
    """Rounds down the minimiser over the real numbers."""
    return max(1, int(np.sqrt(work / (2 * wait))))


EXERCISES: dict[str, Exercise] = {
    "by_hand": Value(
        solution=(100802, 266610, 2939296),
        items=("Gram matrices", "products", "bytes"),
        slips={
            (1, 100000): "forgets the biases",
            (1, 717027): "counts the Gram matrix of the first layer too",
            (1, 50602): "counts half of every matrix",
            (2, 266200): "forgets the biases",
            (3, 367412): "is the sum in numbers: a number has eight bytes",
            (3, 1469648): "is in single precision",
            (3, 2936016): "forgets the biases of the products",
        },
        start="a layer with p inputs has k = p + 1 regressors",
    ),
    "centred_gram": Function(
        solution=centred_gram,
        slips={
            "takes from each piece its own mean": own_means,
            "forgets the mean": lambda parts: sum(v.T @ v for v in parts),
            "divides by the number of rows": lambda parts: (
                centred_gram(parts) / sum(len(v) for v in parts)
            ),
            "looks at the first piece only": lambda parts: centred_gram(
                parts[:1]
            ),
        },
        start="three sums over the rows: V^T V, V^T 1 and the count",
        cases=pieces,
    ),
    "best_processes": Function(
        solution=best_processes,
        slips={
            "rounds the real minimiser down": rounded_root,
            "rounds the real minimiser": lambda work, wait: max(
                1, round(np.sqrt(work / (2 * wait)))
            ),
            "rounds the real minimiser up": lambda work, wait: int(
                np.ceil(np.sqrt(work / (2 * wait)))
            ),
            "takes the larger one of a tie": lambda work, wait: (
                best_processes(work + 1, wait)
            ),
            "is one too small": lambda work, wait: (
                best_processes(work, wait) - 1
            ),
        },
        start="when one more process saves more than it costs",
        cases=machines,
    ),
}
