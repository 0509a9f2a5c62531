"""Description of a network: frozen, hashable, checked at construction."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

from nnbcd.activations import Identity, ReLU
from nnbcd.affine import AffineMap
from nnbcd.budget import share_budget
from nnbcd.checks import counts
from nnbcd.layers import Conv2d, Dense, Layer, freeze
from nnbcd.piecewise import PiecewiseLinear
from nnbcd.structures import Structure

__all__ = ["Conv2d", "Dense", "LargerThanDenseWarning", "Network"]


class LargerThanDenseWarning(UserWarning):
    """A structure stores more numbers than the dense weight would."""


@dataclass(frozen=True)
class Network:
    """A chain of layers; the last one has the identity activation.

    Parameters
    ----------
    input_shape : int or sequence of int
        Shape of one sample: (features,) or (channels, height, width).
    layers : sequence of Dense or Conv2d
        From the input to the output.

    Raises
    ------
    ValueError
        If shapes do not fit together, a structure cannot hold a weight, or
        the last activation is not the identity. The message names the layer.

    Examples
    --------
    >>> from nnbcd import Dense, Network, Sparse
    >>> net = Network((64,), [Dense(256, structure=Sparse(0.9)), Dense(10)])
    >>> net.parameters, net.dense_parameters
    (4464, 19210)
    """

    input_shape: tuple[int, ...]
    layers: tuple[Layer, ...]

    def __init__(
        self, input_shape: int | Sequence[int], layers: Sequence[Layer]
    ) -> None:
        sizes = (
            input_shape
            if isinstance(input_shape, Sequence)
            else [input_shape]
        )
        freeze(self, "input_shape", counts("input_shape", sizes))
        if not self.input_shape:
            msg = "input_shape is empty: give (features,) for flat rows."
            raise ValueError(msg)
        if not isinstance(layers, Sequence) or not all(
            isinstance(layer, Layer) for layer in layers
        ):
            msg = (
                f"layers must be a list of Dense and Conv2d, got {layers!r}."
            )
            raise TypeError(msg)
        freeze(self, "layers", tuple(layers))
        if not self.layers:
            msg = "layers is empty: a network has at least one layer."
            raise ValueError(msg)
        if not isinstance(self.activations[-1], Identity):
            msg = (
                "the last layer must have the identity activation: leave "
                "its activation out."
            )
            raise ValueError(msg)
        for i, (layer, linear) in enumerate(
            zip(self.layers, self.maps, strict=True)
        ):
            try:
                layer.structure.validate(linear.weight_shape)
            except ValueError as error:
                msg = f"layer {i + 1}: {error}"
                raise ValueError(msg) from None
            _warn_if_larger(i, layer.structure, linear.weight_shape)

    @cached_property
    def maps(self) -> tuple[AffineMap, ...]:
        """The linear map of each layer, sizes resolved."""
        maps, shape = [], self.input_shape
        for i, layer in enumerate(self.layers):
            try:
                following = layer.output_shape(shape)
            except ValueError as error:
                msg = f"layer {i + 1}: {error}"
                raise ValueError(msg) from None
            maps.append(layer.resolve(shape))
            shape = following
        return tuple(maps)

    @property
    def activations(self) -> tuple[PiecewiseLinear, ...]:
        """sigma_1, ..., sigma_L with the defaults filled in."""
        last = len(self.layers) - 1
        return tuple(
            layer.activation or (Identity() if i == last else ReLU())
            for i, layer in enumerate(self.layers)
        )

    @property
    def structures(self) -> tuple[Structure, ...]:
        """The structure of each layer."""
        return tuple(layer.structure for layer in self.layers)

    @property
    def parameters(self) -> int:
        """Numbers stored by the compressed network, biases included."""
        return self._count(compressed=True)

    @property
    def dense_parameters(self) -> int:
        """Numbers stored by the same network without compression."""
        return self._count(compressed=False)

    def at_ratio(self, ratio: float) -> Network:
        """The same network with its structures sized to a common budget.

        The whole network, free layers and biases counted, stores at most
        ``ratio`` of its dense numbers, and as many of them as one common
        share for all structured layers allows. What the structures say
        about their size now (rank, sparsity) is replaced.

        Parameters
        ----------
        ratio : float
            Stored over dense numbers, in (0, 1].

        Raises
        ------
        ValueError
            If ratio is outside (0, 1], or what cannot be compressed
            exceeds it; the message says by how much.

        Examples
        --------
        >>> from nnbcd import Dense, Network, Sparse
        >>> layers = [Dense(256, structure=Sparse(0.5)), Dense(10)]
        >>> net = Network(64, layers).at_ratio(0.2)
        >>> net.parameters, net.dense_parameters, net.layers[0].structure
        (3842, 19210, Sparse(sparsity=0.93...))
        """
        shapes = [linear.weight_shape for linear in self.maps]
        biases = sum(
            shape[0]
            for shape, layer in zip(shapes, self.layers, strict=True)
            if layer.bias
        )
        return self.with_structures(
            share_budget(self.structures, shapes, biases, ratio)
        )

    def with_structures(self, structures: Sequence[Structure]) -> Network:
        """The same network with other structures, one a layer."""
        layers = [
            replace(layer, structure=structure)
            for layer, structure in zip(self.layers, structures, strict=True)
        ]
        return Network(self.input_shape, layers)

    def _count(self, *, compressed: bool) -> int:
        total = 0
        for layer, linear in zip(self.layers, self.maps, strict=True):
            shape = linear.weight_shape
            weights = (
                layer.structure.count(shape) if compressed else prod(shape)
            )
            total += weights + (shape[0] if layer.bias else 0)
        return total


def _warn_if_larger(
    i: int, structure: Structure, shape: tuple[int, int]
) -> None:
    stored, dense = structure.count(shape), prod(shape)
    if stored > dense:
        msg = (
            f"layer {i + 1}: the structure stores {stored} numbers, the "
            f"dense weight only {dense}: lower the rank or change the modes."
        )
        warnings.warn(msg, LargerThanDenseWarning, stacklevel=4)
