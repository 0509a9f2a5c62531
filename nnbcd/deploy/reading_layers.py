"""One layer from the tensors of a file.

Nothing here trusts the file: every size is compared with the tensors that
are really there before anything is made of it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from nnbcd._typing import Tensor
from nnbcd.deploy.coding import CODINGS, GROWTH, read_places
from nnbcd.deploy.errors import LoadError
from nnbcd.deploy.header import Header
from nnbcd.deploy.kinds import plain_module
from nnbcd.deploy.masked_linear import MaskedLinear
from nnbcd.deploy.patch_conv import PatchConv2d
from nnbcd.deploy.sparse_linear import SparseLinear
from nnbcd.deploy.tt_linear import PRODUCTS, TTLinear

__all__ = ["Source", "convolution", "get", "join", "plain", "sparse", "train"]

LARGEST = 2**31  # entries of the dense matrix of a layer


@dataclass(frozen=True)
class Source:
    """The tensors of a file by name, read one at a time.

    Parameters
    ----------
    header : Header
        Checked against the file.
    read : callable
        Name to tensor, of the type and shape the header says.
    """

    header: Header
    read: Callable[[str], Tensor]

    def shape(self, name: str) -> tuple[int, ...] | None:
        """Of a tensor; None if there is none of that name."""
        entry = self.header.tensors.get(name)
        return None if entry is None else entry.shape

    def take(
        self, name: str, shape: tuple[int, ...] | None, *, real: bool = True
    ) -> Tensor:
        """The tensor, if it is there and of this shape.

        Parameters
        ----------
        name : str
        shape : tuple of int or None
            None for any.
        real : bool
            Whether it must be of floating point numbers.
        """
        found = self.shape(name)
        if found is None or (shape is not None and found != shape):
            msg = (
                f"the file needs a tensor {name[:80]!r} of shape {shape}, "
                f"and has {found}."
            )
            raise LoadError(msg)
        if real != ("F" in self.header.tensors[name].dtype):
            msg = f"the tensor {name[:80]!r} is of the wrong type."
            raise LoadError(msg)
        return self.read(name)


def plain(
    kind: str, description: Any, source: Source, path: str
) -> nn.Module:
    """A layer of torch's own, by its kind and arguments."""
    module = plain_module(kind, get(description, "arguments", dict))
    state = {
        name: source.take(
            join(path, name), tuple(x.shape), real=x.is_floating_point()
        )
        for name, x in module.state_dict().items()
    }
    module.load_state_dict(state, assign=True)
    return module


def sparse(
    kind: str, description: Any, source: Source, path: str
) -> nn.Module:
    """A SparseLinear or MaskedLinear, its places checked."""
    rows, columns = _sizes(description)
    coding = get(description, "coding", str)
    if coding not in CODINGS:
        msg = f"the coding {coding[:80]!r} of non-zeros is unknown."
        raise LoadError(msg)
    names = ["bitmap"] if coding == "bitmap" else ["columns", "counts"]
    places = {
        name: source.take(join(path, name), None, real=False)
        for name in names
    }
    values = source.take(join(path, "values"), None)
    if values.ndim != 1:
        msg = f"{path[:80]!r}: its values are not a list."
        raise LoadError(msg)
    kept = len(values)
    counts, at = read_places(places, (rows, columns), kept)
    bias = _bias(source, path, rows)
    if kind == "SparseLinear":
        return SparseLinear.from_rows(values, at, counts, columns, bias)
    if coding == "columns" and rows * columns > GROWTH * kept:
        msg = f"{path[:80]!r} would grow more than {GROWTH} times in memory."
        raise LoadError(msg)
    mask = torch.zeros(rows, columns, dtype=torch.bool)
    line = torch.repeat_interleave(torch.arange(rows), counts)
    mask[line, at.long()] = True
    dense = values.new_zeros(rows, columns)
    dense[mask] = values
    return MaskedLinear(dense, bias, mask=mask)


def train(description: Any, source: Source, path: str) -> nn.Module:
    """A TTLinear, its cores checked."""
    rows, columns = _sizes(description)
    count = get(description, "cores", int)
    product = get(description, "product", str)
    pairs = description.get("pairs")
    if product not in PRODUCTS or not 1 <= count <= 64:
        msg = f"{path[:80]!r} is not described as a tensor train."
        raise LoadError(msg)
    cores = [
        source.take(join(path, f"cores.{k}"), None) for k in range(count)
    ]
    try:
        layer = TTLinear(
            cores,
            _bias(source, path, rows),
            out_features=rows,
            pairs=None if pairs is None else [(i, j) for i, j in pairs],
            product=product,
        )
        if layer.in_features != columns or rows * columns > LARGEST:
            raise ValueError
    except (ValueError, TypeError, ArithmeticError):
        msg = f"{path[:80]!r}: its cores are no train of {rows} x {columns}."
        raise LoadError(msg) from None
    return layer


def convolution(
    description: Any, parts: OrderedDict[str, nn.Module]
) -> nn.Module:
    """A PatchConv2d around the layer it holds."""
    linear = parts.get("linear")
    shape = {}
    for name in ("kernel_size", "stride", "padding", "dilation"):
        pair = get(description, name, list)
        least = 0 if name == "padding" else 1
        good = [type(n) is int and least <= n <= LARGEST for n in pair]
        if good != [True, True]:
            msg = f"a convolution has an impossible {name}."
            raise LoadError(msg)
        shape[name] = (pair[0], pair[1])
    channels = get(description, "in_channels", int)
    try:
        if not isinstance(linear, TTLinear | SparseLinear | MaskedLinear):
            raise ValueError  # noqa: TRY004
        return PatchConv2d(linear, channels, **shape)
    except ValueError:
        msg = "a convolution and the layer on its patches do not fit."
        raise LoadError(msg) from None


def _bias(source: Source, path: str, rows: int) -> Tensor | None:
    name = join(path, "bias")
    return None if source.shape(name) is None else source.take(name, (rows,))


def _sizes(description: Any) -> tuple[int, int]:
    rows = get(description, "out_features", int)
    columns = get(description, "in_features", int)
    if min(rows, columns) < 1 or rows * columns > LARGEST:
        msg = f"a layer claims {rows} x {columns} entries: refused."
        raise LoadError(msg)
    return rows, columns


def get(description: Any, key: str, kind: type) -> Any:
    """A value of exactly this type, or LoadError."""
    value = description.get(key) if isinstance(description, dict) else None
    if type(value) is not kind:
        msg = f"the file does not say {key!r} of a layer as it should."
        raise LoadError(msg)
    return value


def join(path: str, name: str) -> str:
    """The name of a tensor or part below a path."""
    return f"{path}.{name}" if path else name
