"""The tensor-train format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import torch

from nnbcd._typing import Tensor

__all__ = [
    "TTCores",
    "left_orthogonal",
    "right_interfaces",
    "right_orthogonal",
]


@dataclass(frozen=True, eq=False)
class TTCores:
    """A tensor in tensor-train format, checked at construction.

    Parameters
    ----------
    cores : tuple of Tensor
        Core k has shape (r_{k-1}, n_k, r_k), with r_0 = r_d = 1.

    Raises
    ------
    ValueError
        If a core has not three axes, or neighbouring ranks disagree.

    Examples
    --------
    >>> from nnbcd.tensor_train import svd
    >>> tt = svd(torch.eye(4).reshape(2, 2, 2, 2), max_rank=4)
    >>> tt.shape, tt.ranks, tt.parameters
    ((2, 2, 2, 2), (2, 4, 2), 40)
    """

    cores: tuple[Tensor, ...]

    def __post_init__(self) -> None:
        if not self.cores:
            msg = "cores is empty: a tensor train has at least one core."
            raise ValueError(msg)
        rank = 1
        for k, core in enumerate(self.cores):
            if core.ndim != 3:
                msg = f"core {k} has {core.ndim} axes, a core has three."
                raise ValueError(msg)
            if core.shape[0] != rank:
                msg = (
                    f"core {k} starts with rank {core.shape[0]}, but its "
                    f"left neighbour ends with rank {rank}."
                )
                raise ValueError(msg)
            rank = core.shape[2]
        if rank != 1:
            msg = f"the last core must end with rank 1, not {rank}."
            raise ValueError(msg)

    @property
    def shape(self) -> tuple[int, ...]:
        """Mode sizes (n_1, ..., n_d)."""
        return tuple(core.shape[1] for core in self.cores)

    @property
    def ranks(self) -> tuple[int, ...]:
        """Bond ranks (r_1, ..., r_{d-1})."""
        return tuple(core.shape[2] for core in self.cores[:-1])

    @property
    def parameters(self) -> int:
        """Stored numbers: the sum of r_{k-1} n_k r_k."""
        return sum(core.numel() for core in self.cores)

    def to_dense(self) -> Tensor:
        """The full tensor, shape (n_1, ..., n_d)."""
        full = self.cores[0].reshape(-1, self.cores[0].shape[2])
        for core in self.cores[1:]:
            full = full @ core.reshape(core.shape[0], -1)  # (.., n_k r_k)
            full = full.reshape(-1, core.shape[2])
        return full.reshape(self.shape)

    def __repr__(self) -> str:
        dense = prod(self.shape)
        return (
            f"TTCores(shape={self.shape}, ranks={self.ranks}, "
            f"{self.parameters} of {dense} numbers)"
        )


def right_orthogonal(cores: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The same train with every core but the first right-orthogonal."""
    out = list(cores)
    for k in range(len(out) - 1, 0, -1):
        r, n, s = out[k].shape
        q, rest = torch.linalg.qr(out[k].reshape(r, n * s).mT)
        out[k] = q.mT.reshape(-1, n, s)
        out[k - 1] = torch.tensordot(out[k - 1], rest.mT, dims=1)
    return tuple(out)


def left_orthogonal(cores: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The same train with every core but the last left-orthogonal."""
    out = list(cores)
    for k in range(len(out) - 1):
        r, n, s = out[k].shape
        q, rest = torch.linalg.qr(out[k].reshape(r * n, s))
        out[k] = q.reshape(r, n, -1)
        out[k + 1] = torch.tensordot(rest, out[k + 1], dims=1)
    return tuple(out)


def right_interfaces(cores: Sequence[Tensor]) -> list[Tensor]:
    """R_k of shape (r_k, n_{k+1} ... n_d), one for each core."""
    last = cores[-1].new_ones(1, 1)
    interfaces = [last]
    for core in reversed(cores[1:]):
        last = torch.tensordot(core, last, dims=1).reshape(core.shape[0], -1)
        interfaces.append(last)
    return interfaces[::-1]
