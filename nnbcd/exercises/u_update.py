"""Exercises of the chapter on the U update."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from nnbcd.exercises import Exercise, Function, Property, Value

__all__ = ["EXERCISES"]

Array = NDArray[np.float64]


def cases(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """Single numbers, among them m = 0, then whole arrays: (v, m, c)."""
    few = ((1, 1, 1), (1, -1, 1), (-1, 1, 1), (-1, -1, 2), (2, 0, 1))
    for one, other, weight in few:
        yield np.array([float(one)]), np.array([float(other)]), float(weight)
    for c in (0.1, 1.0, 10.0):
        v, m = 2 * rng.normal(size=(2, 50, 20))
        yield v, m, c


def relu_prox(v: Array, m: Array, c: float) -> Array:
    """The threshold form, right valley at a tie."""
    kappa = np.sqrt(1 + 1 / c) - 1
    right = np.maximum(0, (v + c * m) / (1 + c))
    return np.asarray(np.where(m >= -kappa * np.maximum(v, 0), right, m))


def lower_branch(v: Array, m: Array, c: float) -> Array:
    """Forgets the last branch: never keeps a negative centre."""
    return np.maximum(0, (v + c * m) / (1 + c))


def absolute_prox(v: Array, m: Array, c: float) -> Array:
    """The side of m, as ReLU's right piece there."""
    sign = np.where(m >= 0, 1.0, -1.0)
    return np.asarray(sign * np.maximum(0, (v + c * np.abs(m)) / (1 + c)))


def signless_prox(v: Array, m: Array, c: float) -> Array:
    """Uses numpy's sign, which is 0 at m = 0."""
    return np.sign(m) * absolute_prox(v, np.abs(m), c)


def worst_start(v: float, gamma: float, rho: float, alpha: float) -> float:
    """The old value at the threshold."""
    c = (rho + alpha) / gamma
    return float(-(np.sqrt(1 + 1 / c) - 1) * v)


def fall_is_least(
    start: Callable[..., float], rng: np.random.Generator
) -> str | None:
    """Both points are minimisers, and the fall is the promise exactly."""
    for _ in range(50):
        v, gamma, rho, alpha = 10 ** rng.uniform(-1, 1, 4)
        a = float(start(v, gamma, rho, alpha))
        c = (rho + alpha) / gamma
        new = max(0.0, (v + c * a) / (1 + c))

        def h(u: float, v: float = v, gamma: float = gamma) -> float:
            return float(gamma / 2 * (max(u, 0.0) - v) ** 2)

        fall = h(a) - h(new) - rho / 2 * (new - a) ** 2
        promise = alpha / 2 * (new - a) ** 2
        said = f"gives a = {a:.4g} for v = {v:.4g}, c = {c:.4g}; there the "
        if a >= 0 or new - a < 1e-9:
            return said + "update does not jump"
        if abs(fall - promise) > 1e-6 * max(1.0, h(a)):
            return said + (
                f"objective falls by {fall:.4g}, not by {promise:.4g}"
            )
    return None


_ROOT = float(np.sqrt(2))

EXERCISES: dict[str, Exercise] = {
    "by_hand": Value(
        solution=(2 - 2 * _ROOT, [1.5, 0.75, -1.0], _ROOT),
        items=(
            "threshold",
            "u for m = 1",
            "u for m = -0.5",
            "u for m = -1",
            "jump",
        ),
        slips={
            (1, _ROOT - 1): "is kappa: the threshold is -kappa v",
            (1, 1 - _ROOT): "is -kappa: the threshold is -kappa v",
            (1, -_ROOT): "forgets the -1 in kappa, and v",
            (2, 1.0): "is m: above the threshold u moves",
            (2, 2.0): "is v: u lies between m and v",
            (3, -0.5): "is m: this m is above the threshold",
            (3, 0.0): "is zero, which ReLU's update never returns here",
            (4, 0.5): "is the right valley: this m is below the threshold",
            (4, 0.0): "is the kink: the update returns m",
            (5, 0.586): "ends at the kink: the jump goes from m to u",
            (5, 0.7071): "is the jump for v = 1",
        },
        start=(
            "kappa, which for c = 1 is the root of 2, less 1; above the "
            "threshold u is (v + c m) / (1 + c), below it is m"
        ),
    ),
    "worst_start": Property(
        solution=worst_start,
        wrong=(
            lambda v, gamma, rho, alpha: -v,
            lambda v, gamma, rho, alpha: (
                1 - (1 + gamma / (rho + alpha)) ** 0.5
            ),
            lambda v, gamma, rho, alpha: worst_start(v, gamma, rho, 0.0),
            lambda v, gamma, rho, alpha: worst_start(v, 1.0, rho, alpha),
        ),
        start="the threshold for m, where two valleys are equally deep",
        test=fall_is_least,
        right=(
            "on 50 problems the objective falls by alpha/2 d^2 and no more"
        ),
    ),
    "four_branches": Function(
        solution=relu_prox,
        slips={
            "never keeps a negative m": lower_branch,
            "keeps every negative m": lambda v, m, c: np.where(
                m < 0, m, np.maximum(0, (v + c * m) / (1 + c))
            ),
            "starts at v": lambda v, m, c: np.where(
                (v < 0) & (v + c * m >= 0), v, relu_prox(v, m, c)
            ),
            "is the map without ReLU": lambda v, m, c: (v + c * m) / (1 + c),
        },
        start="zeros, then one np.where for each later line",
        cases=cases,
    ),
    "absolute_prox": Function(
        solution=absolute_prox,
        slips={
            "takes 0 for the sign of m = 0, as np.sign does": signless_prox,
            "forgets the sign of m": lambda v, m, c: np.maximum(
                0, (v + c * np.abs(m)) / (1 + c)
            ),
            "forgets to cut at zero": lambda v, m, c: (
                np.where(m >= 0, 1.0, -1.0) * (v + c * np.abs(m)) / (1 + c)
            ),
            "takes -1 for the sign of m = 0": lambda v, m, c: (
                -absolute_prox(v, -m, c)
            ),
            "takes the map of ReLU": relu_prox,
        },
        start=(
            "the case m >= 0, where no point on the left is better than "
            "its mirror image"
        ),
        cases=cases,
    ),
}
