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
        wrong=([5, 5, 5], 240),
        start="what is left and what is right of every bond: 4 and 64",
    ),
    "train_size": Function(
        solution=train_size,
        wrong=uncapped,
        start="the rank of every bond, the least of three numbers",
        cases=trains,
    ),
    "copies": Function(
        solution=copies,
        wrong=at_most,
        start="the number of stops along one side",
        cases=images,
    ),
    "error": Value(
        solution=(0.0042, 2),
        wrong=(0.0001, 20),
        start="the root of a (1 - a) / M with a = 0.982 and M = 999",
        rtol=0.02,
    ),
    "seconds_to": Function(
        solution=seconds_to,
        wrong=seconds_of_best,
        start="the records whose accuracy is at least the target",
        cases=curves,
    ),
}
