"""From command-line options to a network."""

from __future__ import annotations

import argparse

from nnbcd.activations import get_activation
from nnbcd.network import Dense, Network
from nnbcd.structures import Free, LowRank, Sparse, Structure, TensorTrain

__all__ = ["STRUCTURES", "build_network"]

STRUCTURES = ("none", "tt", "sparse", "lowrank")


def build_network(
    options: argparse.Namespace, features: int, classes: int
) -> Network:
    """Fully connected network with structured hidden layers.

    Parameters
    ----------
    options : Namespace
        hidden, structure, rank, modes, sparsity, ratio, activation, bias.
    features, classes : int
        Inputs and outputs.

    Raises
    ------
    ValueError
        If options contradict each other, a shape is impossible, or ratio
        is out of reach.
    """
    _check(options)
    sigma = get_activation(options.activation)
    layers, width = [], features
    for i, hidden in enumerate(options.hidden):
        layers.append(
            Dense(
                hidden,
                activation=sigma,
                structure=_structure(options, i, (hidden, width)),
                bias=options.bias,
            )
        )
        width = hidden
    layers.append(Dense(classes, bias=options.bias))
    network = Network((features,), layers)
    if options.ratio is not None:
        return network.at_ratio(options.ratio)
    return network


def _check(options: argparse.Namespace) -> None:
    wants = {
        "rank": ("tt", "lowrank"),
        "modes": ("tt",),
        "sparsity": ("sparse",),
        "ratio": ("tt", "lowrank", "sparse"),
    }
    for name, structures in wants.items():
        given = getattr(options, name) is not None
        if given and options.structure not in structures:
            msg = f"--{name} needs --structure {' or '.join(structures)}."
            raise ValueError(msg)
    if options.ratio is not None:
        for name in ("rank", "sparsity"):
            if getattr(options, name) is not None:
                msg = f"--ratio and --{name} exclude each other: give one."
                raise ValueError(msg)
        if not 0 < options.ratio <= 1:
            msg = f"--ratio must lie in (0, 1], got {options.ratio}."
            raise ValueError(msg)
    if options.modes is not None and len(options.modes) != len(
        options.hidden
    ):
        msg = (
            f"--modes has {len(options.modes)} lists for "
            f"{len(options.hidden)} hidden layers: give one a layer."
        )
        raise ValueError(msg)


def _structure(
    options: argparse.Namespace, i: int, shape: tuple[int, int]
) -> Structure:
    """With the size asked for; with --ratio the size is found later."""
    if options.structure == "none":
        return Free()
    if options.structure == "sparse":
        return Sparse(0.9 if options.sparsity is None else options.sparsity)
    rank = options.rank
    if rank is None:
        rank = 16 if options.ratio is None else 1
    if options.structure == "lowrank":
        return LowRank(rank)
    modes = None if options.modes is None else _modes(options.modes[i])
    return TensorTrain(rank, modes=modes)


def _modes(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(n) for n in text.split("x"))
    except ValueError:
        msg = f"--modes takes lists like 4x4x16, got {text!r}."
        raise ValueError(msg) from None
