"""A network as an ordinary torch module that stores what a structure stores.

Gradient training of a compressed network works on the stored numbers: the
cores of a train, the two factors of a low-rank matrix, the kept entries of a
sparse one.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import nn
from torch.nn import functional

from nnbcd._typing import Bool, Float, Tensor
from nnbcd.affine import AffineMap, DenseMap
from nnbcd.deploy.lean import Part
from nnbcd.deploy.model import CompressedNetwork, assemble
from nnbcd.network import Network
from nnbcd.structures import (
    LowRank,
    Sparse,
    Structure,
    StructuredMatrix,
    TensorTrain,
)
from nnbcd.tensor_train import TTCores, feasible_ranks

__all__ = ["FactorisedNetwork", "Weight"]


class Weight(nn.Module):
    """One weight (d_out, d_in), stored as its structure stores it.

    The start has the variance 2 / fan-in of He et al. (2015): a train or a
    product of factors gets normal entries of the scale that makes it so, a
    sparse weight counts the kept entries of a row as its fan-in.

    Parameters
    ----------
    structure : Structure
        Free, Sparse, LowRank or TensorTrain.
    shape : (int, int)
        (d_out, d_in).
    generator : torch.Generator
        Source of the start, and of the support of a sparse weight.
    pruned : bool
        Whether a sparse weight starts on a random support of the final
        size; if not, on all entries.
    """

    mask: Tensor | None

    def __init__(
        self,
        structure: Structure,
        shape: tuple[int, int],
        generator: torch.Generator,
        *,
        pruned: bool = True,
    ) -> None:
        super().__init__()
        self.structure, self.shape = structure, shape
        variance = 2.0 / shape[1]
        shapes: Sequence[tuple[int, ...]] = [shape]
        if isinstance(structure, LowRank):
            rank = min(structure.rank, *shape)
            shapes = [(shape[0], rank), (rank, shape[1])]
            variance = (variance / rank) ** 0.5
        elif isinstance(structure, TensorTrain):
            modes = structure.tensor_shape(shape)
            ranks = (1, *feasible_ranks(modes, structure.rank), 1)
            shapes = list(zip(ranks, modes, ranks[1:], strict=False))
            variance = (variance / prod(ranks)) ** (1 / len(modes))
        mask = None
        if isinstance(structure, Sparse):
            kept = structure.count(shape) if pruned else prod(shape)
            mask = _random_support(kept, shape, generator)
            variance *= prod(shape) / kept
        self.register_buffer("mask", mask)
        self.factors = nn.ParameterList(
            variance**0.5 * torch.randn(size, generator=generator)
            for size in shapes
        )

    def keep(self, mask: Bool[Tensor, "d_out d_in"]) -> None:
        """Replace the support of a sparse weight, shape (d_out, d_in)."""
        self.mask = mask

    @property
    def stored(self) -> int:
        """Numbers stored: kept entries, factors or cores."""
        if self.mask is not None:
            return int(self.mask.sum())
        return sum(factor.numel() for factor in self.factors)

    def dense(self) -> Float[Tensor, "d_out d_in"]:
        """The matrix that is multiplied with, shape (d_out, d_in)."""
        factors: list[Tensor] = list(self.factors)
        if self.mask is not None:
            return factors[0] * self.mask
        if isinstance(self.structure, LowRank):
            return factors[0].matmul(factors[1])
        if isinstance(self.structure, TensorTrain):
            full = TTCores(tuple(factors)).to_dense()
            return self.structure.to_matrix(full, self.shape)
        return factors[0]

    def member(self) -> StructuredMatrix:
        """The matrix with what it stores, as the solver's weights have it."""
        factors, cores = [f.detach() for f in self.factors], None
        if isinstance(self.structure, LowRank):
            left, right = factors
            cores = TTCores((left[None], right[:, :, None]))
        elif isinstance(self.structure, TensorTrain):
            cores = TTCores(tuple(factors))
        return StructuredMatrix(self.dense().detach(), cores, self.mask)

    def multiply(
        self,
        linear: AffineMap,
        x: Float[Tensor, "n d_in"],
        b: Float[Tensor, " q"] | None,
    ) -> Float[Tensor, "n d_out"]:
        """The layer's affine image, factor by factor where that is cheaper.

        Parameters
        ----------
        linear : AffineMap
            Matrix product or convolution.
        x : Tensor
            Shape (n, d_in).
        b : Tensor or None
            Shape (d_out,), or (channels,) of a convolution.
        """
        if isinstance(self.structure, LowRank) and isinstance(
            linear, DenseMap
        ):
            left, right = self.factors
            return functional.linear(functional.linear(x, right), left, b)
        return linear.forward(x, self.dense(), b)


class FactorisedNetwork(nn.Module):
    """The chain of layers of ``network`` with :class:`Weight` in each.

    Parameters
    ----------
    network : Network
        L layers; the outputs are logits.
    seed : int
        Of the start and of the supports.
    pruned : bool
        See :class:`Weight`.
    """

    def __init__(
        self, network: Network, seed: int = 0, *, pruned: bool = True
    ) -> None:
        super().__init__()
        self.network = network
        generator = torch.Generator().manual_seed(seed)
        self.weights = nn.ModuleList(
            Weight(structure, linear.weight_shape, generator, pruned=pruned)
            for structure, linear in zip(
                network.structures, network.maps, strict=True
            )
        )
        self.biases = nn.ParameterList(
            torch.zeros(linear.weight_shape[0] if layer.bias else 0)
            for layer, linear in zip(
                network.layers, network.maps, strict=True
            )
        )

    def forward(self, x: Float[Tensor, "n d0"]) -> Float[Tensor, "n k"]:
        """Logits (N, K) for flattened rows (N, d_0)."""
        for weight, b, linear, sigma in zip(
            self.weights,
            self.biases,
            self.network.maps,
            self.network.activations,
            strict=True,
        ):
            assert isinstance(weight, Weight)
            bias = b if b.numel() else None
            x = sigma(weight.multiply(linear, x, bias))
        return x

    def dense(self) -> tuple[Tensor, ...]:
        """What each layer multiplies with, shapes (d_out, d_in)."""
        out = []
        for weight in self.weights:
            assert isinstance(weight, Weight)
            out.append(weight.dense())
        return tuple(out)

    def to_module(self, classes: Tensor | None = None) -> CompressedNetwork:
        """A plain module that computes and stores the same.

        Parameters
        ----------
        classes : Tensor, optional
            Labels behind the outputs, shape (K,).
        """
        parts = []
        for weight, b, linear, sigma in zip(
            self.weights,
            self.biases,
            self.network.maps,
            self.network.activations,
            strict=True,
        ):
            assert isinstance(weight, Weight)
            bias = b.detach() if b.numel() else None
            member = weight.member()
            parts.append(Part(linear, weight.structure, member, bias, sigma))
        return assemble(parts, self.network.input_shape, classes)

    @property
    def stored(self) -> int:
        """Numbers stored now, biases included."""
        total = 0
        for b in self.biases:
            total += int(b.numel())
        for weight in self.weights:
            assert isinstance(weight, Weight)
            total += weight.stored
        return total


def _random_support(
    kept: int, shape: tuple[int, int], generator: torch.Generator
) -> Bool[Tensor, "d_out d_in"]:
    mask = torch.zeros(prod(shape), dtype=torch.bool)
    mask[torch.randperm(len(mask), generator=generator)[:kept]] = True
    return mask.reshape(shape)
