"""The networks of the paper's experiments, and two of our own."""

from __future__ import annotations

from collections.abc import Sequence

from nnbcd.network import Conv2d, Dense, Network
from nnbcd.structures import Free, Structure, TensorTrain

__all__ = ["HAR_MODES", "chain", "cnn", "dense", "har", "har_trains"]

HAR_WIDTHS = (1024, 1024, 1024, 512, 512)
# The mode shapes of W1 to W5, as the authors' code has them.
HAR_MODES = (
    (6, 22, 34, 2, 2, 2, 2, 2, 2, 2),
    (4,) * 10,
    (4,) * 10,
    (4,) * 9 + (2,),
    (4,) * 9,
)
CNN_MODES = ((26, 26, 4, 4, 4, 4, 4, 2, 2, 2), (4,) * 10)


def chain(
    inputs: int,
    widths: Sequence[int],
    structures: Sequence[Structure],
    classes: int,
    *,
    bias: bool = True,
) -> Network:
    """Fully connected, one structure a hidden layer, the last layer free."""
    hidden = [
        Dense(width, structure=structure, bias=bias)
        for width, structure in zip(widths, structures, strict=True)
    ]
    return Network((inputs,), [*hidden, Dense(classes, bias=bias)])


def har(structures: Sequence[Structure], *, bias: bool = True) -> Network:
    """561-1024-1024-1024-512(-512)-6, one structure a hidden layer."""
    widths = HAR_WIDTHS[: len(structures)]
    return chain(561, widths, structures, 6, bias=bias)


def har_trains(rank: int, hidden: int = 4, *, bias: bool = True) -> Network:
    """The HAR network with the paper's trains in every hidden layer."""
    trains = [TensorTrain(rank, modes=m) for m in HAR_MODES[:hidden]]
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


def dense(network: Network) -> Network:
    """The same network without compression."""
    return network.with_structures([Free()] * len(network.layers))
