"""Exercises of the chapter on the paper, its code and this package."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from nnbcd.exercises import Exercise, Function, Property, Value

__all__ = ["EXERCISES"]

Array = NDArray[np.float64]


def descended_rises(printed: Array, gap: Array, gamma: float) -> int:
    """Take the wrong part of the loss out, then count."""
    phi = np.asarray(printed) - (gamma - 1) / 2 * np.asarray(gap)
    return int(np.sum(np.diff(phi) > 0))


def printed_rises(printed: Array, gap: Array, gamma: float) -> int:
    """Counts on the log as it is."""
    del gap, gamma
    return int(np.sum(np.diff(printed) > 0))


def logs(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(printed, gap, gamma): a log by hand, then random ones."""
    yield np.array([3.0, 3.2, 2.9]), np.array([4.0, 2.0, 1.0]), 0.5
    yield np.array([3.0, 2.9, 2.8]), np.array([4.0, 3.9, 3.7]), 5.0
    yield np.array([3.0, 3.0, 2.5]), np.array([2.0, 2.0, 1.0]), 0.5
    for gamma in (0.1, 0.5, 1.0, 5.0, 100.0):
        gap = rng.uniform(0, 3, 40)
        phi = np.cumsum(rng.normal(size=40))
        yield phi + (gamma - 1) / 2 * gap, gap, gamma


def aliased_w(
    v: Array, u: Array, old: Array, rho: float, alpha: float, tau: float
) -> Array:
    """The pull to the copy is a pull to the old weight."""
    shift = alpha + tau
    system = rho * v.T @ v + shift * np.eye(v.shape[1])
    right = rho * u.T @ v + shift * old
    return np.asarray(np.linalg.solve(system, right.T).T)


def without_tau(
    v: Array, u: Array, old: Array, rho: float, alpha: float, tau: float
) -> Array:
    """A term that is zero, so it is left out."""
    del tau
    return aliased_w(v, u, old, rho, alpha, 0.0)


def regressions(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(v, u, old, rho, alpha, tau), a single number first."""
    one = np.ones((1, 1))
    yield one, 2 * one, 0 * one, 1.0, 1.0, 2.0
    for n, p, q in ((4, 2, 1), (30, 5, 3)):
        v, u = rng.normal(size=(n, p)), rng.normal(size=(n, q))
        old = rng.normal(size=(q, p))
        yield v, u, old, *(float(x) for x in rng.uniform(0.2, 3, 3))


def weights_that_print(
    gamma: float, rho: float, tau: float, alpha: float
) -> tuple[float, float, float, float]:
    """Divide all by gamma: then gamma itself becomes 1."""
    return 1.0, rho / gamma, tau / gamma, alpha / gamma


def is_descended(
    answer: Callable[..., tuple[float, float, float, float]],
    rng: np.random.Generator,
) -> str | None:
    """The printed sum is a multiple of Phi under the answer's weights."""
    for _ in range(20):
        old = 10 ** rng.uniform(-1, 1, 4)
        gamma, rho, tau, alpha = (float(x) for x in old)
        new = np.asarray(answer(gamma, rho, tau, alpha), dtype=float)
        if new.shape != (4,):
            return f"gives {new.size} numbers; wanted are 4"
        # coefficients of loss, gaps of V, of U, of W, proximal terms
        told = np.array([gamma, gamma, rho, tau, alpha])
        mine = np.array([1.0, *new])
        if not np.allclose(told / gamma, mine, rtol=1e-6):
            return (
                f"gives {np.round(new, 3).tolist()} for gamma = {gamma:.3g}, "
                f"rho = {rho:.3g}, tau = {tau:.3g}, alpha = {alpha:.3g}: "
                "the terms are not in the printed proportion"
            )
    return None


EXERCISES: dict[str, Exercise] = {
    "by_hand": Value(
        solution=(2 / 3, -1 / 48, 1 / 72),
        items=("new v", "change of Phi", "change of Psi"),
        slips={
            (1, 0.5): "is the old value",
            (1, 1 / 3): "swaps the weights of the two terms",
            (2, 1 / 48): "is the fall: a change that falls is negative",
            (2, 1 / 6): "is Phi after the update, not its change",
            (3, -1 / 72): "is a fall: Psi rises",
            (3, 5 / 36): "is Psi after the update, not its change",
        },
        start=(
            "the minimiser of (v - 1)^2/2 + v^2/4; a change is the value "
            "after less the value before"
        ),
    ),
    "descended_rises": Function(
        solution=descended_rises,
        slips={
            "counts on the log as it is": printed_rises,
            "counts the falls": lambda p, g, gamma: (
                len(p) - 1 - descended_rises(p, g, gamma)
            ),
            "adds what should be taken away": lambda p, g, gamma: (
                descended_rises(p, -g, gamma)
            ),
            "forgets the factor 1/2": lambda p, g, gamma: descended_rises(
                p, 2 * g, gamma
            ),
            "takes gamma, not gamma - 1": lambda p, g, gamma: descended_rises(
                p, g, gamma + 1
            ),
            "counts a sweep that stands still": lambda p, g, gamma: int(
                np.sum(np.diff(p - (gamma - 1) / 2 * g) >= 0)
            ),
        },
        start="what is printed less (gamma - 1)/2 times gap",
        cases=logs,
    ),
    "aliased_w": Function(
        solution=aliased_w,
        slips={
            "leaves tau out": without_tau,
            "forgets alpha": lambda v, u, old, rho, alpha, tau: aliased_w(
                v, u, old, rho, 0.0, tau
            ),
            "pulls to zero, not to the old weight": lambda v, u, old, *more: (
                aliased_w(v, u, 0 * old, *more)
            ),
            "forgets rho": lambda v, u, old, rho, *more: aliased_w(
                v, u, old, 1.0, *more
            ),
        },
        start="the W update with G = old",
        cases=regressions,
    ),
    "weights_that_print": Property(
        solution=weights_that_print,
        wrong=(
            lambda gamma, rho, tau, alpha: (gamma, rho, tau, alpha),
            lambda gamma, rho, tau, alpha: (1.0, rho, tau, alpha),
            lambda gamma, rho, tau, alpha: (
                gamma,
                rho / gamma,
                tau / gamma,
                alpha / gamma,
            ),
            lambda gamma, rho, tau, alpha: (
                1.0,
                rho * gamma,
                tau * gamma,
                alpha * gamma,
            ),
        ),
        start="the printed sum divided by gamma",
        test=is_descended,
        right="on 20 sets of weights the terms are in proportion",
    ),
}
