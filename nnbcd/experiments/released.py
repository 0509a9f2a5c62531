"""The authors' own start: their images, their normals, their first G.

Li et al., arXiv:2303.06815, as the code that they released has it. With it
a run follows their GPU log on a CPU, digit by digit.

* Images: a shuffle of all numbers with ``numpy.random.seed(10)``, the
  training images first; the first 6,000 and 999 are used.
* Weights: drawn on a P100 with seed 10, from the first layer to the last.
* The filters are held transposed, and the columns of the layer after the
  convolution run position by position, the channel fastest.
* The first G is a tensor train of rank 700 (images) or 400 (activities).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nnbcd._typing import Tensor
from nnbcd.affine import ConvMap
from nnbcd.datasets import Dataset
from nnbcd.experiments.philox import P100_BLOCKS, CudaStream
from nnbcd.experiments.starts import Source, Start
from nnbcd.network import Network
from nnbcd.problem import Problem
from nnbcd.state import State
from nnbcd.structures import TensorTrain

__all__ = ["SEED", "ChannelsLast", "Released", "channels_last", "images"]

SEED = 10
ROWS, TEST_ROWS = 6000, 999


def images(whole: Dataset) -> Dataset:
    """The authors' tenth of MNIST.

    Parameters
    ----------
    whole : Dataset
        All images in the order of the files.
    """
    random = np.random.RandomState(SEED)
    train = list(range(len(whole.x_train)))
    test = list(range(len(whole.x_test)))
    random.shuffle(train)
    random.shuffle(test)
    train, test = train[:ROWS], test[:TEST_ROWS]
    return replace(
        whole,
        x_train=whole.x_train[train],
        y_train=whole.y_train[train],
        x_test=whole.x_test[test],
        y_test=whole.y_test[test],
    )


@dataclass(frozen=True)
class ChannelsLast(TensorTrain):
    """Trains of a matrix whose columns run position by position.

    The package flattens the output of a convolution channel by channel.
    Here the columns are put in the other order before the matrix is seen as
    a tensor, and back afterwards.

    Parameters
    ----------
    channels : int
        Of the layer below; it divides the number of columns.
    """

    channels: int = 1

    def to_tensor(self, w: Tensor) -> Tensor:
        """The matrix (d_out, d_in) as a tensor, the channel fastest."""
        turned = w.reshape(len(w), self.channels, -1).mT
        return super().to_tensor(turned.reshape(w.shape))

    def to_matrix(self, tensor: Tensor, shape: tuple[int, int]) -> Tensor:
        """Inverse of :meth:`to_tensor`, shape (d_out, d_in)."""
        w = super().to_matrix(tensor, shape)
        turned = w.reshape(len(w), -1, self.channels).mT
        return turned.reshape(shape)


def channels_last(network: Network) -> Network:
    """The network with the authors' order of columns after a convolution.

    Parameters
    ----------
    network : Network
        Without a convolution it stays as it is.
    """
    structures = list(network.structures)
    for i, linear in enumerate(network.maps[:-1]):
        above = structures[i + 1]
        if isinstance(linear, ConvMap) and isinstance(above, TensorTrain):
            structures[i + 1] = ChannelsLast(
                above.rank, above.modes, channels=linear.out_shape[0]
            )
    return network.with_structures(structures)


@dataclass(frozen=True)
class Released(Start):
    """The authors' start; :class:`Start` with the numbers of their GPU.

    Parameters
    ----------
    rank : int
        Of the first G.
    blocks : int
        As in :class:`nnbcd.experiments.philox.CudaStream`.
    """

    rank: int = 400
    blocks: int = P100_BLOCKS

    def source(self, seed: int) -> Source:
        """What their GPU draws."""
        return CudaStream(seed, self.blocks)

    def __call__(self, problem: Problem, seed: int) -> State:
        """The state before their first sweep, G of a larger rank."""
        state = super().__call__(problem, seed)
        copies = [
            None
            if g is None or not isinstance(structure, TensorTrain)
            else replace(structure, rank=self.rank).project(w)
            for structure, w, g in zip(
                problem.network.structures, state.w, state.g, strict=True
            )
        ]
        return replace(state, g=tuple(copies))

    def weights(self, problem: Problem, seed: int) -> list[Tensor]:
        """W_1 to W_L in the package's layout, each (d_out, d_in)."""
        source, weights = self.source(seed), []
        below = None
        for i, linear in enumerate(problem.maps):
            rows, columns = linear.weight_shape
            if isinstance(
                linear, ConvMap
            ):  # they hold the filters as columns
                w = self.draw(i, (columns, rows), source).T
            else:
                w = self.draw(i, (rows, columns), source)
            if isinstance(below, ConvMap):
                channels = below.out_shape[0]
                w = w.reshape(rows, -1, channels).mT.reshape(rows, columns)
            weights.append(w.contiguous())
            below = linear
        return weights
