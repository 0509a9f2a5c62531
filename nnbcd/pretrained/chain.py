"""Refine a compressed chain of layers by consistent sweeps."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import torch
from torch import nn

from nnbcd import activations
from nnbcd.inputs import UnscaledFeaturesWarning
from nnbcd.layers import Conv2d, Dense
from nnbcd.network import LargerThanDenseWarning, Network
from nnbcd.piecewise import PiecewiseLinear
from nnbcd.pretrained import passes
from nnbcd.pretrained.plan import Fitted, Plan
from nnbcd.pretrained.rows import Layer, margins, pair
from nnbcd.solver import Solver
from nnbcd.state import State
from nnbcd.structures import Free, StructuredMatrix

__all__ = ["refine_chain"]

Part = tuple[str, nn.Module]
_NOTHING = (nn.Dropout, nn.Dropout2d, nn.Identity)


def refine_chain(plan: Plan, sweeps: int, *, progress: bool = False) -> None:
    """Consistent sweeps from the fitted weights to the original outputs.

    Lowers half the squared error of the outputs on all calibration rows;
    see :class:`nnbcd.couplings.Consistent`.

    Parameters
    ----------
    plan : Plan
        That was run; its weights (q, p) are replaced.
    sweeps : int
        At most so many.
    progress : bool
        Whether to show a bar.

    Raises
    ------
    ValueError
        If the module is no chain of layers that a Network has.
    """
    x = plan.batches.inputs()
    names, network = _network(plan, tuple(x.shape[1:]))
    with torch.no_grad():
        y = torch.cat([plan.original(part) for part in torch.split(x, 256)])
    state = _state(plan, names)
    solver = Solver(sweeps=sweeps, certify=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnscaledFeaturesWarning)
        result = solver.fit(
            network, x.flatten(1), y, start=state, progress=progress
        )
    new = result.state
    for name, structure, w, b, g in zip(
        names, network.structures, new.w, new.b, new.g, strict=True
    ):
        member = StructuredMatrix(w) if g is None else g
        plain = plan.fitted[name].plain_error if name in plan.fitted else 0.0
        plan.left.pop(name, None)
        plan.put(name, Fitted(structure, member, b, 0.0, plain))
    _measure(plan, names)


def _measure(plan: Plan, names: list[str]) -> None:
    """The errors of the layers, now that all of them have moved."""
    sums = passes.gather(
        plan.original,
        plan.current,
        names,
        plan.calls,
        plan.batches,
        changed=True,
    )
    for name in names:
        old = plan.fitted[name]
        error = sums[name].error(old.member.dense, old.bias)
        plan.fitted[name] = Fitted(
            old.structure, old.member, old.bias, error, old.plain_error
        )


def _state(plan: Plan, names: list[str]) -> State:
    members, biases, dense = [], [], []
    for name in names:
        if name in plan.fitted:
            fitted = plan.fitted[name]
            member, b = fitted.member, fitted.bias
            free = fitted.structure.free
        else:
            w, b = plan.numbers(name)
            member, free = StructuredMatrix(w), True
        members.append(None if free else member)
        dense.append(member.dense)
        biases.append(b)
    none = (None,) * len(names)
    return State(tuple(dense), tuple(biases), (), (), tuple(members), none)


def _network(plan: Plan, shape: tuple[int, ...]) -> tuple[list[str], Network]:
    """The chain as a description, with the structures it has now."""
    names: list[str] = []
    layers: list[Dense | Conv2d] = []
    sigma: PiecewiseLinear = activations.Identity()
    parts = list(_parts(plan.original))
    _check_order(parts, shape)
    for name, part in reversed(parts):
        kind = _activation(part)
        if kind is not None:
            sigma = kind
        elif isinstance(part, nn.Linear | nn.Conv2d):
            if name not in plan.layers:
                msg = (
                    f"refine moves every layer, and {name} was left: "
                    "exclude none, or leave refine out."
                )
                raise ValueError(msg)
            names.insert(0, name)
            layers.insert(0, _layer(plan, name, part, sigma))
            sigma = activations.Identity()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LargerThanDenseWarning)
        return names, Network(shape, layers)


def _check_order(parts: list[Part], shape: tuple[int, ...]) -> None:
    """Refuse what a Network does not have, or has in another order."""
    flat, linear = len(shape) == 1, False
    for name, part in parts:
        if isinstance(part, nn.Flatten):
            flat = part.start_dim == 1 and part.end_dim == -1
        elif isinstance(part, nn.Linear | nn.Conv2d):
            linear = True
            if isinstance(part, nn.Linear) is not flat:
                _refuse(name, part)
        elif _activation(part) is not None:
            if not linear:  # two in a row, or one before the first layer
                _refuse(name, part)
            linear = False
        elif not isinstance(part, _NOTHING):
            _refuse(name, part)
    if not linear:
        name, part = parts[-1]
        _refuse(name, part)


def _parts(root: nn.Module, name: str = "") -> Iterator[Part]:
    """The parts of nested Sequentials, in order."""
    if not isinstance(root, nn.Sequential):
        yield name, root
        return
    for key, part in root.named_children():
        yield from _parts(part, f"{name}.{key}" if name else key)


def _layer(
    plan: Plan, name: str, part: Layer, sigma: PiecewiseLinear
) -> Dense | Conv2d:
    done = plan.fitted.get(name)
    structure = Free() if done is None else done.structure
    bias = part.bias is not None
    if isinstance(part, nn.Linear):
        return Dense(part.out_features, sigma, structure, bias)
    left, right, top, bottom = margins(part)
    plain = part.padding_mode == "zeros" and (left, top) == (right, bottom)
    if not plain or set(part.dilation) != {1}:
        _refuse(name, part)
    return Conv2d(
        part.out_channels,
        pair(part.kernel_size),
        pair(part.stride),
        (top, left),
        sigma,
        structure,
        bias,
    )


def _activation(part: nn.Module) -> PiecewiseLinear | None:
    if type(part) is nn.ReLU:
        return activations.ReLU()
    if type(part) is nn.ReLU6:
        return activations.ReLU6()
    if type(part) is nn.LeakyReLU:
        return activations.LeakyReLU(part.negative_slope)
    if type(part) is nn.Hardtanh and (part.min_val, part.max_val) == (-1, 1):
        return activations.HardTanh()
    return None


def _refuse(name: str, part: nn.Module) -> None:
    msg = (
        f"refine needs a chain of Linear, Conv2d and activations, and "
        f"{name or 'the module'} is a {part}: leave refine out."
    )
    raise ValueError(msg)
