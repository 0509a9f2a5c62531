"""What is measured beside accuracy: balance, bytes, memory."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from nnbcd._typing import Tensor
from nnbcd.baselines.factorised import FactorisedNetwork
from nnbcd.baselines.records import AdamResult
from nnbcd.deploy import writing
from nnbcd.result import Result

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["PeakMemory", "balanced_accuracy", "stored_bytes"]


def balanced_accuracy(
    y_true: ArrayLike | Tensor, y_pred: ArrayLike | Tensor
) -> float:
    """Mean over the classes of the share of their rows that are right.

    scikit-learn's ``balanced_accuracy_score``: a class that y_true does not
    hold counts for nothing, predicted or not.

    Parameters
    ----------
    y_true, y_pred : array_like
        Labels, shape (N,), N >= 1.

    Raises
    ------
    ValueError
        If they are not two vectors of one length, or empty.

    Examples
    --------
    >>> balanced_accuracy([0, 0, 0, 1], [0, 0, 0, 0])
    0.5
    """
    truth, found = _labels(y_true), _labels(y_pred)
    if truth.ndim != 1 or truth.shape != found.shape or not len(truth):
        msg = (
            "y_true and y_pred must be vectors of one length, at least 1, "
            f"got shapes {truth.shape} and {found.shape}."
        )
        raise ValueError(msg)
    _, codes = np.unique(truth, return_inverse=True)
    right = np.bincount(codes, weights=truth == found)
    return float(np.mean(right / np.bincount(codes)))


def stored_bytes(trained: Result | AdamResult | nn.Module) -> int:
    """Bytes that the file of :func:`nnbcd.save` stores, its header apart.

    Every number in the type it has: free weights, cores, factors, the
    non-zeros of sparse weights, biases, buffers. The places of the non-zeros
    in the shorter of two codings (:mod:`nnbcd.deploy.coding`), and the labels
    of a classifier in int64. This is the count of :func:`nnbcd.deploy.report`
    and of ``python -m nnbcd inspect`` too.

    Parameters
    ----------
    trained : Result, AdamResult or torch.nn.Module
        A module as it is; a result as the module it becomes.

    Examples
    --------
    >>> stored_bytes(nn.Linear(3, 4))
    64
    """
    model: nn.Module
    if isinstance(trained, Result):
        model = trained.to_module()
    elif isinstance(trained, AdamResult):
        model = trained.model.to_module(trained.classes)
    elif isinstance(trained, FactorisedNetwork):
        model = trained.to_module()
    else:
        model = trained
    return writing.stored_bytes(model)


class PeakMemory:
    """Peak memory of a block of code, one block at a time.

    On a GPU, of torch's tensors on it; otherwise the peak resident set of
    the whole process during the block, which on Linux a process may reset.
    Blocks do not nest, and other threads count.

    Parameters
    ----------
    device : str or torch.device
        Where the block computes.

    Attributes
    ----------
    bytes : int or None
        The peak, once the block is over; None where nothing measures it.
    before : int or None
        What was in use as the block began: the peak includes it.

    Examples
    --------
    >>> with PeakMemory() as memory:
    ...     block = torch.ones(1000, 1000)
    >>> memory.bytes is None or memory.bytes > 4_000_000
    True
    """

    def __init__(self, device: str | torch.device = "cpu") -> None:
        self.device = torch.device(device)
        self.bytes: int | None = None
        self.before: int | None = None

    def __enter__(self) -> PeakMemory:
        """Forget earlier peaks."""
        self.bytes = self.before = None
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
            torch.cuda.reset_peak_memory_stats(self.device)
            self.before = torch.cuda.memory_allocated(self.device)
        elif self.device.type == "cpu" and _reset_high_water():
            self.before = _resident("VmRSS")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Read the peak."""
        if self.before is None:
            return
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
            self.bytes = torch.cuda.max_memory_allocated(self.device)
        else:
            self.bytes = _resident("VmHWM")


def _labels(y: ArrayLike | Tensor) -> NDArray[Any]:
    if isinstance(y, Tensor):
        y = y.detach().cpu()
    return np.asarray(y)


def _reset_high_water() -> bool:
    """Linux: the peak resident set starts anew (see proc(5))."""
    try:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
    except OSError:
        return False
    return True


def _resident(name: str) -> int | None:
    """A line of /proc/self/status, in bytes."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            for line in file:
                key, _, value = line.partition(":")
                if key == name:
                    return 1024 * int(value.split()[0])
    except OSError:
        pass
    return None
