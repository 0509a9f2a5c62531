"""A module from the tensors and the description of a file.

Nothing here trusts the file: every size is compared with the tensors that
are really there before anything is made of it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import nn

from nnbcd.deploy.errors import LoadError
from nnbcd.deploy.kinds import PLAIN
from nnbcd.deploy.model import CompressedNetwork
from nnbcd.deploy.reading_layers import (
    Source,
    convolution,
    get,
    join,
    plain,
    sparse,
    train,
)

__all__ = ["decode"]

DEEPEST = 64  # parts within parts


def decode(
    description: Any,
    source: Source,
    path: str = "",
    model: nn.Module | None = None,
    depth: int = 0,
) -> nn.Module:
    """The module that a description names, with the tensors of its path.

    Parameters
    ----------
    description : object
        From a file.
    source : Source
        The tensors.
    path : str
        Of the module within the whole.
    model : torch.nn.Module, optional
        What takes the place of foreign parts; changed.
    depth : int
        How many parts this one lies in.

    Raises
    ------
    LoadError
        If description and tensors do not agree, or a kind is unknown.
    """
    if depth > DEEPEST:
        msg = f"the parts of the file lie more than {DEEPEST} deep."
        raise LoadError(msg)
    kind = get(description, "kind", str)
    if kind in PLAIN:
        return plain(kind, description, source, path)
    if kind in ("SparseLinear", "MaskedLinear"):
        return sparse(kind, description, source, path)
    if kind == "TTLinear":
        return train(description, source, path)
    if kind in ("PatchConv2d", "Sequential", "CompressedNetwork"):
        inner = {} if model is None else model._modules
        parts = OrderedDict()
        for name, part in _parts(description):
            below, there = join(path, name), inner.get(name)
            parts[name] = decode(part, source, below, there, depth + 1)
        if kind == "PatchConv2d":
            return convolution(description, parts)
        try:
            if kind == "Sequential":
                return nn.Sequential(parts)
            return _network(description, parts, source, path)
        except KeyError:  # a name that a module has for something else
            msg = "a part of the file has no proper name."
            raise LoadError(msg) from None
    if kind == "foreign":
        return _foreign(description, source, path, model, depth)
    msg = (
        f"the file has a layer of kind {kind[:80]!r}, which this version of "
        "nnbcd does not know: a newer one may."
    )
    raise LoadError(msg)


def _network(
    description: Any,
    parts: OrderedDict[str, nn.Module],
    source: Source,
    path: str,
) -> nn.Module:
    shape = description.get("input_shape")
    if shape is not None and not (
        isinstance(shape, list) and all(type(n) is int for n in shape)
    ):
        msg = "input_shape is no list of integers."
        raise LoadError(msg)
    name = join(path, "classes")
    labelled = source.shape(name) is not None
    classes = source.take(name, None, real=False) if labelled else None
    return CompressedNetwork(parts, classes=classes, input_shape=shape)


def _foreign(
    description: Any,
    source: Source,
    path: str,
    model: nn.Module | None,
    depth: int,
) -> nn.Module:
    name = get(description, "class", str)[:80]
    if model is None:
        msg = (
            f"the file holds the parts of a {name}, not the {name} itself: "
            f"make one and give load(path, like=...)."
        )
        raise LoadError(msg)
    for key, part in _parts(description):
        there = model._modules.get(key)
        if there is None:
            msg = f"like has no part {join(path, key)[:80]!r}."
            raise LoadError(msg)
        below = join(path, key)
        model._modules[key] = decode(part, source, below, there, depth + 1)
    children = set(model._modules)
    for key, old in model.state_dict(keep_vars=True).items():
        if key.partition(".")[0] not in children:
            real, shape = old.is_floating_point(), tuple(old.shape)
            new = source.take(join(path, key), shape, real=real)
            with torch.no_grad():
                old.copy_(new)
    return model


def _parts(description: Any) -> list[tuple[str, Any]]:
    parts = []
    for item in get(description, "parts", list):
        if not (isinstance(item, list) and len(item) == 2):
            msg = "the parts of the file are not described as they should be."
            raise LoadError(msg)
        name, part = item
        if not isinstance(name, str) or not name or "." in name:
            msg = "a part of the file has no proper name."
            raise LoadError(msg)
        parts.append((name, part))
    if len({name for name, _ in parts}) < len(parts):
        msg = "two parts of the file have one name."
        raise LoadError(msg)
    return parts
