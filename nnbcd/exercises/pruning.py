"""Exercises of the chapter on the pruning block."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nnbcd.exercises import Exercise, Function, Value

__all__ = ["EXERCISES"]

Array = NDArray[np.float64]


def quadratics(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(W, C, R, k): W with at most k non-zeros, C positive definite."""
    w = np.array([[1.0, 0.0], [0.0, 2.0]])
    yield w, np.diag([1.0, 4.0]), np.array([[2.0, 1.0], [3.0, 0.0]]), 2
    for m, p, k in ((1, 4, 2), (3, 5, 4), (6, 8, 12)):
        features = rng.normal(size=(3 * p, p))
        start = keep(rng.normal(size=(m, p)), k)
        yield start, features.T @ features, 9 * rng.normal(size=(m, p)), k


def keep(z: Array, k: int) -> Array:
    """The k entries of largest size, the first ones at a tie."""
    order = np.argsort(-np.abs(z).ravel(), kind="stable")
    out = np.zeros(z.size)
    out[order[:k]] = z.ravel()[order[:k]]
    return out.reshape(z.shape)


def threshold_step(
    W: Array,  # noqa: N803
    C: Array,  # noqa: N803
    R: Array,  # noqa: N803
    k: int,
) -> Array:
    """One step, then the best values on its support."""
    moved = keep(W - (W @ C - R) / np.linalg.eigvalsh(C)[-1], k)
    out = np.zeros_like(moved)
    for row, (support, wanted) in enumerate(zip(moved != 0, R, strict=True)):
        if support.any():
            system = C[np.ix_(support, support)]
            out[row, support] = np.linalg.solve(system, wanted[support])
    return out


def without_values(
    W: Array,  # noqa: N803
    C: Array,  # noqa: N803
    R: Array,  # noqa: N803
    k: int,
) -> Array:
    """Stops after the threshold."""
    return keep(W - (W @ C - R) / np.linalg.eigvalsh(C)[-1], k)


def grams(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(w, C): one row and a positive definite matrix."""
    yield np.array([1.0, 2.0]), np.diag([4.0, 1.0])
    yield np.array([1.0, 1.0]), np.array([[2.0, 1.0], [1.0, 2.0]])
    for p in (3, 7):
        features = rng.normal(size=(3 * p, p))
        yield rng.normal(size=p), features.T @ features


def surgeon(w: Array, C: Array) -> Array:  # noqa: N803
    """The cost of each entry when the others are fitted again."""
    return np.asarray(w**2 / (2 * np.linalg.inv(C).diagonal()))


def damage(w: Array, C: Array) -> Array:  # noqa: N803
    """The cost of each entry when the others stay."""
    return np.asarray(0.5 * w**2 * C.diagonal())


EXERCISES: dict[str, Exercise] = {
    "by_hand": Value(
        solution=([[3.0, 0.0], [0.0, 1.5]], 1.8125),
        wrong=([[4.0, 0.0], [-2.0, 0.0]], 5.0),
        start="the mean Z = (3 W + G_old) / 4, not W",
    ),
    "bytes": Value(
        solution=(117449, 227849),
        wrong=(117600, 235199),
        start="4 (2 K + 301) for rows, and 29400 + 4 K for the bit mask",
    ),
    "threshold_step": Function(
        solution=threshold_step,
        wrong=without_values,
        start="W - (W C - R) / lambda, of which k entries stay",
        cases=quadratics,
    ),
    "surgeon": Function(
        solution=surgeon,
        wrong=damage,
        start="the step d of least d C d / 2 with d_j = -w_j",
        cases=grams,
    ),
}
