"""What a group of processes offers, and whether it is in step."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Protocol, runtime_checkable

import torch

from nnbcd._typing import Tensor

__all__ = ["Group", "OutOfStepError", "in_step"]


class OutOfStepError(ArithmeticError):
    """Processes that should have the same weights have others."""


@runtime_checkable
class Group(Protocol):
    """Processes that share the rows: :class:`nnbcd.distributed.Processes`."""

    rank: int
    size: int

    def add(self, values: Tensor) -> Tensor:
        """Sum of a float64 vector (m,) over the processes, in all."""

    def tell(self, value: Any) -> list[Any]:
        """What every process says: JSON values, by rank."""

    def collect(self, rows: Tensor) -> Iterator[Tensor]:
        """All rows (N, d) in their order, by pieces; process 0 gets them."""


def in_step(group: Group | None, weights: Iterable[Tensor]) -> None:
    """Raise if the processes, which share the weights, differ in them.

    Parameters
    ----------
    group : Group or None
        None: there is nobody to differ from.
    weights : iterable of Tensor
        Any shapes.

    Raises
    ------
    OutOfStepError
    """
    if group is None:
        return
    total = 0
    for w in weights:
        numbers = w.detach().cpu().contiguous().numpy()
        total = zlib.crc32(numbers.data, total)
    mine = torch.tensor([float(total)], dtype=torch.float64)
    if bool(group.add(mine) != group.size * mine):
        msg = (
            "the weights of the processes differ in their last bits: give "
            "all the same kind of processor and as many threads."
        )
        raise OutOfStepError(msg)
