"""Find what is to be compressed, and to what."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from torch import nn

from nnbcd.pretrained import passes
from nnbcd.pretrained.attention import disarm
from nnbcd.pretrained.calibration import Calibration
from nnbcd.pretrained.plan import Plan
from nnbcd.pretrained.rows import matrix_shape
from nnbcd.pretrained.sites import chosen, sites, unpack
from nnbcd.structures import Structure

__all__ = ["families", "prepare"]


def prepare(
    module: nn.Module,
    batches: Calibration,
    include: Sequence[str] | None,
    exclude: Sequence[str],
) -> Plan:
    """Find the layers of a copy of ``module``, and their order.

    Parameters
    ----------
    module : torch.nn.Module
        Not changed.
    batches : Calibration
    include, exclude : sequence of str
        Patterns of layer names.

    Raises
    ------
    ValueError
        If there is nothing to replace.
    """
    current, packed = unpack(copy.deepcopy(module))
    fused = disarm(current)
    modes = {name: part.training for name, part in current.named_modules()}
    current.eval()
    original = copy.deepcopy(current)
    layers, left = chosen(*sites(original), include, exclude)
    order, calls = passes.groups(original, layers, batches)
    for name in set(layers) - set(calls):
        left[name] = "the first calibration batch did not reach it"
    layers = {name: layers[name] for group in order for name in group}
    if not layers:
        reasons = "; ".join(f"{n}: {why}" for n, why in left.items())
        msg = f"module has no layer to compress ({reasons or 'none at all'})."
        raise ValueError(msg)
    return Plan(
        original,
        current,
        layers,
        left,
        order,
        calls,
        batches,
        modes,
        packed,
        fused,
    )


def families(
    structure: Structure | Mapping[str, Structure], plan: Plan
) -> dict[str, Structure]:
    """The structure of each layer, in the order of the forward pass.

    Parameters
    ----------
    structure : Structure or mapping of patterns to Structure
    plan : Plan
        Layers that no pattern fits are added to ``left``.

    Raises
    ------
    TypeError, ValueError
        If it is neither, a pattern fits no layer, or a structure cannot
        hold a layer.
    """
    patterns = structure
    if isinstance(structure, Structure):
        patterns = {"*": structure}
    if not isinstance(patterns, Mapping) or not all(
        isinstance(value, Structure) for value in patterns.values()
    ):
        msg = (
            "structure must be a Structure, like LowRank(8), or a mapping "
            f"of name patterns to them, got {structure!r}."
        )
        raise TypeError(msg)
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in plan.layers):
            known = ", ".join(plan.layers)
            msg = (
                f"structure: no layer matches {pattern!r}; the layers are "
                f"{known}."
            )
            raise ValueError(msg)
    out: dict[str, Structure] = {}
    for name, layer in plan.layers.items():
        fits = [s for p, s in patterns.items() if fnmatchcase(name, p)]
        if not fits:
            plan.left[name] = "structure says nothing about it"
            continue
        try:
            fits[0].validate(matrix_shape(layer))
        except ValueError as error:
            msg = f"structure of {name}: {error}"
            raise ValueError(msg) from None
        out[name] = fits[0]
    return out
