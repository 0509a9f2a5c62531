"""The networks that the benchmarks train."""

from __future__ import annotations

from nnbcd import Free, LowRank, Network
from nnbcd.experiments.networks import chain, cnn, har, har_trains
from nnbcd.structures import Structure

__all__ = [
    "cnn",
    "deep",
    "digits",
    "har",
    "har_low_rank",
    "har_trains",
    "lenet",
]


def digits(structure: Structure, *, bias: bool = True) -> Network:
    """64-256-256-10, both hidden layers of one structure."""
    return chain(64, (256, 256), [structure] * 2, 10, bias=bias)


def deep() -> Network:
    """64-16-...-16-10, ten hidden layers of width 16, nothing compressed."""
    return chain(64, (16,) * 10, [Free()] * 10, 10)


def lenet(structure: Structure) -> Network:
    """LeNet-300-100 on 784 pixels, both hidden layers of one structure."""
    return chain(784, (300, 100), [structure] * 2, 10)


def har_low_rank(rank: int) -> Network:
    """The HAR network with W2, W3 and W4 of low rank and W1 free."""
    return har([Free(), *[LowRank(rank)] * 3])
