"""Exercises of the chapter on the W update."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from nnbcd.exercises import Exercise, Function, Value

__all__ = ["EXERCISES"]

Array = NDArray[np.float64]
Chunks = list[tuple[Array, Array]]


def chunked(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(chunks, W_old, b_old, G, rho, tau, alpha), chunks of unlike size."""
    one = np.ones((1, 1))
    few = [(one, 2 * one), (3 * one, 6 * one)]
    yield few, 0 * one, one[0], one, 1.0, 1.0, 1.0
    for sizes in ((40,), (5, 40, 1), (2, 2, 2, 30)):
        for shift in (0.0, 3.0):
            chunks = [
                (
                    rng.normal(size=(n, 4)) + shift,
                    rng.normal(size=(n, 3)) - shift,
                )
                for n in sizes
            ]
            w, g = rng.normal(size=(2, 3, 4))
            rho, tau, alpha = (float(x) for x in 10 ** rng.uniform(-1, 1, 3))
            yield chunks, w, rng.normal(size=3), g, rho, tau, alpha


def from_chunks(
    chunks: Chunks,
    W_old: Array,  # noqa: N803
    b_old: Array,
    G: Array,  # noqa: N803
    rho: float,
    tau: float,
    alpha: float,
) -> tuple[Array, Array]:
    """The sums over chunks, then one solve."""
    q, p = W_old.shape
    gram, cross = np.zeros((p + 1, p + 1)), np.zeros((q, p + 1))
    for v, u in chunks:
        a = np.hstack([v, np.ones((len(v), 1))])
        gram += a.T @ a
        cross += u.T @ a
    shift = np.full(p + 1, alpha)
    shift[:p] += tau
    old = np.hstack([W_old, b_old[:, None]])
    right = rho * cross + alpha * old
    right[:, :p] += tau * G
    new = np.linalg.solve(rho * gram + np.diag(shift), right.T).T
    return new[:, :p], new[:, p]


def mean_of_solutions(
    chunks: Chunks,
    W_old: Array,  # noqa: N803
    b_old: Array,
    G: Array,  # noqa: N803
    rho: float,
    tau: float,
    alpha: float,
) -> tuple[Array, Array]:
    """Solves every chunk for itself and averages."""
    each = [
        from_chunks([chunk], W_old, b_old, G, rho, tau, alpha)
        for chunk in chunks
    ]
    w, b = zip(*each, strict=True)
    return np.mean(w, axis=0), np.mean(b, axis=0)


def stacks(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(images, size, stride), a 3 x 3 image first."""
    yield np.arange(9.0).reshape(1, 1, 3, 3), 2, 1
    yield np.arange(32.0).reshape(1, 2, 4, 4), 2, 2
    for shape, size, stride in (
        ((3, 2, 5, 6), 3, 1),
        ((2, 3, 7, 7), 3, 2),
        ((4, 1, 6, 5), 2, 3),
    ):
        yield rng.normal(size=shape), size, stride


def patches(images: Array, size: int, stride: int) -> Array:
    """One row a position, channel by channel in it."""
    n, channels, height, width = images.shape
    rows = []
    for image in images:
        for i in range(0, height - size + 1, stride):
            for j in range(0, width - size + 1, stride):
                part = image[:, i : i + size, j : j + size]
                rows.append(part.reshape(-1))
    return np.array(rows).reshape(-1, channels * size * size)


def channels_last(images: Array, size: int, stride: int) -> Array:
    """The right patches, but their channels innermost."""
    out = patches(images, size, stride)
    channels = images.shape[1]
    split = out.reshape(len(out), channels, size * size)
    swapped = split.transpose(0, 2, 1)
    # With one channel the order is the same: transpose the patch as well.
    if channels == 1:
        swapped = out.reshape(len(out), size, size).transpose(0, 2, 1)
    return np.asarray(swapped.reshape(out.shape))


def rows_to_prune(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(w, C): the smallest entry is not always the cheapest one."""
    yield np.array([1.0, 0.8]), np.array([[1.0, 0.0], [0.0, 9.0]])
    yield (
        np.array([1.0, 0.9, 0.6]),
        np.array([[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]]),
    )
    for p in (3, 5, 8):
        for _ in range(5):
            v = rng.normal(size=(20, p)) @ rng.normal(size=(p, p))
            yield rng.normal(size=p), v.T @ v


def drop_one(w: Array, C: Array) -> Array:  # noqa: N803
    """Cost w_j^2 / (2 (C^-1)_jj), the others refitted."""
    inverse = np.linalg.inv(C)
    j = int(np.argmin(w**2 / np.diag(inverse)))
    out = w - w[j] / inverse[j, j] * inverse[:, j]
    out[j] = 0.0
    return np.asarray(out)


def drop_smallest(w: Array, C: Array) -> Array:  # noqa: N803
    """Drops the smallest entry, and refits nothing."""
    del C
    return np.where(np.abs(w) > np.abs(w).min(), w, 0.0)


EXERCISES: dict[str, Exercise] = {
    "by_hand": Value(
        solution=(1.0, 2.0, 5 / 3),
        wrong=(1.0, 2.0, 1.0),
        start="the deviations of V and of U from their means",
        rtol=1e-3,
    ),
    "from_chunks": Function(
        solution=from_chunks,
        wrong=mean_of_solutions,
        start="A^T A and U^T A, which are sums over rows",
        cases=chunked,
    ),
    "patches": Function(
        solution=patches,
        wrong=channels_last,
        start="images[n, :, i : i + size, j : j + size].reshape(-1)",
        cases=stacks,
    ),
    "drop_one": Function(
        solution=drop_one,
        wrong=drop_smallest,
        start=(
            "the minimiser of 1/2 (x - w)^T C (x - w) among the x with "
            "x_j = 0, by a Lagrange multiplier"
        ),
        cases=rows_to_prune,
    ),
}
