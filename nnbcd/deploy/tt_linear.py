"""A linear layer whose weight is a tensor train."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
from torch import nn
from torch.nn import functional

from nnbcd._typing import Float, Tensor
from nnbcd.checks import choice
from nnbcd.deploy.tt_plan import (
    contract,
    contraction_flops,
    crossover,
    rebuild_flops,
    split_modes,
)
from nnbcd.structures import TensorTrain
from nnbcd.tensor_train import TTCores

__all__ = ["PRODUCTS", "TTLinear"]

PRODUCTS = ("auto", "contract", "rebuild")


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
        ``contract`` multiplies the cores into x, ``rebuild`` forms W first,
        once a call. ``auto`` takes whichever needs fewer flops for the rows
        at hand, see :attr:`crossover`; in a compiled or exported graph,
        whose number of rows is open, it rebuilds unless contraction is
        cheaper for any number. Both give the same up to rounding.

    Raises
    ------
    ValueError
        If the sizes disagree, or ``contract`` is asked of modes that lie
        across the border between rows and columns.

    Examples
    --------
    >>> from nnbcd.tensor_train import svd
    >>> w = torch.eye(16)
    >>> tt = svd(w.reshape(4, 4, 4, 4), max_rank=2)
    >>> layer = TTLinear(tt, out_features=16)
    >>> layer(torch.ones(3, 16)).shape, layer.crossover
    (torch.Size([3, 16]), inf)
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
        self._plan()

    def _plan(self) -> None:
        choice("product", self.product, PRODUCTS)
        if self._split is None:
            if self.product == "contract":
                msg = (
                    f"modes {self.modes} cannot be split into "
                    f"{self.out_features} rows and {self.in_features} "
                    "columns: use product='rebuild'."
                )
                raise ValueError(msg)
            self.reverse, self.crossover = False, 0.0
            return
        ways = [
            contraction_flops(self._split, self.ranks, reverse=turned)
            for turned in (False, True)
        ]
        self.reverse = ways[1] <= ways[0]
        self.crossover = crossover(
            min(ways),
            rebuild_flops(self.modes, self.ranks),
            prod(self.modes),
        )

    def contracts(self, rows: int | torch.SymInt) -> bool:
        """Whether ``rows`` rows are multiplied by contraction.

        Parameters
        ----------
        rows : int
            Of x; without meaning while a graph is recorded.
        """
        if self.product != "auto":
            return self.product == "contract"
        if torch.compiler.is_compiling():
            return self.crossover == float("inf")
        return bool(rows <= self.crossover)

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
        if self._split is None or not self.contracts(rows.shape[0]):
            return functional.linear(x, self.weight(), self.bias)
        y = contract(
            rows, tuple(self.cores), self._split, reverse=self.reverse
        )
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
        if self._split is None or not self.contracts(rows):
            size = prod(self.modes)
            return rebuild_flops(self.modes, self.ranks) + 2 * rows * size
        return rows * contraction_flops(
            self._split, self.ranks, reverse=self.reverse
        )

    def extra_repr(self) -> str:
        """Sizes, modes, ranks and the way of multiplying."""
        return (
            f"in_features={self.in_features}, "
            f"out_features={self.out_features}, modes={self.modes}, "
            f"ranks={self.ranks[1:-1]}, bias={self.bias is not None}, "
            f"product={self.product!r}"
        )
