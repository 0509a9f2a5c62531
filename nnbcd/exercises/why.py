"""Exercises of the chapter on why one compresses, and without gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import ceil, exp, lgamma, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr

from nnbcd.exercises import Exercise, Function, Property, Value

__all__ = ["EXERCISES"]

Array = NDArray[np.float64]
Packed = tuple[NDArray[Any], Array, Array]  # order of the rows, two factors


def smallest_format(
    p: int, q: int, kept: int, value: int, index: int
) -> tuple[str, int]:
    """Name and bytes of the smallest of three formats."""
    sizes = {
        "dense": value * p * q,
        "csr": (value + index) * kept + index * (p + 1),
        "mask": value * kept + ceil(p * q / 8),
    }
    name = min(sizes, key=lambda k: sizes[k])
    return name, sizes[name]


def without_pointers(
    p: int, q: int, kept: int, value: int, index: int
) -> tuple[str, int]:
    """Forgets the row pointers of CSR."""
    name, size = smallest_format(p, q, kept, value, index)
    return name, size - index * (p + 1) * (name == "csr")


def largest_format(
    p: int, q: int, kept: int, value: int, index: int
) -> tuple[str, int]:
    """Of the three, the one with the most bytes."""
    sizes = {
        "dense": value * p * q,
        "csr": (value + index) * kept + index * (p + 1),
        "mask": value * kept + ceil(p * q / 8),
    }
    name = max(sizes, key=lambda k: sizes[k])
    return name, sizes[name]


def formats(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """All three win at times, with values of 2, 4 and 8 bytes."""
    yield 4, 4, 4, 4, 4
    yield 4, 4, 16, 4, 4
    yield 32, 32, 1, 4, 4
    for _ in range(60):
        p, q = (int(n) for n in rng.integers(20, 400, 2))
        kept = int(p * q * 10 ** rng.uniform(-3, 0))
        yield p, q, kept, int(rng.choice([2, 4, 8])), 4


def linear_factor(d: int) -> float:
    """Mean of the root of a chi-square variable over its mean."""
    return sqrt(2 / d) * exp(lgamma((d + 1) / 2) - lgamma(d / 2))


def one(d: int) -> float:
    """As if the mean of a root were the root of the mean."""
    del d
    return 1.0


def widths(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """From one unit to a thousand."""
    del rng
    yield from ((d,) for d in (1, 2, 3, 10, 64, 1000))


def pack(w: Array, r: int) -> Packed:
    """Keep r rows as they are; the others are combinations of them."""
    _, _, order = qr(w.T, pivoting=True, mode="economic")
    rows, others = order[:r], order[r:]
    basis = w[rows]
    mix = np.linalg.lstsq(basis.T, w[others].T, rcond=None)[0].T
    return order, mix, basis


def unpacked_basis(w: Array, r: int) -> Packed:
    """Takes the first r rows, which may depend on one another."""
    basis = w[:r]
    mix = np.linalg.lstsq(basis.T, w[r:].T, rcond=None)[0].T
    return np.arange(len(w)), mix, basis


def rebuilds(
    answer: Callable[..., Packed], rng: np.random.Generator
) -> str | None:
    """W comes back from r (p + q - r) numbers and an order of the rows."""
    for trial in range(20):
        p, q = (int(n) for n in rng.integers(4, 12, 2))
        r = int(rng.integers(1, min(p, q)))
        w = rng.normal(size=(p, r)) @ rng.normal(size=(r, q))
        if trial % 2:
            w[0] = 0.0  # the first row is of no use
        order, mix, basis = (np.asarray(x) for x in answer(w.copy(), r))
        said = f"with W of shape {(p, q)} and r = {r} gives "
        if mix.shape != (p - r, r) or basis.shape != (r, q):
            return said + (
                f"factors of shapes {mix.shape} and {basis.shape}, not "
                f"{(p - r, r)} and {(r, q)}"
            )
        if sorted(order.tolist()) != list(range(p)):
            return said + "an order that is no order of the rows"
        back = np.empty_like(w)
        back[order.astype(int)] = np.concatenate([basis, mix @ basis])
        if not np.allclose(back, w, atol=1e-5):
            worst = abs(back - w).max()
            return said + f"a matrix that is off by {worst:.3g}"
    return None


EXERCISES: dict[str, Exercise] = {
    "by_hand": Value(
        solution=(235_200, 216, 189_364, 123_480),
        items=("numbers", "rank", "bytes of CSR", "bytes with a bit mask"),
        slips={
            (2, 217): "is rounded up: it stores more than the dense weight",
            (2, 300): "is the largest rank of any matrix of this shape",
            (3, 188_160): "forgets the row pointers",
            (3, 189_360): "has 300 row pointers: there are 301",
            (3, 940_800): "is the size of the dense weight",
            (4, 94_080): "forgets the mask itself",
            (4, 329_280): "takes a byte, not a bit, for an entry",
        },
        start="p = 300 rows, q = 784 columns, a tenth of the entries kept",
    ),
    "smallest_format": Function(
        solution=smallest_format,
        slips={
            "forgets the row pointers of CSR": without_pointers,
            "returns the largest format": largest_format,
        },
        start="a dictionary from each name to its number of bytes",
        cases=formats,
    ),
    "linear_factor": Function(
        solution=linear_factor,
        slips={
            "is the root of the mean, not the mean of the root": one,
            "forgets the factor in front": lambda d: (
                linear_factor(d) * sqrt(d / 2)
            ),
            "is the expansion for large d": lambda d: 1 - 1 / (4 * d),
        },
        start=(
            "X as a chi-square variable with d degrees of freedom over d, "
            "and the mean of its root, a ratio of two gamma functions"
        ),
        cases=widths,
    ),
    "pack": Property(
        solution=pack,
        wrong=(
            unpacked_basis,
            lambda w, r: pack(w, r)[::-1],
            lambda w, r: (pack(w, r)[0], *pack(w, r)[:0:-1]),
            lambda w, r: (np.argsort(pack(w, r)[0]), *pack(w, r)[1:]),
        ),
        start="r rows that are linearly independent: the others are mixtures",
        test=rebuilds,
        right="20 matrices come back from r (p + q - r) numbers each",
    ),
}
