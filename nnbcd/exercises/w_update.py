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


def with_pulled_bias(
    chunks: Chunks,
    W_old: Array,  # noqa: N803
    b_old: Array,
    G: Array,  # noqa: N803
    rho: float,
    tau: float,
    alpha: float,
) -> tuple[Array, Array]:
    """The bias as one more weight, whose copy is zero."""
    wide = [(np.hstack([v, np.ones((len(v), 1))]), u) for v, u in chunks]
    v, u = (np.concatenate(part) for part in zip(*wide, strict=True))
    old, copy = np.c_[W_old, b_old], np.c_[G, 0 * b_old]
    system = rho * v.T @ v + (alpha + tau) * np.eye(v.shape[1])
    right = rho * u.T @ v + alpha * old + tau * copy
    new = np.linalg.solve(system, right.T).T
    return new[:, :-1], new[:, -1]


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


def smallest_refitted(w: Array, C: Array) -> Array:  # noqa: N803
    """The smallest entry, which may be a dear one."""
    inverse, j = np.linalg.inv(C), int(np.argmin(np.abs(w)))
    return np.asarray(w - w[j] / inverse[j, j] * inverse[:, j])


def drop_smallest(w: Array, C: Array) -> Array:  # noqa: N803
    """Drops the smallest entry, and refits nothing."""
    del C
    return np.where(np.abs(w) > np.abs(w).min(), w, 0.0)


EXERCISES: dict[str, Exercise] = {
    "by_hand": Value(
        solution=(1.0, 2.0, 5 / 3),
        items=("W with a bias", "b", "W without a bias"),
        slips={
            (1, 2.0): "is the least squares slope: tau pulls it to 0",
            (1, 5 / 3): "is the slope without a bias",
            (1, 4 / 3): "pulls with tau / 2",
            (2, 0.0): "is the bias of the least squares line",
            (2, 4.0): "is the mean of U: take W times the mean of V away",
            (3, 2.0): "is the least squares slope: tau pulls it to 0",
            (3, 1.0): "is the slope with a bias",
        },
        start=(
            "the deviations of V and of U from their means; without a bias "
            "V and U themselves"
        ),
    ),
    "from_chunks": Function(
        solution=from_chunks,
        slips={
            "solves every chunk and averages": mean_of_solutions,
            "pulls the bias with tau": with_pulled_bias,
            "reads the first chunk only": lambda chunks, *more: from_chunks(
                chunks[:1], *more
            ),
            "forgets alpha": lambda *given: from_chunks(*(*given[:6], 0.0)),
            "forgets tau": lambda *given: from_chunks(
                *(*given[:5], 0.0, given[6])
            ),
        },
        start="A^T A and U^T A, which are sums over rows",
        cases=chunked,
    ),
    "patches": Function(
        solution=patches,
        slips={
            "puts the channels last, or turns the kernel": channels_last,
            "forgets the stride": lambda images, size, stride: patches(
                images, size, 1
            ),
            "turns every image over its diagonal": (
                lambda images, size, stride: patches(
                    images.transpose(0, 1, 3, 2), size, stride
                )
            ),
            "gives one column a position": lambda *given: patches(*given).T,
        },
        start="images[n, :, i : i + size, j : j + size].reshape(-1)",
        cases=stacks,
    ),
    "drop_one": Function(
        solution=drop_one,
        slips={
            "drops the smallest entry, and refits nothing": drop_smallest,
            "drops the right entry, and refits nothing": lambda w, C: (
                np.where(drop_one(w, C) == 0, 0.0, w)
            ),
            "drops the entry of least damage, and refits nothing": (
                lambda w, C: np.where(
                    w**2 * C.diagonal() > (w**2 * C.diagonal()).min(), w, 0.0
                )
            ),
            "drops the smallest entry, and refits": smallest_refitted,
        },
        start=(
            "the minimiser of 1/2 (x - w)^T C (x - w) among the x with "
            "x_j = 0, by a Lagrange multiplier"
        ),
        cases=rows_to_prune,
    ),
}
