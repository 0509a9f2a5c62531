"""Descriptions of a network: frozen, hashable, checked at construction."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod

from nnbcd.activations import Identity, PiecewiseLinear, ReLU
from nnbcd.affine import AffineMap, ConvMap, DenseMap, output_size
from nnbcd.structures import Free, Structure

__all__ = ["Conv2d", "Dense", "LargerThanDenseWarning", "Network"]


class LargerThanDenseWarning(UserWarning):
    """A structure stores more numbers than the dense weight would."""


@dataclass(frozen=True)
class Dense:
    """A fully connected layer, U = V W^T + 1 b^T.

    Parameters
    ----------
    out_features : int
        Width d_i of the layer.
    activation : PiecewiseLinear, optional
        sigma_i. Default: ReLU, and the identity in the last layer.
    structure : Structure
        The set the weight (d_i, d_{i-1}) is pulled to. Default: Free.
    bias : bool
        Whether the layer has a bias b (d_i,).

    Raises
    ------
    ValueError
        If out_features is below 1.
    """

    out_features: int
    activation: PiecewiseLinear | None = None
    structure: Structure = field(default_factory=Free)
    bias: bool = True

    def __post_init__(self) -> None:
        _check_positive("out_features", self.out_features)

    def resolve(self, in_shape: tuple[int, ...]) -> AffineMap:
        """The linear map on inputs of ``in_shape`` (flattened)."""
        return DenseMap(prod(in_shape), self.out_features)

    def output_shape(self, in_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of one sample after the layer."""
        return (self.out_features,)


@dataclass(frozen=True)
class Conv2d:
    """A two-dimensional convolution on inputs (channels, height, width).

    Parameters
    ----------
    out_channels : int
        Number of filters.
    kernel_size, stride, padding : int or (int, int)
        As in ``torch.nn.Conv2d``.
    activation, structure, bias
        As in :class:`Dense`; the weight is the matrix
        (c_out, c_in * kh * kw), the bias has one entry per channel.

    Raises
    ------
    ValueError
        If a size is not positive (padding: negative).
    """

    out_channels: int
    kernel_size: int | tuple[int, int] = 3
    stride: int | tuple[int, int] = 1
    padding: int | tuple[int, int] = 0
    activation: PiecewiseLinear | None = None
    structure: Structure = field(default_factory=Free)
    bias: bool = True

    def __post_init__(self) -> None:
        _check_positive("out_channels", self.out_channels)
        for name in ("kernel_size", "stride"):
            for value in _pair(getattr(self, name)):
                _check_positive(name, value)
        if min(_pair(self.padding)) < 0:
            msg = f"padding must not be negative, got {self.padding}."
            raise ValueError(msg)

    def output_shape(self, in_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape (channels, height, width) of one sample after the layer."""
        if len(in_shape) != 3:
            msg = (
                "Conv2d needs an input of shape (channels, height, width), "
                f"got {in_shape}: set input_shape to three numbers."
            )
            raise ValueError(msg)
        size = tuple(
            output_size(n, k, s, p)
            for n, k, s, p in zip(
                in_shape[1:],
                _pair(self.kernel_size),
                _pair(self.stride),
                _pair(self.padding),
                strict=True,
            )
        )
        if min(size) < 1:
            msg = (
                f"kernel_size {self.kernel_size} is larger than the padded "
                f"input {in_shape[1:]}."
            )
            raise ValueError(msg)
        return (self.out_channels, *size)

    def resolve(self, in_shape: tuple[int, ...]) -> AffineMap:
        """The linear map on flattened images of ``in_shape``."""
        channels, height, width = in_shape
        out = self.output_shape(in_shape)
        return ConvMap(
            (channels, height, width),
            (out[0], out[1], out[2]),
            _pair(self.kernel_size),
            _pair(self.stride),
            _pair(self.padding),
        )


Layer = Dense | Conv2d


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
        shape = (
            (input_shape,) if isinstance(input_shape, int) else input_shape
        )
        object.__setattr__(self, "input_shape", tuple(shape))
        object.__setattr__(self, "layers", tuple(layers))
        for size in self.input_shape:
            _check_positive("input_shape", size)
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


def _check_positive(name: str, value: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        msg = f"{name} must be a positive integer, got {value!r}."
        raise ValueError(msg)


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value
