"""Networks of every kind of layer, for the tests of nnbcd.deploy."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache
from typing import Any

import torch
from torch import Tensor

from nnbcd import (
    Conv2d,
    Dense,
    Free,
    HardTanh,
    LargerThanDenseWarning,
    LeakyReLU,
    LowRank,
    Network,
    ReLU,
    ReLU6,
    Result,
    Solver,
    Sparse,
    TensorTrain,
)

__all__ = ["NETWORKS", "largest", "rows", "trained"]


def _dense(structure: Any, **options: Any) -> list[Any]:
    middle = options.pop("middle", structure)
    return [
        Dense(16, structure=structure, **options),
        Dense(12, structure=middle, activation=LeakyReLU(0.1)),
        Dense(3),
    ]


def _conv(structure: Any) -> list[Any]:
    return [
        Conv2d(4, 3, padding=1, structure=structure),
        Conv2d(6, 3, stride=2, structure=structure, activation=ReLU6()),
        Dense(3),
    ]


# (d_out, d_in) = (16, 8), then (12, 16)
PAIRS = TensorTrain(3, pairs=((4, 4), (4, 2)))
NETWORKS: dict[str, tuple[Sequence[int], list[Any]]] = {
    "dense": ((8,), _dense(Free())),
    "no-bias": ((8,), _dense(Free(), bias=False)),
    "clip": ((8,), _dense(Free(), activation=HardTanh())),
    "very-sparse": ((8,), _dense(Sparse(0.95), middle=Sparse(0.9))),
    "half-sparse": ((8,), _dense(Sparse(0.5))),
    "low-rank": ((8,), _dense(LowRank(3))),
    "train": ((8,), _dense(TensorTrain(3))),
    "pairs": ((8,), _dense(PAIRS, middle=Sparse(0.5))),
    # 4 x 8 x 4: the middle mode lies across rows and columns
    "across": ((8,), _dense(TensorTrain(3, modes=(4, 8, 4)), middle=Free())),
    # 5 x 12 and 3 x 12 of 15 x 12 entries: no split into rows, columns
    "unsplit": (
        (12,),
        [Dense(15, structure=TensorTrain(2, modes=(6, 6, 5))), Dense(3)],
    ),
    "conv": ((2, 7, 6), _conv(Free())),
    "conv-sparse": ((2, 7, 6), _conv(Sparse(0.8))),
    "conv-low-rank": ((2, 7, 6), _conv(LowRank(2))),
    "conv-train": ((2, 7, 6), _conv(TensorTrain(2))),
    "image-to-dense": (
        (2, 3, 2),
        [Dense(9, structure=Sparse(0.7), activation=ReLU()), Dense(3)],
    ),
}


@cache
def trained(name: str, dtype: str = "float64") -> Result:
    """A short run of the network called ``name``."""
    shape, layers = NETWORKS[name]
    x = rows(name, 20, seed=1)
    y = torch.arange(20) % 3
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LargerThanDenseWarning)
        network = Network(tuple(shape), layers)
    return Solver(sweeps=2, dtype=dtype).fit(network, x, y)


def rows(name: str, n: int, seed: int = 0) -> Tensor:
    """Random inputs of the network called ``name``."""
    generator = torch.Generator().manual_seed(seed)
    shape, _ = NETWORKS[name]
    return torch.randn(n, *shape, generator=generator, dtype=torch.float64)


def largest(a: Tensor, b: Tensor) -> float:
    """Largest difference."""
    assert a.shape == b.shape
    return float((a.double() - b.double()).detach().abs().max())
