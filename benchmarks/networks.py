"""The networks that the benchmarks train."""

from __future__ import annotations

from collections.abc import Sequence

from nnbcd import Conv2d, Dense, Free, LowRank, Network, TensorTrain
from nnbcd.structures import Structure

__all__ = ["cnn", "digits", "har", "har_low_rank", "har_trains", "lenet"]

HAR_WIDTHS = (1024, 1024, 1024, 512)
# The paper's mode shapes of W1 to W4, as its released code has them.
HAR_MODES = (
    (6, 22, 34, 2, 2, 2, 2, 2, 2, 2),
    (4,) * 10,
    (4,) * 10,
    (4,) * 9 + (2,),
)
CNN_MODES = ((26, 26, 4, 4, 4, 4, 4, 2, 2, 2), (4,) * 10)


def digits(structure: Structure, *, bias: bool = True) -> Network:
    """64-256-256-10, both hidden layers of one structure."""
    return _dense(64, (256, 256), [structure] * 2, 10, bias=bias)


def lenet(structure: Structure) -> Network:
    """LeNet-300-100 on 784 pixels, both hidden layers of one structure."""
    return _dense(784, (300, 100), [structure] * 2, 10)


def har(structures: Sequence[Structure], *, bias: bool = True) -> Network:
    """561-1024-1024-1024-512-6, one structure a hidden layer."""
    return _dense(561, HAR_WIDTHS, structures, 6, bias=bias)


def har_low_rank(rank: int) -> Network:
    """The HAR network with W2, W3 and W4 of low rank and W1 free."""
    return har([Free(), *[LowRank(rank)] * 3])


def har_trains(rank: int, *, bias: bool = True) -> Network:
    """The HAR network with the paper's trains in W1 to W4."""
    trains = [TensorTrain(rank, modes=modes) for modes in HAR_MODES]
    return har(trains, bias=bias)


def cnn(rank: int, *, bias: bool = True) -> Network:
    """The paper's network for images: conv 32, 5408-1024-1024-10."""
    first, second = (TensorTrain(rank, modes=modes) for modes in CNN_MODES)
    return Network(
        (1, 28, 28),
        [
            Conv2d(32, kernel_size=3, stride=2, bias=bias),
            Dense(1024, structure=first, bias=bias),
            Dense(1024, structure=second, bias=bias),
            Dense(10, bias=bias),
        ],
    )


def _dense(
    inputs: int,
    widths: Sequence[int],
    structures: Sequence[Structure],
    classes: int,
    *,
    bias: bool = True,
) -> Network:
    hidden = [
        Dense(width, structure=structure, bias=bias)
        for width, structure in zip(widths, structures, strict=True)
    ]
    return Network((inputs,), [*hidden, Dense(classes, bias=bias)])
