"""Which layers of a module can be replaced, and why the others cannot."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fnmatch import fnmatchcase

from torch import nn

from nnbcd.pretrained.attention import Attention, why_packed
from nnbcd.pretrained.rows import Layer

__all__ = ["chosen", "put", "sites", "unpack"]

Found = tuple[dict[str, Layer], dict[str, str]]


def unpack(root: nn.Module) -> tuple[nn.Module, dict[str, nn.Module]]:
    """Give every attention layer that allows it separate projections.

    Parameters
    ----------
    root : torch.nn.Module
        Changed in place, unless it is attention itself.

    Returns
    -------
    torch.nn.Module
        The root.
    dict of str to Module
        What was there before, by name.
    """
    packed: dict[str, nn.Module] = {}
    for name, part in list(root.named_modules()):
        if isinstance(part, nn.MultiheadAttention):
            if why_packed(part) is None and not _hooked(part):
                packed[name] = part
                root = put(root, name, Attention(part))
    return root, packed


def put(root: nn.Module, name: str, new: nn.Module) -> nn.Module:
    """``new`` in all places of the part called ``name``; the root again.

    Parameters
    ----------
    root : torch.nn.Module
        Changed in place, unless it is the part itself.
    name : str
        Dotted; empty for the root.
    new : torch.nn.Module
    """
    old = root.get_submodule(name)
    if old is root:
        return new
    for part in list(root.modules()):
        for key, child in part._modules.items():
            if child is old:
                part._modules[key] = new
    return root


def sites(root: nn.Module) -> Found:
    """The layers that can be replaced, and a reason for each other one.

    Parameters
    ----------
    root : torch.nn.Module
        Its attention layers unpacked.

    Returns
    -------
    dict of str to Layer
        By dotted name.
    dict of str to str
        For every other part with a matrix among its parameters, why not.
    """
    owners: dict[int, list[str]] = defaultdict(list)
    for name, part in root.named_modules():
        for own in part._parameters.values():
            if own is not None:
                owners[id(own)].append(name)
    found: dict[str, Layer] = {}
    left: dict[str, str] = {}
    inside: nn.Module | None = None
    for name, part in root.named_modules():
        if inside is not None and part in set(inside.modules()):
            continue
        parametrised = nn.utils.parametrize.is_parametrized(part)
        whole = parametrised or isinstance(part, nn.MultiheadAttention)
        inside = part if whole else None
        matrices = [
            own
            for own in part._parameters.values()
            if own is not None and own.dim() > 1
        ]
        if not matrices and not parametrised:
            continue
        shared = [
            other
            for own in matrices
            for other in owners[id(own)]
            if other != name
        ]
        why = _why_not(part, shared)
        if why is not None:
            left[name] = why
        elif isinstance(part, Layer):
            found[name] = part
    return found, left


def _why_not(part: nn.Module, shared: Sequence[str]) -> str | None:
    if isinstance(part, nn.MultiheadAttention):
        return why_packed(part) or "it carries hooks, which would be lost"
    if nn.utils.parametrize.is_parametrized(part):
        return (
            "its weight is parametrised: fold that in with "
            "torch.nn.utils.parametrize.remove_parametrizations"
        )
    if type(part) not in (nn.Linear, nn.Conv2d):
        return f"a {type(part).__name__} is not handled"
    assert isinstance(part, Layer)
    if shared:
        return f"its weight is also that of {shared[0]}"
    if _hooked(part):
        return "it carries hooks, which would be lost"
    if isinstance(part, nn.Conv2d) and part.groups > 1:
        return f"a convolution in {part.groups} groups is not handled"
    if not part.weight.is_floating_point():
        return f"its weight is of type {part.weight.dtype}"
    return None


def _hooked(part: nn.Module) -> bool:
    kinds = ("forward", "forward_pre", "backward", "backward_pre")
    return any(getattr(part, f"_{kind}_hooks", None) for kind in kinds)


def chosen(
    found: dict[str, Layer],
    left: dict[str, str],
    include: Sequence[str] | None,
    exclude: Sequence[str],
) -> Found:
    """Those that a user asked for, and the reasons of the others.

    Parameters
    ----------
    found, left : dict
        From :func:`sites`.
    include, exclude : sequence of str
        Patterns of dotted names, with * and ?.

    Raises
    ------
    ValueError
        If a pattern names nothing, or something that cannot be replaced.
    """
    for argument, patterns in (("include", include), ("exclude", exclude)):
        for pattern in patterns or ():
            if not any(fnmatchcase(n, pattern) for n in [*found, *left]):
                known = ", ".join(found) or "none"
                msg = (
                    f"{argument}: no layer matches {pattern!r}; the layers "
                    f"are {known}."
                )
                raise ValueError(msg)
    if include is not None:
        for name, why in left.items():
            if name in include:
                msg = f"include: {name} cannot be compressed: {why}."
                raise ValueError(msg)
    out: dict[str, Layer] = {}
    reasons = dict(left)
    for name, layer in found.items():
        if any(fnmatchcase(name, pattern) for pattern in exclude):
            reasons[name] = "excluded"
        elif include is None or any(fnmatchcase(name, p) for p in include):
            out[name] = layer
        else:
            reasons[name] = "not included"
    return out, reasons
