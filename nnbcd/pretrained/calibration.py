"""The batches that a module is compressed with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from nnbcd._typing import Tensor

__all__ = ["Calibration", "Forward", "tensors_of"]

Forward = Callable[[nn.Module, Any], Any]
ROWS = 256  # of one tensor, in a batch


class Calibration:
    """Batches that can be read again, on the device of a module.

    Parameters
    ----------
    source : Tensor, ndarray or iterable
        One array (N, ...), read in batches of 256 rows, or an iterable of
        batches, as a DataLoader is.
    module : torch.nn.Module
        Its first parameter says the device, and the type that floating
        point numbers are given.
    forward : callable, optional
        ``forward(module, batch)`` calls the module. Default: a tensor is
        the argument, a dict holds keyword arguments, and of a tuple or
        list, like (inputs, labels), the first item counts.

    Raises
    ------
    TypeError, ValueError
        If it is no iterable, can be read only once, or is empty.
    """

    def __init__(
        self, source: Any, module: nn.Module, forward: Forward | None = None
    ) -> None:
        self.forward = _call if forward is None else forward
        like = next(module.parameters(), torch.zeros(()))
        self._like = like if like.is_floating_point() else like.float()
        if isinstance(source, np.ndarray):
            source = torch.from_numpy(np.ascontiguousarray(source))
        if isinstance(source, Tensor):
            if source.dim() == 0 or len(source) == 0:
                msg = "calibration has no rows: give one at least."
                raise ValueError(msg)
            source = torch.split(source.detach(), ROWS)
        if isinstance(source, str | Mapping) or not isinstance(
            source, Iterable
        ):
            msg = (
                "calibration must be a tensor or an iterable of batches, "
                f"got {type(source).__name__}."
            )
            raise TypeError(msg)
        if isinstance(source, Iterator):
            msg = (
                "calibration can be read only once, and every layer needs a "
                "pass: give a list or a DataLoader."
            )
            raise ValueError(msg)
        self._source: Iterable[Any] = source

    def __iter__(self) -> Iterator[Any]:
        """The batches, where the module is."""
        empty = True
        for batch in self._source:
            empty = False
            yield self._moved(batch)
        if empty:
            msg = "calibration has no batches: give one at least."
            raise ValueError(msg)

    def inputs(self) -> Tensor:
        """All first arguments in one tensor (N, ...)."""
        parts = []
        for batch in self:
            first = batch[0] if isinstance(batch, tuple | list) else batch
            if not isinstance(first, Tensor):
                msg = "calibration: refine needs batches that are tensors."
                raise TypeError(msg)
            parts.append(first)
        return torch.cat(parts)

    def _moved(self, item: Any) -> Any:
        if isinstance(item, np.ndarray):
            item = torch.from_numpy(np.ascontiguousarray(item))
        if isinstance(item, Tensor):
            if item.is_floating_point():
                return item.to(self._like)
            return item.to(self._like.device)
        if isinstance(item, Mapping):
            return {key: self._moved(value) for key, value in item.items()}
        if isinstance(item, tuple | list):
            return [self._moved(part) for part in item]
        return item


def _call(module: nn.Module, batch: Any) -> Any:
    if isinstance(batch, dict):
        return module(**batch)
    if isinstance(batch, list):
        return module(batch[0])
    return module(batch)


def tensors_of(output: Any) -> list[Tensor]:
    """The floating point tensors in what a module returned.

    Parameters
    ----------
    output : object
        A tensor, or tensors of any shape in tuples, lists and dicts.
    """
    if isinstance(output, Tensor):
        return [output] if output.is_floating_point() else []
    if isinstance(output, Mapping):
        output = list(output.values())
    if isinstance(output, tuple | list):
        return [x for item in output for x in tensors_of(item)]
    return []
