"""Exercises of the chapter on MNIST, a convolution and trains."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, prod

import numpy as np
from numpy.typing import NDArray

from nnbcd.exercises import Exercise, Function, Value

__all__ = ["EXERCISES"]

Array = NDArray[np.float64]


def train_size(modes: tuple[int, ...], cap: int) -> int:
    """Ranks first, no more than either side of a bond allows."""
    ranks = [1]
    for k in range(1, len(modes)):
        ranks.append(min(cap, prod(modes[:k]), prod(modes[k:])))
    ranks.append(1)
    return sum(
        r * n * s for r, n, s in zip(ranks, modes, ranks[1:], strict=False)
    )


def uncapped(modes: tuple[int, ...], cap: int) -> int:
    """Takes the cap for the rank of every bond."""
    ranks = [1, *[cap] * (len(modes) - 1), 1]
    return sum(
        r * n * s for r, n, s in zip(ranks, modes, ranks[1:], strict=False)
    )


def left_only(modes: tuple[int, ...], cap: int) -> int:
    """Forgets what is right of a bond."""
    inner = [min(cap, prod(modes[:k])) for k in range(1, len(modes))]
    ranks = [1, *inner, 1]
    return sum(
        r * n * s for r, n, s in zip(ranks, modes, ranks[1:], strict=False)
    )


def trains(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(modes, cap), a matrix first."""
    yield (3, 5), 2
    yield (4, 4, 4, 4), 5
    for _ in range(6):
        size = int(rng.integers(3, 9))
        modes = tuple(int(n) for n in rng.integers(2, 7, size))
        yield modes, int(rng.integers(1, 50))


def seconds_to(seconds: Array, accuracy: Array, target: float) -> float:
    """The first record that meets the target."""
    met = np.flatnonzero(np.asarray(accuracy) >= target)
    return float(seconds[met[0]]) if len(met) else inf


def seconds_of_best(seconds: Array, accuracy: Array, target: float) -> float:
    """Takes the best record, and forgets that the target may be missed."""
    del target
    return float(seconds[int(np.argmax(accuracy))])


def last_met(seconds: Array, accuracy: Array, target: float) -> float:
    """Takes the last record, not the first."""
    met = np.flatnonzero(np.asarray(accuracy) >= target)
    return float(seconds[met[-1]]) if len(met) else inf


def curves(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(seconds, accuracy, target); a target that is missed, too."""
    yield np.array([1.0, 2.0, 3.0]), np.array([0.2, 0.9, 0.8]), 0.5
    yield np.array([1.0, 2.0, 3.0]), np.array([0.2, 0.9, 0.95]), 0.9
    yield np.array([1.0, 2.0]), np.array([0.2, 0.9]), 0.99
    for target in (0.5, 0.8):
        seconds = np.cumsum(rng.uniform(0.5, 2, 30))
        yield seconds, rng.uniform(0, 1, 30), target


def copies(height: int, kernel: int, stride: int) -> float:
    """Entries of the patches over pixels, of square images."""
    stops = (height - kernel) // stride + 1
    return stops**2 * kernel**2 / height**2


def at_most(height: int, kernel: int, stride: int) -> float:
    """The bound, not the count."""
    del height
    return kernel**2 / stride**2


def images(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(height, kernel, stride)."""
    del rng
    yield 3, 3, 1
    yield 5, 3, 2
    yield 28, 3, 2
    yield 28, 5, 1
    yield 32, 4, 3


EXERCISES: dict[str, Exercise] = {
    "by_hand": Value(
        solution=([4, 5, 4], 192),
        items=("r1", "r2", "r3", "numbers"),
        slips={
            (1, 5): "is the cap: a mode of 4 allows less",
            (2, 16): "is what the modes allow: the cap is smaller",
            (2, 4): "is the rank of an outer bond",
            (3, 5): "is the cap: a mode of 4 allows less",
            (4, 240): "takes the cap for every rank",
            (4, 256): "is the size of the matrix",
            (4, 52): "adds the ranks on both sides; multiply them",
        },
        start=(
            "what is left and right of every bond: 4 and 64, 16 and 16, 64 "
            "and 4"
        ),
    ),
    "train_size": Function(
        solution=train_size,
        slips={
            "takes the cap for the rank of every bond": uncapped,
            "returns the size of the dense weight": lambda modes, cap: prod(
                modes
            ),
            "looks only at the left side of a bond": left_only,
        },
        start="the rank of every bond, the least of three numbers",
        cases=trains,
    ),
    "copies": Function(
        solution=copies,
        slips={
            "is the bound, not the count": at_most,
            "counts entries, not entries per pixel": lambda h, k, t: (
                copies(h, k, t) * h**2
            ),
            "forgets the last stop": lambda h, k, t: (
                ((h - k) // t) ** 2 * k**2 / h**2
            ),
            "counts one side only": lambda h, k, t: (
                ((h - k) // t + 1) * k / h
            ),
            "does not round the stops down": lambda h, k, t: (
                ((h - k) / t + 1) ** 2 * k**2 / h**2
            ),
        },
        start="the number of stops along one side",
        cases=images,
    ),
    "error": Value(
        solution=(0.0042, 2),
        items=("standard error", "images"),
        slips={
            (1, 1.7694e-5): "is the variance: take its root",
            (1, 0.1329): "forgets to divide by the number of images",
            (1, 4.203): "is in images, not a share",
            (2, 0.002): "is a share, not a number of images",
            (2, 1.998): "is no whole number: the shares are rounded",
        },
        start=(
            "the root of a (1 - a) / M with a = 0.982 and M = 999; then M "
            "times the difference of the shares"
        ),
    ),
    "seconds_to": Function(
        solution=seconds_to,
        slips={
            "takes the best record": seconds_of_best,
            "refuses an accuracy equal to the target": lambda s, a, t: (
                seconds_to(s, a, np.nextafter(t, 2))
            ),
            "takes the last record": lambda s, a, t: float(s[-1]),
            "returns the number of the record": lambda s, a, t: seconds_to(
                np.arange(0.0, len(s)), a, t
            ),
            "takes the last record that meets the target": last_met,
        },
        start="the records whose accuracy is at least the target",
        cases=curves,
    ),
}
