"""Exercises of the chapter on the G update."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from nnbcd.exercises import Exercise, Function, Property, Value
from nnbcd.tensor_train import TTCores, als, svd

__all__ = ["EXERCISES"]

Array = NDArray[np.float64]
Sizes = tuple[int, ...]


def core_cases(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(T, L, R, old, tau, alpha), interfaces orthonormal."""
    for m, n, p, r, s in ((1, 2, 2, 1, 1), (4, 2, 6, 2, 3), (6, 3, 8, 3, 2)):
        for tau, alpha in ((1.0, 0.0), (5.0, 1.0)):
            left = np.linalg.qr(rng.normal(size=(m, r)))[0]
            right = np.linalg.qr(rng.normal(size=(p, s)))[0].T
            tensor = rng.normal(size=(m, n, p))
            yield tensor, left, right, rng.normal(size=(r, n, s)), tau, alpha


def core_update(
    T: Array,  # noqa: N803
    L: Array,  # noqa: N803
    R: Array,  # noqa: N803
    old: Array,
    tau: float,
    alpha: float,
) -> Array:
    """The weighted mean of the fitted and the old core."""
    fitted = np.einsum("mr,mnp,sp->rns", L, T, R)
    return np.asarray((tau * fitted + alpha * old) / (tau + alpha))


def forgets_alpha(
    T: Array,  # noqa: N803
    L: Array,  # noqa: N803
    R: Array,  # noqa: N803
    old: Array,
    tau: float,
    alpha: float,
) -> Array:
    """The fitted core: the answer for alpha = 0."""
    del alpha
    return core_update(T, L, R, old, tau, 0.0)


def pair_cases(rng: np.random.Generator) -> Iterator[tuple[object, ...]]:
    """(W, rows, columns), Kronecker products among them."""
    yield np.arange(16.0).reshape(4, 4), (2, 2), (2, 2)
    yield np.kron(np.eye(2), np.arange(6.0).reshape(2, 3)), (2, 2), (2, 3)
    rows, columns = (2, 3, 2), (3, 1, 4)
    yield rng.normal(size=(12, 12)), rows, columns


def paired(W: Array, rows: Sizes, columns: Sizes) -> Array:  # noqa: N803
    """Split rows and columns, then put the parts side by side."""
    d = len(rows)
    order = [axis for k in range(d) for axis in (k, d + k)]
    split = W.reshape(*rows, *columns).transpose(order)
    modes = [m * n for m, n in zip(rows, columns, strict=True)]
    return np.asarray(split.reshape(modes))


def not_paired(W: Array, rows: Sizes, columns: Sizes) -> Array:  # noqa: N803
    """Right sizes, wrong order: only reshapes."""
    modes = [m * n for m, n in zip(rows, columns, strict=True)]
    return np.asarray(W.reshape(modes))


def sharp(n: int, delta: float) -> Array:
    """Energy just above in a slice that rank one cannot hold."""
    tensor = np.zeros((2, n, n))
    tensor[0] = np.eye(n) / np.sqrt(n)
    tensor[1, 0, 1] = 1 - delta
    return tensor


def swapped(n: int, delta: float) -> Array:
    """The wrong slice is the heavier one: TT-SVD finds the best."""
    tensor = np.zeros((2, n, n))
    tensor[0] = (1 - delta) * np.eye(n) / np.sqrt(n)
    tensor[1, 0, 1] = 1
    return tensor


def smallest_error(tensor: torch.Tensor) -> float:
    """Squared error of the best rank-one train that ALS finds."""
    best = float("inf")
    for one in tensor:
        u, _, v = torch.linalg.svd(one)
        for first in torch.eye(len(tensor), dtype=tensor.dtype):
            cores = (first[None, :, None], u[None, :, :1], v[:1, :, None])
            train = TTCores(cores)
            for _ in range(20):
                train, _ = als(tensor, train)
            gap = (train.to_dense() - tensor).square().sum()
            best = min(best, float(gap))
    return best


def nearly_twice(
    make: Callable[..., Array], rng: np.random.Generator
) -> str | None:
    """Squared error of TT-SVD over that of another train: 2 in the limit."""
    for n, delta in ((2, 0.1), (4, 0.01), (16, 0.01), (64, 0.001)):
        tensor = torch.as_tensor(make(n, delta), dtype=torch.float64)
        if tuple(tensor.shape) != (2, n, n):
            return f"should have shape {(2, n, n)} for n = {n}"
        got = svd(tensor, max_rank=1).to_dense()
        error = float((got - tensor).square().sum())
        ratio = error / max(smallest_error(tensor), 1e-300)
        wanted = 2 - 1 / n - 2 * delta
        if ratio < wanted - 1e-6:
            return (
                f"gives, for n = {n} and delta = {delta}, a squared error "
                f"of TT-SVD {ratio:.3f} times that of another train: less "
                f"than {wanted:.3f}"
            )
    return None


EXERCISES: dict[str, Exercise] = {
    "count": Value(
        solution=(160, 288, 8),
        items=("numbers at cap 4", "numbers at cap 8", "matrix rank"),
        slips={
            (1, 256): "is the size of the dense weight",
            (1, 48): "adds the ranks on both sides; multiply them",
            (2, 640): "takes 8 for all ranks: the outer bonds allow 4",
            (2, 256): "is the size of the dense weight",
            (3, 16): "is the full rank: the bond in the middle allows less",
            (3, 4): "is the rank of an outer bond: take the middle one",
            (3, 64): "multiplies the bonds",
        },
        start="the largest ranks that the unfoldings allow: 4, 16 and 4",
    ),
    "core_update": Function(
        solution=core_update,
        slips={
            "forgets alpha": forgets_alpha,
            "forgets to divide by tau + alpha": lambda *given: (
                core_update(*given) * (given[4] + given[5])
            ),
            "swaps tau and alpha": lambda *given: core_update(
                *(*given[:4], given[5], given[4])
            ),
            "keeps the old core": lambda *given: given[3],
        },
        start="J^T T, the contraction of T with both interfaces",
        cases=core_cases,
    ),
    "paired": Function(
        solution=paired,
        slips={
            "only reshapes, without the new order of the axes": not_paired,
            "puts the column digit before the row digit": lambda W, r, c: (
                paired(W.T, c, r)
            ),
        },
        start="W.reshape(*rows, *columns), whose axes must be reordered",
        cases=pair_cases,
    ),
    "sharp": Property(
        solution=sharp,
        wrong=(
            swapped,
            lambda n, delta: sharp(n, delta).transpose(1, 2, 0),
            lambda n, delta: sharp(n, 2 * delta + 0.3),
            lambda n, delta: sharp(n, -2 * delta),
            lambda n, delta: np.ones((2, n, n)),
        ),
        start=(
            "two slices of nearly equal norm, of which TT-SVD keeps the "
            "one that a matrix of rank one cannot hold"
        ),
        test=nearly_twice,
        right="the squared error of TT-SVD comes near to twice the best",
    ),
}
