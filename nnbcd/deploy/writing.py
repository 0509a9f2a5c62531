"""A module as tensors and a description, fit for a file."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from nnbcd._typing import Tensor
from nnbcd.deploy.coding import write_places
from nnbcd.deploy.kinds import arguments
from nnbcd.deploy.masked_linear import MaskedLinear
from nnbcd.deploy.model import CompressedNetwork
from nnbcd.deploy.patch_conv import PatchConv2d
from nnbcd.deploy.sparse_linear import SparseLinear
from nnbcd.deploy.tt_linear import TTLinear

__all__ = ["Encoded", "encode", "stored_bytes"]


@dataclass
class Encoded:
    """What of a module goes into a file.

    Parameters
    ----------
    tensors : dict of str to Tensor
        By the path of the part and a name.
    seen : dict of int to str
        Parts met so far, by identity.
    counted : bool
        Only the sizes are wanted: tensors are not copied, and a part that
        stands in two places counts once.
    """

    tensors: dict[str, Tensor] = field(default_factory=dict)
    seen: dict[int, str] = field(default_factory=dict)
    counted: bool = False

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each tensor."""
        return {
            name: x.numel() * x.element_size()
            for name, x in self.tensors.items()
        }

    def put(self, path: str, **tensors: Tensor | None) -> None:
        """Keep copies, on the CPU and in row-major order."""
        for name, x in tensors.items():
            if x is None or (self.counted and not isinstance(x, Tensor)):
                continue
            kept = x.detach()
            if not self.counted:
                form = torch.contiguous_format
                kept = kept.cpu().clone(memory_format=form)
            self.tensors[f"{path}.{name}" if path else name] = kept


def stored_bytes(module: nn.Module) -> int:
    """Bytes of all tensors in the file that ``save`` writes of a module.

    Parameters
    ----------
    module : torch.nn.Module
        A part of it that stands in two places counts once.
    """
    return sum(encode(module, into=Encoded(counted=True))[1].sizes.values())


def encode(
    module: nn.Module, path: str = "", into: Encoded | None = None
) -> tuple[dict[str, Any], Encoded]:
    """The description of a module, and its tensors.

    Parameters
    ----------
    module : torch.nn.Module
    path : str
        Of the module within the whole.
    into : Encoded, optional
        Where the tensors go.

    Raises
    ------
    ValueError
        If one part stands in two places: the file would hold it twice.
    """
    out = Encoded() if into is None else into
    if id(module) in out.seen:
        if out.counted:
            return {}, out
        msg = (
            f"{path!r} and {out.seen[id(module)]!r} are the same module: a "
            "file holds each part once, make a copy of it."
        )
        raise ValueError(msg)
    out.seen[id(module)] = path
    if isinstance(module, SparseLinear | MaskedLinear):
        return _sparse(module, path, out), out
    if isinstance(module, TTLinear):
        cores = {f"cores.{k}": c for k, c in enumerate(module.cores)}
        out.put(path, bias=module.bias, **cores)
        description: dict[str, Any] = {
            "kind": "TTLinear",
            "in_features": module.in_features,
            "out_features": module.out_features,
            "cores": len(module.cores),
            "pairs": module.pairs,
            "product": module.product,
        }
        return description, out
    if isinstance(module, PatchConv2d):
        names = ("in_channels", "kernel_size", "stride", "padding")
        description = {name: getattr(module, name) for name in names}
        description |= {"kind": "PatchConv2d", "dilation": module.dilation}
        description["parts"] = _parts(module, path, out)
        return description, out
    plain = arguments(module)
    if plain is not None:
        own = module.state_dict()
        out.put(path, **own)
        tensors = {"kind": type(module).__name__, "arguments": plain}
        return tensors, out
    kind = type(module)
    description = {"kind": "foreign", "class": kind.__qualname__}
    if kind in (nn.Sequential, CompressedNetwork):
        description = {"kind": kind.__name__}
    if isinstance(module, CompressedNetwork):
        description["input_shape"] = module.input_shape
    out.put(path, **_own(module))
    description["parts"] = _parts(module, path, out)
    return description, out


def _own(module: nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers that no part of the module holds."""
    parts = set(module._modules)  # also those that stand in two places
    return {
        name: value
        for name, value in module.state_dict().items()
        if name.partition(".")[0] not in parts
    }


def _parts(
    module: nn.Module, path: str, out: Encoded
) -> list[tuple[str, dict[str, Any]]]:
    parts = []
    for name, part in module._modules.items():
        if part is not None:
            below = f"{path}.{name}" if path else name
            parts.append((name, encode(part, below, out)[0]))
    return parts


def _sparse(
    layer: SparseLinear | MaskedLinear, path: str, out: Encoded
) -> dict[str, Any]:
    dense = isinstance(layer, MaskedLinear)
    if isinstance(layer, MaskedLinear):
        mask = layer.mask
        counts, columns = mask.sum(1), mask.nonzero()[:, 1]
        values = layer.dense.detach()[mask]
    else:
        counts = layer.starts[1:] - layer.starts[:-1]
        columns, values = layer.columns, layer.values.detach()
    places = write_places(
        counts.cpu(), columns.cpu(), layer.in_features, dense=dense
    )
    out.put(path, values=values, bias=layer.bias, **places)
    return {
        "kind": type(layer).__name__,
        "in_features": layer.in_features,
        "out_features": layer.out_features,
        "coding": "bitmap" if "bitmap" in places else "columns",
    }
