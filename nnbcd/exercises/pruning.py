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
    return best_values(without_values(W, C, R, k), C, R)


def best_values(moved: Array, C: Array, R: Array) -> Array:  # noqa: N803
    """The least of the quadratic on the support of ``moved``."""
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
        items=("G[0, 0]", "G[0, 1]", "G[1, 0]", "G[1, 1]", "distance"),
        slips={
            (1, 4): "is the entry of W: keep the entries of Z",
            (2, -1.25): "is an entry of Z that is too small to stay",
            (2, -8): "is the entry of the old G: keep the entries of Z",
            (3, -0.5): "is an entry of Z that is too small to stay",
            (3, -2): "is the entry of W: keep the entries of Z",
            (5, 1.8125**0.5): "is the distance, not its square",
            (5, 11.25): "is the square of the entries that stay",
        },
        start=(
            "the mean Z = (3 W + G_old) / 4, of which two entries stay; the "
            "squares of the others add up to the squared distance"
        ),
    ),
    "bytes": Value(
        solution=(117449, 227849),
        items=("largest K of CSR", "largest K of the bit mask"),
        slips={
            (1, 117600): "forgets the row pointers",
            (1, 117599): "forgets the row pointers",
            (1, 117450): "takes more bytes than the dense matrix",
            (1, 117449.5): "is no whole number: round it down",
            (2, 235199): "forgets the mask itself",
            (2, 227850): "takes just as many bytes as the dense matrix",
            (2, 205800): "takes a byte, not a bit, for an entry",
        },
        start="4 (2 K + 301) for rows, and 29400 + 4 K for the bit mask",
    ),
    "threshold_step": Function(
        solution=threshold_step,
        slips={
            "stops after the threshold": without_values,
            "finds the support on W, without the step": lambda W, C, R, k: (
                best_values(keep(W, k), C, R)
            ),
            "fits all values, without a support": lambda W, C, R, k: (
                np.linalg.solve(C, R.T).T
            ),
        },
        start="W - (W C - R) / lambda, of which k entries stay",
        cases=quadratics,
    ),
    "surgeon": Function(
        solution=surgeon,
        slips={
            "leaves the other entries as they are": damage,
            "forgets the factor 1/2": lambda w, C: 2 * surgeon(w, C),
            "multiplies by the inverse's diagonal": lambda w, C: (
                w**2 * np.linalg.inv(C).diagonal() / 2
            ),
            "forgets the square of w": lambda w, C: surgeon(
                np.sqrt(np.abs(w)), C
            ),
        },
        start="the step d of least d C d / 2 with d_j = -w_j",
        cases=grams,
    ),
}
