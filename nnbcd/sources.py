"""Weights out of what a user has: a result, a state, a module, a list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from nnbcd.inputs import as_tensor
from nnbcd.layers import Conv2d
from nnbcd.problem import Problem
from nnbcd.result import Result
from nnbcd.state import State

__all__ = ["Start", "read"]

Start = Result | State | nn.Module | Sequence[Any]


def read(problem: Problem, start: Start) -> State:
    """The start as a state, without U, V and G where it has none.

    Parameters
    ----------
    problem : Problem
        Weights of shape (d_out, d_in).
    start : Result, State, torch.nn.Module or sequence of (W, b)
        Of a module the Linear and Conv2d parts are taken, in the order in
        which they were registered.

    Raises
    ------
    TypeError, ValueError
        If it is none of these, was trained on other classes, or holds
        numbers that no layer of the problem has.
    """
    if isinstance(start, Result):
        ours, theirs = _labels(problem), _labels(start)
        if ours is not None and theirs is not None and ours != theirs:
            msg = (
                f"start was trained on the classes {theirs}, but y has "
                f"{ours}: train on the same ones."
            )
            raise ValueError(msg)
        return start.state
    if isinstance(start, State):
        return start
    if isinstance(start, nn.Module):
        pairs = _parts(problem, start)
    elif isinstance(start, Sequence) and all(
        isinstance(pair, Sequence) and len(pair) == 2 for pair in start
    ):
        pairs = list(start)
    else:
        msg = (
            "start must be a Result, a State, a torch.nn.Module or a list "
            f"of (W, b), got {type(start).__name__}."
        )
        raise TypeError(msg)
    weights, biases = [], []
    for w, b in pairs:
        weights.append(as_tensor("start: W", w))
        biases.append(None if b is None else as_tensor("start: b", b))
    none = (None,) * len(weights)
    return State(tuple(weights), tuple(biases), (), (), none, none)


def _labels(of: Problem | Result) -> list[Any] | None:
    if of.names is not None:
        return list(of.names)
    return None if of.classes is None else of.classes.tolist()


def _parts(problem: Problem, module: nn.Module) -> list[tuple[Any, Any]]:
    """(W, b) of the linear parts; what else has numbers is refused."""
    pairs: list[tuple[Any, Any]] = []
    for part in module.modules():
        own = [*part.parameters(recurse=False), *part.buffers(recurse=False)]
        if isinstance(part, nn.Linear | nn.Conv2d):
            if isinstance(part, nn.Conv2d) and len(pairs) < problem.depth:
                _same_geometry(problem, len(pairs), part)
            pairs.append((part.weight.flatten(1), part.bias))
        elif own:
            msg = (
                f"start holds a {type(part).__name__}, and only Linear and "
                "Conv2d can be handed over: fold it into one of them first."
            )
            raise ValueError(msg)
    return pairs


def _same_geometry(problem: Problem, i: int, part: nn.Conv2d) -> None:
    layer = problem.network.layers[i]
    theirs = {
        "kernel_size": part.kernel_size,
        "stride": part.stride,
        "padding": part.padding,
    }
    plain = part.groups == 1 and set(part.dilation) == {1}
    zeros = part.padding_mode == "zeros"
    same = isinstance(layer, Conv2d) and layer.pairs == theirs
    if not (same and plain and zeros):
        msg = (
            f"start: layer {i + 1} is {part}, but the network has {layer}: "
            "give both the same kernel_size, stride and padding."
        )
        raise ValueError(msg)
