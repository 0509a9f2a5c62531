"""Processes that share the rows: the same sums, added over all of them.

Every process holds some rows of X, y, U and V, and all of the weights. The
blocks V and U need no other process. The others see the data through sums
over rows, which are added up here, and what follows from the same sums is
the same everywhere. So a run of P processes is a run of one, to rounding.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Any

import torch
from torch import distributed

from nnbcd._typing import Float, Tensor
from nnbcd.checks import number

__all__ = ["LostProcessError", "Processes"]

PIECE = 2**22  # numbers in a message when rows are collected


class LostProcessError(ConnectionError):
    """Another process of the group has ended, or does not answer."""


class Processes:
    """The processes that ``torchrun`` started, as a context.

    Parameters
    ----------
    device : str
        Where this process computes. ``cuda`` takes the GPU that
        ``LOCAL_RANK`` numbers and exchanges sums with nccl, ``cpu`` with
        gloo.
    timeout : float
        Seconds after which a process that does not answer counts as lost.
        One that has ended is noticed at once.

    Attributes
    ----------
    rank, size : int
        Number of this process, from 0, and how many there are.
    numbers, messages : int
        Added up so far, as float64.

    Raises
    ------
    ValueError
        If torchrun did not start this process.

    Examples
    --------
    In a file ``job.py``, run by ``torchrun --nproc-per-node 4 job.py``::

        with Processes() as group:
            part = group.share(len(X))
            result = Solver().fit(net, X[part], y[part], group=group)
    """

    def __init__(self, device: str = "cpu", timeout: float = 60.0) -> None:
        number("timeout", timeout, strict=True)
        if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
            msg = (
                "Processes needs torchrun, for instance torchrun "
                "--nproc-per-node 4 -m nnbcd train."
            )
            raise ValueError(msg)
        if device == "cuda":
            device = f"cuda:{os.environ.get('LOCAL_RANK', 0)}"
        self.device = torch.device(device)
        self.rank = int(os.environ["RANK"])
        self.size = int(os.environ["WORLD_SIZE"])
        self.numbers = self.messages = 0
        self._timeout = timedelta(seconds=timeout)

    def __enter__(self) -> Processes:
        """Meet the others."""
        backend = "gloo"
        if self.device.type == "cuda":
            backend = "nccl"
            torch.cuda.set_device(self.device)
            # A lost process is then an exception here, not an abort.
            os.environ.setdefault("TORCH_NCCL_BLOCKING_WAIT", "1")
        with _named("met"):
            distributed.init_process_group(backend, timeout=self._timeout)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Part from the others."""
        if distributed.is_initialized():
            distributed.destroy_process_group()

    def share(self, n: int) -> slice:
        """Which of n rows are this process's: near-equal parts, in order.

        Any other parts will do, if their order is that of the ranks.

        Parameters
        ----------
        n : int
            Rows of all processes together.
        """
        return slice(
            n * self.rank // self.size, n * (self.rank + 1) // self.size
        )

    def add(self, values: Float[Tensor, " m"]) -> Float[Tensor, " m"]:
        """Sum of a vector over the processes, the same bits in all.

        Parameters
        ----------
        values : Tensor
            Float64, shape (m,); left as it is.

        Raises
        ------
        LostProcessError
        """
        out = values.to(self.device, copy=True)
        with _named("added up"):
            distributed.all_reduce(out)
        self.numbers += len(values)
        self.messages += 1
        return out.to(values.device)

    def tell(self, value: Any) -> list[Any]:
        """What every process says, by rank: JSON values.

        Parameters
        ----------
        value
            What this process says.

        Raises
        ------
        LostProcessError
        """
        said = json.dumps(value).encode()
        sizes = [int(n) for n in self._gather(torch.tensor([len(said)]))]
        room = torch.zeros(max(sizes), dtype=torch.uint8)
        room[: len(said)] = torch.frombuffer(
            bytearray(said), dtype=room.dtype
        )
        heard = self._gather(room)
        return [
            json.loads(bytes(x[:n].tolist()))
            for x, n in zip(heard, sizes, strict=True)
        ]

    def collect(self, rows: Float[Tensor, "n d"]) -> Iterator[Tensor]:
        """All rows in their order, piece by piece, in process 0.

        The others take part and are given their own.

        Parameters
        ----------
        rows : Tensor
            This process's, shape (n, d); n may differ.

        Raises
        ------
        LostProcessError
        """
        counts = self.tell(len(rows))
        step = max(1, PIECE // max(1, rows.shape[1]))
        for rank, n in enumerate(counts):
            if self.rank not in (0, rank):
                continue
            for start in range(0, n, step):
                length = min(step, n - start)
                if rank == self.rank:
                    piece = rows[start : start + length]
                else:
                    piece = rows.new_empty(length, rows.shape[1])
                yield self._to_first(piece, rank)

    def _to_first(self, piece: Tensor, rank: int) -> Tensor:
        """The piece of process ``rank``, which sends it to process 0."""
        if rank == 0:
            return piece
        moved = piece.contiguous().to(self.device)
        with _named("collected rows"):
            if self.rank:
                distributed.send(moved, 0)
            else:
                distributed.recv(moved, rank)
        return moved.to(piece.device)

    def _gather(self, x: Tensor) -> list[Tensor]:
        x = x.to(self.device)
        out = [torch.empty_like(x) for _ in range(self.size)]
        with _named("compared notes"):
            distributed.all_gather(out, x)
        return [y.cpu() for y in out]


@contextmanager
def _named(what: str) -> Iterator[None]:
    """What torch says of a lost process, in words."""
    try:
        yield
    except RuntimeError as error:  # and DistBackendError, a subclass
        msg = (
            f"a process was lost while all {what}: start the run again; "
            "with a checkpoint it goes on from what was saved last."
        )
        raise LostProcessError(msg) from error
