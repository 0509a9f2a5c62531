"""Exercises of the chapter on the V update."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from nnbcd.exercises import Exercise, Function, Property, Value

__all__ = ["EXERCISES"]

Array = NDArray[np.float64]


def systems(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(S, Z, W, V_old, gamma, rho, alpha), few units above, then many."""
    one = np.ones((1, 1))
    yield one, 3 * one, 2 * one, 0 * one, 1.0, 1.0, 1.0
    yield one, 3 * one, 2 * one, 0 * one, 2.0, 0.5, 0.0
    for n, above, here in ((5, 2, 6), (5, 6, 2), (3, 4, 4)):
        S, V_old = rng.normal(size=(2, n, here))  # noqa: N806
        Z = rng.normal(size=(n, above))  # noqa: N806
        W = rng.normal(size=(above, here))  # noqa: N806
        gamma, rho, alpha = (float(x) for x in 10 ** rng.uniform(-1, 1, 3))
        yield S, Z, W, V_old, gamma, rho, alpha


def proximal(
    S: Array,  # noqa: N803
    Z: Array,  # noqa: N803
    W: Array,  # noqa: N803
    V_old: Array,  # noqa: N803
    gamma: float,
    rho: float,
    alpha: float,
) -> Array:
    """The plain block with a heavier pull to a weighted mean."""
    total = gamma + alpha
    system = total * np.eye(W.shape[1]) + rho * W.T @ W
    right = gamma * S + alpha * V_old + rho * Z @ W
    return np.asarray(np.linalg.solve(system, right.T).T)


def pull_not_shared(
    S: Array,  # noqa: N803
    Z: Array,  # noqa: N803
    W: Array,  # noqa: N803
    V_old: Array,  # noqa: N803
    gamma: float,
    rho: float,
    alpha: float,
) -> Array:
    """Adds alpha to the right side and forgets it in the system."""
    system = gamma * np.eye(W.shape[1]) + rho * W.T @ W
    right = gamma * S + alpha * V_old + rho * Z @ W
    return np.asarray(np.linalg.solve(system, right.T).T)


def margins(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(z, y, w): both labels, on either side of the margin."""
    for one, label in product((2.0, 0.5, -1.0), (1.0, -1.0)):
        yield np.array([one]), np.array([label]), 2.0
    z = 2 * rng.normal(size=(40, 5))
    y = np.where(rng.normal(size=(40, 5)) > 0, 1.0, -1.0)
    for w in (0.1, 1.0, 10.0):
        yield z, y, w


def squared_hinge(z: Array, y: Array, w: float) -> Array:
    """Past the margin keep z, before it the mean of y and z."""
    return np.asarray(np.where(y * z >= 1, z, (y + w * z) / (1 + w)))


def always_mean(z: Array, y: Array, w: float) -> Array:
    """The squared loss: pulls back what is far on the right side."""
    return np.asarray((y + w * z) / (1 + w))


def boxed(S: object, Z: object, W: object) -> tuple[float, float]:  # noqa: N803
    """Value at the clipped minimiser, and the least value for V >= 0."""
    s, z = (np.asarray(x, dtype=np.float64).reshape(-1) for x in (S, Z))
    w = np.asarray(W, dtype=np.float64).reshape(-1, 2)

    def value(v: Array) -> float:
        return float(((v - s) ** 2).sum() + ((z - w @ v) ** 2).sum()) / 2

    system, right = np.eye(2) + w.T @ w, s + w.T @ z
    least = float("inf")
    for free in product((False, True), repeat=2):
        v, on = np.zeros(2), np.array(free)
        v[on] = np.linalg.solve(system[np.ix_(on, on)], right[on])
        if (v >= 0).all():
            least = min(least, value(v))
    return value(np.maximum(np.linalg.solve(system, right), 0)), least


def clipping_fails(
    answer: Sequence[object], rng: np.random.Generator
) -> str | None:
    """The clipped point must be worse by a tenth."""
    del rng
    S, Z, W = (np.asarray(x, dtype=np.float64) for x in answer)  # noqa: N806
    if S.size != 2 or W.shape != (Z.size, 2):
        return "needs one sample of two units: S (2,), Z (q,), W (q, 2)"
    if (S < 0).any():
        return "has a negative entry in S, which ReLU cannot put out"
    clipped, least = boxed(S, Z, W)
    if not (clipped >= (1.1 - 1e-9) * least and clipped - least >= 1e-6):
        return (
            f"has h = {clipped:.4f} at the clipped point, and {least:.4f} "
            "at best: the one should be a tenth above the other"
        )
    return None


EXERCISES: dict[str, Exercise] = {
    "by_hand": Value(
        solution=([5 / 3, 3.0], 3.0, 4 / 3),
        items=("v1", "v2", "condition number", "fall"),
        slips={
            (1, 1.0): "is the old value: the layer above pulls at it",
            (1, 2.0): "is where the layer above pulls alone",
            (1, 9 / 5): "forgets gamma",
            (2, 1.0): "forgets gamma in the system or in the right side",
            (3, 1.0): "belongs to the smaller system",
            (3, 5.0): "forgets gamma",
            (3, 4.0): "has no part of gamma in the numerator",
            (4, 4 / 9): "forgets the term of the layer above",
            (4, 8 / 9): "forgets the term of the activation",
            (4, 8 / 3): "forgets the factors 1/2",
        },
        start=(
            "the normal equations, one for each unit here; the fall is "
            "gamma/2 |d|^2 + rho/2 |d W^T|^2 with d = V - S"
        ),
    ),
    "proximal": Function(
        solution=proximal,
        slips={
            "forgets alpha in the system": pull_not_shared,
            "forgets the proximal term": lambda *given: proximal(
                *(*given[:6], 0.0)
            ),
            "pulls to zero, not to the old V": lambda S, Z, W, old, *more: (
                proximal(S, Z, W, 0 * old, *more)
            ),
            "swaps gamma and rho": lambda *given: proximal(
                *(*given[:4], given[5], given[4], given[6])
            ),
        },
        start=(
            "the gradient in V of all three terms; V stands in each of them"
        ),
        cases=systems,
    ),
    "squared_hinge": Function(
        solution=squared_hinge,
        slips={
            "pulls back what is past the margin": always_mean,
            "keeps z before the margin": lambda z, y, w: z,
            "turns the two sides round": lambda z, y, w: np.where(
                y * z >= 1, (y + w * z) / (1 + w), z
            ),
            "forgets the label in the test of the margin": (
                lambda z, y, w: np.where(z >= 1, z, (y + w * z) / (1 + w))
            ),
            "puts the weight w on y": lambda z, y, w: squared_hinge(
                z, y, 1 / w
            ),
        },
        start="one number t = y v, and the parabola on either side of t = 1",
        cases=margins,
    ),
    "clipping_fails": Property(
        solution=([0.0, 0.0], [1.0], [[1.0, -1.0]]),
        wrong=(
            ([0.0, 0.0], [1.0, -1.0], [[1.0, 0.0], [0.0, 1.0]]),
            ([0.0, 0.0], [1.0], [[1.0, 1.0]]),
            ([0.0, 0.0], [0.0], [[1.0, -1.0]]),
            ([0.0, -1.0], [1.0], [[1.0, -1.0]]),
            ([1.0, 1.0], [1.0], [[1.0, -1.0]]),
            ([0.0], [1.0], [[1.0]]),
            ([0.0, 0.0], [1.0, 2.0], [[1.0, -1.0]]),
            ([0.0, 0.0], [1e200], [[1.0, -1.0]]),
            ([0.0, 0.0], [float("nan")], [[1.0, -1.0]]),
        ),
        start=(
            "a W whose columns are far from perpendicular, so that the "
            "units do not decide alone, and a Z that makes one negative"
        ),
        test=clipping_fails,
        right=(
            "clipping the minimiser costs at least a tenth more than the "
            "best V with no negative entry"
        ),
        function=False,
    ),
}
