"""The module that takes the place of a layer."""

from __future__ import annotations

from torch import nn

from nnbcd._typing import Float, Tensor
from nnbcd.deploy.layers import ConvShape, conv_layer, linear_layer
from nnbcd.pretrained.rows import Layer, margins, pair
from nnbcd.structures import Structure, StructuredMatrix
from nnbcd.tensor_train import TTCores

__all__ = ["replacement"]

_PADS = {
    "zeros": nn.ZeroPad2d,
    "reflect": nn.ReflectionPad2d,
    "replicate": nn.ReplicationPad2d,
    "circular": nn.CircularPad2d,
}


def replacement(
    layer: Layer,
    member: StructuredMatrix,
    bias: Float[Tensor, " q"] | None,
    structure: Structure,
) -> nn.Module:
    """A module with this weight in the place of ``layer``.

    Number type, device, mode and whether gradients are wanted are those of
    the layer.

    Parameters
    ----------
    layer : torch.nn.Linear or torch.nn.Conv2d
    member : StructuredMatrix
        The new weight as a matrix, shape (q, p).
    bias : Tensor or None
        Shape (q,).
    structure : Structure
        That the member belongs to.
    """
    like = layer.weight
    cores = member.cores
    if cores is not None:
        cores = TTCores(tuple(core.to(like) for core in cores.cores))
    member = StructuredMatrix(member.dense.to(like), cores, member.mask)
    bias = None if bias is None else bias.to(like)
    if isinstance(layer, nn.Linear):
        new = linear_layer(member, bias, structure)
    else:
        new = _convolution(layer, member, bias, structure)
    new.requires_grad_(like.requires_grad)
    return new.train(layer.training)


def _convolution(
    layer: nn.Conv2d,
    member: StructuredMatrix,
    bias: Tensor | None,
    structure: Structure,
) -> nn.Module:
    left, right, top, bottom = margins(layer)
    plain = layer.padding_mode == "zeros" and (left, top) == (right, bottom)
    shape = ConvShape(
        layer.in_channels,
        pair(layer.kernel_size),
        pair(layer.stride),
        (top, left) if plain else (0, 0),
        pair(layer.dilation),
    )
    new = conv_layer(member, bias, structure, shape)
    if plain:
        return new
    pad = _PADS[layer.padding_mode]((left, right, top, bottom))
    return nn.Sequential(pad, new)
