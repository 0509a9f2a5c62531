"""Descriptions of layers: frozen, hashable, checked at construction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod

from nnbcd.affine import AffineMap, ConvMap, DenseMap, output_size
from nnbcd.checks import count, counts, instance
from nnbcd.piecewise import PiecewiseLinear
from nnbcd.structures import Free, Structure

__all__ = ["Conv2d", "Dense", "Layer", "freeze"]


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
        freeze(self, "out_features", count("out_features", self.out_features))
        _check_layer(self)

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
        freeze(self, "out_channels", count("out_channels", self.out_channels))
        for name, least in (
            ("kernel_size", 1),
            ("stride", 1),
            ("padding", 0),
        ):
            freeze(self, name, _pair(name, getattr(self, name), least))
        _check_layer(self)

    @property
    def pairs(self) -> dict[str, tuple[int, int]]:
        """Kernel size, stride and padding along both axes."""
        return {
            name: _pair(name, getattr(self, name), 0)
            for name in ("kernel_size", "stride", "padding")
        }

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
                self.pairs["kernel_size"],
                self.pairs["stride"],
                self.pairs["padding"],
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
            self.pairs["kernel_size"],
            self.pairs["stride"],
            self.pairs["padding"],
        )


Layer = Dense | Conv2d


def _check_layer(layer: Layer) -> None:
    instance("structure", layer.structure, Structure, "Sparse(0.9)")
    if layer.activation is not None:
        instance("activation", layer.activation, PiecewiseLinear, "ReLU()")


def freeze(target: object, name: str, value: object) -> None:
    """Set a field of a frozen dataclass while it is being made."""
    object.__setattr__(target, name, value)


def _pair(name: str, value: object, least: int) -> tuple[int, int]:
    """One number for both axes, or two."""
    if not isinstance(value, Sequence):
        value = (value, value)
    pair = counts(name, value, least=least)
    if len(pair) != 2:
        msg = f"{name} must be one integer or two, got {value!r}."
        raise ValueError(msg)
    return pair[0], pair[1]
