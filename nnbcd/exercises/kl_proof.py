"""Exercises of the chapter on the proof."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, floor

import numpy as np

from nnbcd.exercises import Exercise, Function, Value

__all__ = ["EXERCISES"]


def sweeps_needed(phi_0: float, a: float, b: float, delta: float) -> int:
    """The least K with b^2 phi_0 / (a K) <= delta^2."""
    return ceil(_ratio(phi_0, a, b, delta))


def _ratio(phi_0: float, a: float, b: float, delta: float) -> float:
    return b**2 * phi_0 / (a * delta**2)


def root_forgotten(phi_0: float, a: float, b: float, delta: float) -> int:
    """Compares the squared norm with delta."""
    return ceil(b**2 * phi_0 / (a * delta))


def sweep_cases(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(phi_0, a, b, delta): ratios that are whole, in any order, first."""
    yield 1.0, 0.5, 2.0, 0.25
    yield 1.0, 1.0, 1.0, 0.5
    yield 3.0, 4.0, 2.0, 0.125
    for _ in range(20):
        phi_0, a, b = 10 ** rng.uniform(-1, 1.5, 3)
        yield float(phi_0), float(a), float(b), float(rng.uniform(0.01, 0.3))


def single_layer_b(
    gamma: float, rho: float, alpha: float, norm_x: float
) -> float:
    """Spectral norm of the coefficients of V, U, W."""
    matrix = [[alpha, gamma, 0], [0, 0, rho * norm_x], [0, 0, alpha]]
    return float(np.linalg.norm(matrix, 2))


def largest_entry(
    gamma: float, rho: float, alpha: float, norm_x: float
) -> float:
    """Takes the largest entry for the norm."""
    return max(alpha, gamma, rho * norm_x)


def layer_cases(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(gamma, rho, alpha, norm of X)."""
    yield 1.0, 1.0, 1.0, 1.0
    for _ in range(20):
        yield tuple(float(z) for z in 10 ** rng.uniform(-1, 1, 4))


EXERCISES: dict[str, Exercise] = {
    "sweeps_needed": Function(
        solution=sweeps_needed,
        slips={
            "compares the squared norm with delta": root_forgotten,
            "adds one where the ratio is a whole number": lambda *given: (
                floor(_ratio(*given)) + 1
            ),
            "rounds down": lambda *given: floor(_ratio(*given)),
            "does not round up": lambda *given: _ratio(*given),
            "rounds to the nearest": lambda *given: round(_ratio(*given)),
            "forgets the square of b": lambda phi_0, a, b, delta: ceil(
                b * phi_0 / (a * delta**2)
            ),
            "swaps a and b": lambda phi_0, a, b, delta: sweeps_needed(
                phi_0, b, a, delta
            ),
        },
        start="line 15, with inf Phi = 0, solved for K",
        cases=sweep_cases,
    ),
    "fixed_point": Value(
        solution=(1.0, 2.0, 0.5),
        items=("length", "first entry", "second entry"),
        slips={
            (1, 0.0): "takes the point for a critical one",
            (1, 3.0): "is the length of W - G, not of its projection",
            (1, 2.0): "projects on the wrong entries",
            (3, 1.0): "forgets the proximal term: alpha keeps half of G",
            (3, 0.0): "is the old entry: the pass moves it",
        },
        start="the entries of W - G at (i, 1, 1), (1, j, 1) and (1, 1, k)",
    ),
    "single_layer_b": Function(
        solution=single_layer_b,
        slips={
            "takes the largest entry for the norm": largest_entry,
            "takes the norm of Frobenius, not the spectral one": (
                lambda gamma, rho, alpha, norm_x: float(
                    np.hypot(
                        np.hypot(alpha, gamma), np.hypot(rho * norm_x, alpha)
                    )
                )
            ),
            "forgets the norm of X": lambda gamma, rho, alpha, norm_x: (
                single_layer_b(gamma, rho, alpha, 1.0)
            ),
            "swaps gamma and rho": lambda gamma, rho, *more: single_layer_b(
                rho, gamma, *more
            ),
            "forgets alpha": lambda gamma, rho, alpha, norm_x: single_layer_b(
                gamma, rho, 0.0, norm_x
            ),
        },
        start="lines 7, 9 and 11 with the step of V_0 = X zero",
        cases=layer_cases,
    ),
}
