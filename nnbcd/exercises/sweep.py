"""Exercises of the chapter on the sweep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from nnbcd.exercises import Exercise, Function, Property, Value
from nnbcd.history import SweepRecord

__all__ = ["EXERCISES"]

Array = NDArray[np.float64]
HAR = (561, 1024, 1024, 1024, 512, 6)


def row_flops(n: int, widths: Sequence[int]) -> float:
    """Operations of a sweep with N in them."""
    total = 4.0 * n * widths[0] * widths[1]
    for p, q in zip(widths[1:], widths[2:], strict=False):
        total += 8.0 * n * p * q + 2.0 * n * p * p
    return total


def gradient_flops(n: int, widths: Sequence[int]) -> float:
    """Forward and backward, without the gradient in X."""
    pairs = list(zip(widths, widths[1:], strict=False))
    p, q = pairs[0]
    return sum(6.0 * n * p * q for p, q in pairs) - 2.0 * n * p * q


def modulus(
    block: str, last: bool, gamma: float, rho: float, tau: float, alpha: float
) -> float:
    """What the lemma gives; tau is 0 in a free layer."""
    if block == "V":
        return alpha + (1 + gamma) / 2 if last else gamma / 2
    if block == "U":
        return (gamma + rho) / 2 if last else alpha / 2
    return alpha + tau / 2 if block == "W" else alpha / 2


def half_alpha(
    block: str, last: bool, gamma: float, rho: float, tau: float, alpha: float
) -> float:
    """Forgets that a strongly convex problem pays the step twice."""
    if block == "W":
        return (alpha + tau) / 2
    return modulus(block, last, gamma, rho, tau, alpha)


def moduli(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """Every block with round numbers, then with random ones."""
    for block in "VUWG":
        for last in (False, True):
            if block == "G" and last:
                continue
            yield block, last, 0.5, 0.5, 5.0, 1.0
            yield block, last, *(float(x) for x in rng.uniform(0.1, 3, 4))


def affine_change(
    step: Array, gram: Array, residual: Array, rho: float
) -> float:
    """The inner product of step with (step gram / 2 - residual), by rho."""
    return float(rho * np.sum(step * (0.5 * step @ gram - residual)))


def first_order(
    step: Array, gram: Array, residual: Array, rho: float
) -> float:
    """Leaves the quadratic part out."""
    del gram
    return float(-rho * np.sum(step * residual))


def regressions(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(step, gram, residual, rho) of real regressions, small ones first."""
    for n, p, q in ((3, 1, 1), (5, 2, 1), (20, 4, 3), (50, 6, 5)):
        v, gap = rng.normal(size=(n, p)), rng.normal(size=(n, q))
        step = rng.normal(size=(q, p))
        yield step, v.T @ v, gap.T @ v, float(rng.uniform(0.1, 2))


def stalled(window: int, share: float) -> Callable[..., bool]:
    """Remembers the objective of every sweep."""
    seen: list[float] = []

    def callback(record: SweepRecord, state: object) -> bool:
        del state
        seen.append(record.objective)
        if len(seen) <= window:
            return False
        return seen[-1] > (1 - share) * seen[-1 - window]

    return callback


def stops_at_ties(window: int, share: float) -> Callable[..., bool]:
    """Stops when exactly the share was gained."""
    return stalled(window, float(np.nextafter(share, 1)))


def impatient(window: int, share: float) -> Callable[..., bool]:
    """Compares with the sweep before, whatever the window."""
    del window
    return stalled(1, share)


def stops_in_time(
    make: Callable[..., object], rng: np.random.Generator
) -> str | None:
    """The callback asks to stop at the right sweep, and never before."""
    for trial in range(20):
        window = int(rng.integers(1, 6))
        share = float(10 ** rng.uniform(-2, -0.5))
        rates = rng.uniform(0, 2 * share / window, 40)
        values = 100 * np.cumprod(1 - rates)
        if trial == 0:  # what is gained equals the share: go on
            window, share = 1, 0.5
            values = np.array([64.0, 32.0, 16.0, 12.0])
        call = make(window, share)
        if not callable(call):
            return "must return a function of (record, state)"
        for k, value in enumerate(values):
            record = _record(k + 1, float(value))
            told = bool(call(record, None))
            want = k >= window and value > (1 - share) * values[k - window]
            if told != want:
                said = "stops" if told else "goes on"
                last = np.round(values[max(0, k - window) : k + 1], 3)
                return (
                    f"({window}, {share:.3g}) {said} after sweep {k + 1} of "
                    f"run {trial + 1}; the last objectives are "
                    f"{last.tolist()}"
                )
            if told:
                break
    return None


def _record(number: int, objective: float) -> SweepRecord:
    return SweepRecord(
        sweep=number,
        objective=objective,
        decrease=0.0,
        step_norm=1.0,
        guaranteed=0.0,
        min_slack=0.0,
        seconds=0.0,
    )


_N = 7352
_GFLOP = row_flops(_N, HAR) / 1e9
_RATIO = row_flops(_N, HAR) / gradient_flops(_N, HAR)

EXERCISES: dict[str, Exercise] = {
    "count": Value(
        solution=(_GFLOP, _RATIO),
        items=("operations in 1e9", "ratio"),
        slips={
            (1, _GFLOP / 2): "takes a product and a sum for one operation",
            (1, _GFLOP / _RATIO): "is the number of the gradient",
            (2, 1 / _RATIO): "is the gradient over the sweep",
            (2, _RATIO**2): "is the square of the ratio",
        },
        start="the table of products, one line a layer, over 1e9",
    ),
    "orders": Value(
        solution=4,
        items=("a whole number",),
        slips={
            (1, 6): "is the number of orders: some are the same algorithm",
            (1, 3): "takes too many orders for the same algorithm",
            (1, 5): "misses one of two pairs of orders",
            (1, 2): "is the number of pairs that are the same algorithm",
            (1, 1): "is too few: U does not commute with its neighbours",
        },
        start="the pairs of V_i, U_i, W_i that no term of Phi contains",
    ),
    "modulus": Function(
        solution=modulus,
        slips={
            "forgets that a strongly convex W pays alpha twice": half_alpha,
            "takes no layer for the last one": lambda block, last, *more: (
                modulus(block, False, *more)
            ),
            "takes every layer for the last one": lambda block, last, *more: (
                modulus(block, block in "VU", *more)
            ),
            "forgets tau": lambda block, last, gamma, rho, tau, alpha: (
                modulus(block, last, gamma, rho, 0.0, alpha)
            ),
        },
        start="the proposition: is the problem convex, and how strongly",
        cases=moduli,
    ),
    "affine_change": Function(
        solution=affine_change,
        slips={
            "leaves the quadratic part out": first_order,
            "has the sign of the linear part wrong": lambda d, g, r, rho: (
                affine_change(d, g, -r, rho)
            ),
            "forgets the factor 1/2": lambda d, g, r, rho: affine_change(
                d, 2 * g, r, rho
            ),
            "forgets rho": lambda d, g, r, rho: affine_change(d, g, r, 1.0),
        },
        start="the square of the norm of R - V D^T, multiplied out",
        cases=regressions,
    ),
    "stalled": Property(
        solution=stalled,
        wrong=(
            impatient,
            lambda window, share: stalled(window + 1, share),
            lambda window, share: stalled(window, 2 * share),
            lambda window, share: stops_at_ties(window, share),
            lambda window, share: True,
            lambda window, share: lambda record, state: True,
            lambda window, share: lambda record, state: False,
        ),
        start="a list outside the inner function that keeps the objectives",
        test=stops_in_time,
        right="it stops at the right sweep of 20 made-up runs",
    ),
}
