"""A network as a chain of single matrices, and its weights as factors.

A layer of low rank is two links with the identity between them, so its
matrix is never formed. Every other layer is one link.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from nnbcd._typing import Bool, Float, Tensor
from nnbcd.affine import AffineMap, ConvMap, DenseMap
from nnbcd.network import Network
from nnbcd.piecewise import PiecewiseLinear
from nnbcd.row_pass import Weights
from nnbcd.structures import LowRank, Structure, StructuredMatrix
from nnbcd.tensor_train import TTCores

__all__ = ["Factor", "Link", "factors_of", "links_of", "weights_of"]


@dataclass(frozen=True)
class Link:
    """One matrix of the chain.

    Parameters
    ----------
    linear : AffineMap
        What the matrix does to a row.
    bias : bool
        Whether a bias is added.
    sigma : PiecewiseLinear or None
        Activation after it; None inside a layer: the identity.
    structure : Structure or None
        Set of the matrix; None for a factor, which is free.
    """

    linear: AffineMap
    bias: bool
    sigma: PiecewiseLinear | None
    structure: Structure | None


@dataclass(frozen=True, eq=False)
class Factor:
    """Weights of a link.

    Parameters
    ----------
    w : Tensor
        Shape (q, p).
    b : Tensor or None
        Shape (q,).
    mask : Tensor or None
        Kept entries of a sparse matrix, shape (q, p).
    cores : TTCores or None
        Of a train.
    """

    w: Float[Tensor, "q p"]
    b: Float[Tensor, " q"] | None
    mask: Bool[Tensor, "q p"] | None = None
    cores: TTCores | None = None


def links_of(network: Network) -> list[Link]:
    """The chain of a network, from the input to the output."""
    out = []
    for layer, linear, sigma in zip(
        network.layers, network.maps, network.activations, strict=True
    ):
        structure = layer.structure
        if isinstance(structure, LowRank):
            rank = min(structure.rank, *linear.weight_shape)
            inner, outer = _split(linear, rank)
            out.append(Link(inner, bias=False, sigma=None, structure=None))
            out.append(Link(outer, layer.bias, sigma, None))
        else:
            out.append(Link(linear, layer.bias, sigma, structure))
    return out


def _split(linear: AffineMap, rank: int) -> tuple[AffineMap, AffineMap]:
    """To ``rank`` features (or channels) a position, and from there."""
    if isinstance(linear, DenseMap):
        return DenseMap(linear.d_in, rank), DenseMap(rank, linear.d_out)
    between = (rank, *linear.out_shape[1:])
    outer = ConvMap(between, linear.out_shape, (1, 1), (1, 1), (0, 0))
    return replace(linear, out_shape=between), outer


def factors_of(
    network: Network,
    members: Sequence[StructuredMatrix],
    biases: Sequence[Tensor | None],
) -> list[Factor]:
    """The weights of each link, given those of each layer.

    Parameters
    ----------
    network : Network
    members, biases : sequence
        W_i of shape (d_out, d_in) and b_i of shape (d_out,) or None.
    """
    out = []
    for structure, member, b in zip(
        network.structures, members, biases, strict=True
    ):
        if isinstance(structure, LowRank):
            assert member.cores is not None
            left, right = member.cores.cores
            out.append(Factor(right[:, :, 0], None))
            out.append(Factor(left[0], b))
        else:
            out.append(Factor(member.dense, b, member.mask, member.cores))
    return out


def weights_of(network: Network, factors: Sequence[Factor]) -> Weights:
    """The weights of each layer: :func:`factors_of` undone."""
    rest, members, biases = list(factors), [], []
    for structure, linear in zip(
        network.structures, network.maps, strict=True
    ):
        factor = rest.pop(0)
        if isinstance(structure, LowRank):
            right, factor = factor, rest.pop(0)
            cores = TTCores((factor.w[None], right.w[:, :, None]))
            members.append(structure.from_cores(cores, linear.weight_shape))
        else:
            members.append(
                StructuredMatrix(factor.w, factor.cores, factor.mask)
            )
        biases.append(factor.b)
    return Weights(tuple(members), tuple(biases))


def joined(link: Link, rows: Float[Tensor, "m p"]) -> Float[Tensor, "m k"]:
    """Regressors [V, 1] where the link has a bias, else V."""
    if not link.bias:
        return rows
    return torch.cat([rows, rows.new_ones(len(rows), 1)], dim=1)
