"""A linear layer whose weight is a tensor train."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from nnbcd._typing import Float, Tensor
from nnbcd.checks import choice
from nnbcd.deploy.tt_plan import (
    by_factors,
    contract,
    contraction_flops,
    costs,
    middle,
    split_modes,
)
from nnbcd.structures import TensorTrain
from nnbcd.tensor_train import TTCores

__all__ = ["PRODUCTS", "TTLinear"]

PRODUCTS = ("auto", "contract", "factors", "rebuild")


class TTLinear(nn.Module):
    """y = x W^T + b with W a tensor train; the cores are the parameters.

    Parameters
    ----------
    cores : TTCores or sequence of Tensor
        Core k of shape (r_{k-1}, n_k, r_k); copied.
    bias : Tensor, optional
        Shape (out_features,); copied.
    out_features : int, optional
        Rows of W. Needed unless ``pairs`` are given.
    pairs : sequence of (int, int), optional
        TT-matrix order: n_k = i_k j_k, rows (i_1, ..., i_d), columns
        (j_1, ..., j_d). Default: W is the tensor in row-major order.
    product : str
        ``contract`` multiplies the cores into x, one after the other.
        ``factors`` multiplies the cores of the rows and those of the
        columns first, W = A B, if a bond lies between them. ``rebuild``
        forms W first. ``auto`` takes the way with the fewest flops for the
        rows at hand, see :attr:`costs`; in a compiled or exported graph,
        whose number of rows is open, the one with the fewest a row. All
        give the same up to rounding.

    Raises
    ------
    ValueError
        If the sizes disagree, or the modes do not allow the way asked for.

    Attributes
    ----------
    costs : dict of str to (int, int)
        Flops of each way: once a call, and for every row.

    Examples
    --------
    >>> from nnbcd.tensor_train import svd
    >>> w = torch.eye(16)
    >>> tt = svd(w.reshape(4, 4, 4, 4), max_rank=2)
    >>> layer = TTLinear(tt, out_features=16)
    >>> layer(torch.ones(3, 16)).shape, layer.costs["factors"]
    (torch.Size([3, 16]), (256, 128))
    >>> layer.way(1), layer.way(1000)
    ('contract', 'factors')
    """

    cores: nn.ParameterList
    bias: nn.Parameter | None

    def __init__(
        self,
        cores: TTCores | Sequence[Tensor],
        bias: Tensor | None = None,
        *,
        out_features: int | None = None,
        pairs: Sequence[tuple[int, int]] | None = None,
        product: str = "auto",
    ) -> None:
        super().__init__()
        if not isinstance(cores, TTCores):
            cores = TTCores(tuple(cores))
        size = prod(cores.shape)
        if pairs is not None:
            pairs = tuple((i, j) for i, j in pairs)
            rows = prod(i for i, _ in pairs)
            if tuple(i * j for i, j in pairs) != cores.shape:
                msg = f"pairs {pairs} do not match modes {cores.shape}."
                raise ValueError(msg)
            if out_features not in (None, rows):
                msg = f"out_features is {out_features}, but pairs say {rows}."
                raise ValueError(msg)
            out_features = rows
        if out_features is None or out_features < 1 or size % out_features:
            msg = (
                f"out_features must divide the {size} entries of W, got "
                f"{out_features}."
            )
            raise ValueError(msg)
        if bias is not None and tuple(bias.shape) != (out_features,):
            msg = (
                f"bias must have shape ({out_features},), got "
                f"{tuple(bias.shape)}."
            )
            raise ValueError(msg)
        self.out_features = out_features
        self.in_features = size // out_features
        self.modes, self.pairs = cores.shape, pairs
        self._split = pairs or split_modes(
            cores.shape, out_features, self.in_features
        )
        self.ranks = (1, *cores.ranks, 1)
        self.product = product
        self.cores = nn.ParameterList(
            nn.Parameter(core.detach().clone()) for core in cores.cores
        )
        self.bias = (
            None if bias is None else nn.Parameter(bias.detach().clone())
        )
        self.costs = costs(self.modes, self.ranks, self._split)
        # The way with the fewest flops a row, for graphs with open rows.
        self._open_way = min(self.costs, key=lambda way: self.costs[way][1])
        self._reverse = False
        if self._split is not None:
            forth, back = (
                contraction_flops(self._split, self.ranks, reverse=turned)
                for turned in (False, True)
            )
            self._reverse = back <= forth
        choice("product", product, PRODUCTS)
        if product not in ("auto", *self.costs):
            msg = (
                f"modes {self.modes} of a {out_features} x "
                f"{self.in_features} weight do not allow product="
                f"{product!r}: use one of {', '.join(self.costs)}."
            )
            raise ValueError(msg)

    def way(self, rows: int | torch.SymInt) -> str:
        """How ``rows`` rows are multiplied: a key of :attr:`costs`.

        Parameters
        ----------
        rows : int
            Of x; without meaning while a graph is recorded.
        """
        if self.product != "auto":
            return self.product
        if torch.compiler.is_compiling():
            return self._open_way
        best = "rebuild"
        for name, (once, each) in self.costs.items():
            if once + rows * each < self._flops(best, rows):
                best = name
        return best

    def _flops(self, way: str, rows: int | torch.SymInt) -> Any:
        once, each = self.costs[way]
        return once + rows * each

    def weight(self) -> Float[Tensor, "d_out d_in"]:
        """The dense weight, rebuilt from the cores."""
        dense = TTCores(tuple(self.cores)).to_dense()
        shape = (self.out_features, self.in_features)
        if self.pairs is None:
            return dense.reshape(shape)
        return TensorTrain(1, pairs=self.pairs).to_matrix(dense, shape)

    def forward(self, x: Float[Tensor, "*n d_in"]) -> Tensor:
        """The affine image of ``x``, shape (..., out_features)."""
        rows = x.reshape(-1, self.in_features)
        way = self.way(rows.shape[0])
        if way == "rebuild" or self._split is None:
            return functional.linear(x, self.weight(), self.bias)
        cores, cut = tuple(self.cores), middle(self._split)
        if way == "factors" and cut is not None:
            y = by_factors(rows, cores, cut)
        else:
            y = contract(rows, cores, self._split, reverse=self._reverse)
        if self.bias is not None:
            y = y + self.bias
        return y.reshape(*x.shape[:-1], self.out_features)

    def flops(self, rows: int = 1) -> int:
        """Multiplications and additions for ``rows`` rows, no bias.

        Parameters
        ----------
        rows : int
            Of x, in one call.
        """
        return int(self._flops(self.way(rows), rows))

    def extra_repr(self) -> str:
        """Sizes, modes, ranks and the way of multiplying."""
        return (
            f"in_features={self.in_features}, "
            f"out_features={self.out_features}, modes={self.modes}, "
            f"ranks={self.ranks[1:-1]}, bias={self.bias is not None}, "
            f"product={self.product!r}"
        )
