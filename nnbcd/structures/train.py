"""Matrices that are tensor trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from nnbcd import tensor_train
from nnbcd._typing import Float, Tensor
from nnbcd.checks import count, counts, number
from nnbcd.quadratic import Quadratic
from nnbcd.structures.base import Structure, StructuredMatrix

__all__ = ["TensorTrain", "factorise"]


@dataclass(frozen=True)
class TensorTrain(Structure):
    """Matrices whose entries, seen as a tensor, form a train of low rank.

    All matrices are (d_out, d_in).

    Parameters
    ----------
    rank : int or sequence of int
        Cap on every bond, or one cap per bond.
    modes : sequence of int, optional
        Mode sizes of the row-major matrix (the paper's habit); their
        product must be d_out * d_in. Default: small factors of d_out, then
        of d_in, so that one bond lies between rows and columns.
    pairs : sequence of (int, int), optional
        TT-matrix order: mode k is (i_k, j_k), the i's multiply to d_out and
        the j's to d_in. The middle ranks can then stay small without
        forcing a low matrix rank. Excludes ``modes``.
    rtol : float, optional
        Ranks are cut further while the relative error stays below this.

    Raises
    ------
    ValueError
        If rank < 1, rtol < 0, or both modes and pairs are given.
    """

    rank: int | tuple[int, ...]
    modes: tuple[int, ...] | None = None
    pairs: tuple[tuple[int, int], ...] | None = None
    rtol: float | None = None

    def __post_init__(self) -> None:
        self._set("rank", _ranks(self.rank))
        if self.modes is not None:
            self._set("modes", counts("modes", self.modes))
        if self.pairs is not None:
            self._set("pairs", _pairs(self.pairs))
        if self.modes is not None and self.pairs is not None:
            msg = "modes and pairs exclude each other: give one of them."
            raise ValueError(msg)
        if self.rtol is not None:
            self._set("rtol", number("rtol", self.rtol))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    @property
    def exact(self) -> bool:
        """False: TT-SVD is only quasi-optimal beyond one bond."""
        return False

    def tensor_shape(self, shape: tuple[int, int]) -> tuple[int, ...]:
        """Mode sizes for a matrix of ``shape`` (d_out, d_in)."""
        if self.pairs is not None:
            return tuple(i * j for i, j in self.pairs)
        if self.modes is not None:
            return self.modes
        return (*factorise(shape[0]), *factorise(shape[1]))

    def validate(self, shape: tuple[int, int]) -> None:
        """Check modes or pairs, and the number of caps, against ``shape``."""
        rows, columns = shape
        if self.pairs is not None:
            found = (
                prod(i for i, _ in self.pairs),
                prod(j for _, j in self.pairs),
            )
            if found != shape:
                msg = (
                    f"pairs multiply to {found[0]} x {found[1]}, but the "
                    f"weight is {rows} x {columns}."
                )
                raise ValueError(msg)
        modes = self.tensor_shape(shape)
        if prod(modes) != rows * columns:
            msg = (
                f"modes {modes} multiply to {prod(modes)}, but the weight is "
                f"{rows} x {columns} = {rows * columns}."
            )
            raise ValueError(msg)
        tensor_train.feasible_ranks(modes, self.rank)

    def to_tensor(self, w: Float[Tensor, "d_out d_in"]) -> Tensor:
        """The matrix as a tensor of shape :meth:`tensor_shape`."""
        if self.pairs is None:
            return w.reshape(self.tensor_shape((w.shape[0], w.shape[1])))
        d = len(self.pairs)
        split = [i for i, _ in self.pairs] + [j for _, j in self.pairs]
        order = [axis for k in range(d) for axis in (k, d + k)]
        return (
            w.reshape(split)
            .permute(order)
            .reshape([i * j for i, j in self.pairs])
        )

    def to_matrix(self, tensor: Tensor, shape: tuple[int, int]) -> Tensor:
        """Inverse of :meth:`to_tensor`, shape (d_out, d_in)."""
        if self.pairs is None:
            return tensor.reshape(shape)
        d = len(self.pairs)
        split = [n for pair in self.pairs for n in pair]
        order = [2 * k for k in range(d)] + [2 * k + 1 for k in range(d)]
        return tensor.reshape(split).permute(order).reshape(shape)

    def project(self, w: Float[Tensor, "d_out d_in"]) -> StructuredMatrix:
        """TT-SVD of the matrix: within sqrt(d - 1) of the best."""
        tt = tensor_train.svd(
            self.to_tensor(w), max_rank=self.rank, rtol=self.rtol
        )
        return self.from_cores(tt, (w.shape[0], w.shape[1]))

    def from_cores(
        self, tt: tensor_train.TTCores, shape: tuple[int, int]
    ) -> StructuredMatrix:
        """The member with these cores, its dense form of ``shape``."""
        dense = self.to_matrix(tt.to_dense(), shape)
        return StructuredMatrix(dense, cores=tt)

    def tangent(
        self, x: Float[Tensor, "d_out d_in"], at: StructuredMatrix
    ) -> Tensor:
        """Projection on the tangent space: :func:`tensor_train.tangent`."""
        assert at.cores is not None
        return tensor_train.tangent(self.to_tensor(x), at.cores)

    def refine(
        self,
        w: Float[Tensor, "d_out d_in"],
        start: StructuredMatrix,
        weight: float,
        alpha: float,
    ) -> tuple[StructuredMatrix, Float[Tensor, ""]]:
        """One ALS pass from ``start``, see :func:`tensor_train.als`."""
        assert start.cores is not None
        tt, steps = tensor_train.als(
            self.to_tensor(w), start.cores, weight=weight, alpha=alpha
        )
        return self.from_cores(tt, (w.shape[0], w.shape[1])), steps

    def least_squares(
        self, q: Quadratic, start: StructuredMatrix, *, safe: bool = True
    ) -> StructuredMatrix:
        """One ALS pass (safe), or one Gauss-Newton step (not safe).

        See :func:`tensor_train.minimise`, :func:`tensor_train.gauss_newton`.
        """
        assert start.cores is not None
        shape = (q.at.shape[0], q.at.shape[1])

        def curve(x: Tensor) -> Tensor:
            return self.to_tensor(q.curve(self.to_matrix(x, shape)))

        descent = self.to_tensor(q.descent)
        if safe:
            tt = tensor_train.minimise(start.cores, curve, descent)
        else:
            tt = tensor_train.gauss_newton(
                start.cores, curve, descent, steps=12
            )
        return self.from_cores(tt, shape)

    def count(self, shape: tuple[int, int]) -> int:
        """Sum of r_{k-1} n_k r_k at the ranks the caps allow."""
        return tensor_train.parameter_count(
            self.tensor_shape(shape), self.rank
        )

    def sized(self, shape: tuple[int, int], budget: float) -> TensorTrain:
        """The largest cap, one for all bonds, that stays within ``budget``.

        Parameters
        ----------
        shape : (int, int)
            Of the weight, (d_out, d_in).
        budget : float
            Numbers it may store; rank 1 is the least there is.
        """
        cap = tensor_train.largest_cap(self.tensor_shape(shape), budget)
        return replace(self, rank=cap)


def factorise(n: int, largest: int = 4) -> tuple[int, ...]:
    """Factors of ``n``: primes merged while the product is <= largest.

    Examples
    --------
    >>> factorise(1024), factorise(561), factorise(10)
    ((4, 4, 4, 4, 4), (3, 11, 17), (2, 5))
    """
    primes, divisor, rest = [], 2, n
    while rest > 1:
        while rest % divisor == 0:
            primes.append(divisor)
            rest //= divisor
        divisor += 1
    merged: list[int] = []
    for p in primes:
        if merged and merged[-1] * p <= largest:
            merged[-1] *= p
        else:
            merged.append(p)
    return tuple(merged) or (1,)


def _ranks(value: object) -> int | tuple[int, ...]:
    if isinstance(value, Sequence):
        return counts("rank", value)
    return count("rank", value)


def _pairs(value: Any) -> tuple[tuple[int, int], ...]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        msg = f"pairs must be a list of (rows, columns), got {value!r}."
        raise ValueError(msg)
    pairs = []
    for item in value:
        pair = counts("pairs", item)
        if len(pair) != 2:
            msg = f"pairs needs (rows, columns) pairs, got {item!r}."
            raise ValueError(msg)
        pairs.append((pair[0], pair[1]))
    return tuple(pairs)
