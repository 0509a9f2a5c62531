"""From a weight in its structure to the layer that multiplies with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import nn

from nnbcd._typing import Tensor
from nnbcd.checks import choice
from nnbcd.deploy.patch_conv import PatchConv2d
from nnbcd.deploy.sparse_linear import FORMATS, sparse_linear
from nnbcd.deploy.tt_linear import PRODUCTS, TTLinear
from nnbcd.structures import LowRank, Structure, StructuredMatrix, TensorTrain

__all__ = ["Choices", "ConvShape", "conv_layer", "linear_layer"]

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)


@dataclass(frozen=True)
class Choices:
    """How compressed weights multiply, where there is a choice.

    Parameters
    ----------
    sparse : str
        ``csr``, ``masked`` or ``auto``, see
        :func:`nnbcd.deploy.sparse_linear`. In a convolution ``auto`` is
        ``masked``: cutting out the patches costs more than zeros save.
    train : str
        ``contract``, ``factors``, ``rebuild`` or ``auto``, see
        :class:`nnbcd.deploy.TTLinear`. A train whose modes do not allow
        the way asked for takes ``auto``.

    Raises
    ------
    ValueError
        If a name is unknown.
    """

    sparse: str = "auto"
    train: str = "auto"

    def __post_init__(self) -> None:
        choice("sparse", self.sparse, FORMATS)
        choice("train", self.train, PRODUCTS)


@dataclass(frozen=True)
class ConvShape:
    """What a convolution is, beside its weight: as in torch.nn.Conv2d."""

    in_channels: int
    kernel_size: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int] = (0, 0)
    dilation: tuple[int, int] = (1, 1)


def linear_layer(
    member: StructuredMatrix,
    bias: Tensor | None,
    structure: Structure,
    choices: Choices | None = None,
) -> nn.Module:
    """The linear layer with this weight: its numbers are copied.

    Parameters
    ----------
    member : StructuredMatrix
        Weight of shape (d_out, d_in), with what its structure stores.
    bias : Tensor or None
        Shape (d_out,).
    structure : Structure
        That the member belongs to.
    choices : Choices, optional
        How to multiply.

    Returns
    -------
    torch.nn.Module
        Linear where free; two Linears where of low rank; TTLinear;
        SparseLinear or MaskedLinear.
    """
    choices = choices or Choices()
    if member.cores is not None and isinstance(structure, LowRank):
        left, right = factors(member)
        return nn.Sequential(_linear(right, None), _linear(left, bias))
    if member.cores is not None and isinstance(structure, TensorTrain):
        layer = TTLinear(
            member.cores,
            bias,
            out_features=member.dense.shape[0],
            pairs=structure.pairs,
        )
        if choices.train in layer.costs:  # else modes do not allow it
            layer.product = choices.train
        return layer
    if member.mask is not None:
        return sparse_linear(
            member.dense, bias, mask=member.mask, format=choices.sparse
        )
    return _linear(member.dense, bias)


def conv_layer(
    member: StructuredMatrix,
    bias: Tensor | None,
    structure: Structure,
    shape: ConvShape,
    choices: Choices | None = None,
) -> nn.Module:
    """The convolution with this weight: its numbers are copied.

    Parameters
    ----------
    member : StructuredMatrix
        Weight as a matrix, shape (c_out, c_in * kh * kw).
    bias : Tensor or None
        Shape (c_out,).
    structure : Structure
        That the member belongs to.
    shape : ConvShape
        Kernel, stride and the rest.
    choices : Choices, optional
        How to multiply.

    Returns
    -------
    torch.nn.Module
        Conv2d where free; where of low rank a Conv2d to r channels and a
        Conv2d of 1 x 1; PatchConv2d otherwise.
    """
    choices = choices or Choices()
    if member.cores is not None and isinstance(structure, LowRank):
        left, right = factors(member)
        return nn.Sequential(
            _conv(right, None, shape),
            _conv(left, bias, ConvShape(left.shape[1], (1, 1))),
        )
    if member.cores is None and member.mask is None:
        return _conv(member.dense, bias, shape)
    if choices.sparse == "auto":
        choices = Choices("masked", choices.train)
    linear = linear_layer(member, bias, structure, choices)
    return PatchConv2d(
        linear,  # type: ignore[arg-type]  # free and low rank are done
        shape.in_channels,
        shape.kernel_size,
        stride=shape.stride,
        padding=shape.padding,
        dilation=shape.dilation,
    )


def factors(member: StructuredMatrix) -> tuple[Tensor, Tensor]:
    """A (d_out, r) and B (r, d_in) of a weight A B of low rank.

    Parameters
    ----------
    member : StructuredMatrix
        With two cores; the weight has shape (d_out, d_in).
    """
    assert member.cores is not None
    first, last = member.cores.cores
    return first[0], last[:, :, 0]


def _linear(weight: Tensor, bias: Tensor | None) -> nn.Linear:
    rows, columns = weight.shape
    layer = nn.Linear(columns, rows, bias is not None, device="meta")
    return _filled(layer, weight, bias)


def _conv(weight: Tensor, bias: Tensor | None, shape: ConvShape) -> nn.Conv2d:
    layer = nn.Conv2d(
        shape.in_channels,
        weight.shape[0],
        shape.kernel_size,
        shape.stride,
        shape.padding,
        shape.dilation,
        bias=bias is not None,
        device="meta",
    )
    kernel = (weight.shape[0], shape.in_channels, *shape.kernel_size)
    return _filled(layer, weight.reshape(kernel), bias)


def _filled(layer: Layer, weight: Tensor, bias: Tensor | None) -> Layer:
    # A copy of its own, in row-major order.
    dense = weight.detach().clone(memory_format=torch.contiguous_format)
    layer.weight = nn.Parameter(dense)
    if bias is not None:
        layer.bias = nn.Parameter(bias.detach().clone())
    return layer
