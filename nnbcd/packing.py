"""A state as plain arrays and back, to the last bit and stride.

Equal numbers are not enough. A matrix product may round differently for
another memory layout, and the code asks whether two blocks are one tensor
(W *is* G's matrix under ``constraint``). So each tensor is stored once, with
its strides.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nnbcd._typing import Tensor
from nnbcd.state import State
from nnbcd.structures import StructuredMatrix
from nnbcd.tensor_train import TTCores

__all__ = ["pack", "unpack"]

Arrays = dict[str, NDArray[np.generic]]
LINE = 64  # numbers: where a tensor starts within a cache line may matter


@dataclass
class _Box:
    """Tensors, each once, and what is remembered of their layout."""

    arrays: Arrays = field(default_factory=dict)
    strides: dict[str, tuple[list[int], int]] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    def put(self, x: Tensor | None) -> str | None:
        if x is None:
            return None
        if id(x) not in self.names:
            name = self.names[id(x)] = f"t{len(self.names)}"
            self.arrays[name] = x.detach().cpu().contiguous().numpy()
            offset = int(x.storage_offset()) % LINE
            self.strides[name] = list(x.stride()), offset
        return self.names[id(x)]


def pack(state: State) -> tuple[Arrays, dict[str, Any]]:
    """The tensors of a state, and how they were put together.

    Parameters
    ----------
    state : State
        W_i (d_out, d_in), U_i and V_i (N, d_i).

    Returns
    -------
    dict of ndarray
        Each tensor once.
    dict
        Names, strides and numbers; fit for JSON.
    """
    box = _Box()
    layout: dict[str, Any] = {}
    for item in fields(State):
        value = getattr(state, item.name)
        if item.name == "g":
            layout["g"] = [_pack_member(box, g) for g in value]
        elif isinstance(value, tuple):
            layout[item.name] = [box.put(x) for x in value]
        else:
            layout[item.name] = value
    return box.arrays, {"state": layout, "strides": box.strides}


def unpack(arrays: Arrays, layout: dict[str, Any], device: Any) -> State:
    """The state that :func:`pack` took apart.

    Parameters
    ----------
    arrays, layout
        From :func:`pack`; shapes as there.
    device
        Where its tensors go.
    """
    tensors: dict[str | None, Tensor | None] = {None: None}
    for name, (stride, offset) in layout["strides"].items():
        tensors[name] = _laid_out(arrays[name], stride, offset, device)
    blocks: dict[str, Any] = {
        name: tuple(tensors[x] for x in value)
        if isinstance(value, list) and name != "g"
        else value
        for name, value in layout["state"].items()
    }
    blocks["g"] = tuple(
        None if g is None else _member(tensors, g)
        for g in layout["state"]["g"]
    )
    return State(**blocks)


def _pack_member(
    box: _Box, g: StructuredMatrix | None
) -> dict[str, Any] | None:
    if g is None:
        return None
    cores = None if g.cores is None else [box.put(x) for x in g.cores.cores]
    return {
        "dense": box.put(g.dense),
        "mask": box.put(g.mask),
        "cores": cores,
    }


def _member(tensors: dict[Any, Any], g: dict[str, Any]) -> StructuredMatrix:
    cores = g["cores"]
    if cores is not None:
        cores = TTCores(tuple(tensors[x] for x in cores))
    return StructuredMatrix(tensors[g["dense"]], cores, tensors[g["mask"]])


def _laid_out(
    values: NDArray[np.generic],
    stride: list[int],
    offset: int,
    device: Any,
) -> Tensor:
    """A tensor with these values, strides and place in a cache line."""
    flat = torch.from_numpy(values)
    # Where an axis repeats itself (stride 0) one of its entries is stored.
    size = [
        min(n, 1) if s == 0 else n
        for n, s in zip(flat.shape, stride, strict=True)
    ]
    for axis, n in enumerate(size):
        flat = flat.narrow(axis, 0, n)
    length = 1 + sum(
        s * max(n - 1, 0) for n, s in zip(size, stride, strict=True)
    )
    room = torch.empty(offset + length, dtype=flat.dtype, device=device)
    out = room.as_strided(size, stride, offset)
    out.copy_(flat)
    return out.expand(values.shape)
