"""A linear layer that keeps the non-zeros of its weight, and no zeros.

:class:`SparseLinear` multiplies with the non-zeros alone;
:class:`nnbcd.deploy.MaskedLinear`, the same function, keeps a dense matrix
with zeros in it and is as fast as a dense layer. In both, training moves the
kept entries only. :func:`sparse_linear` chooses.
"""

from __future__ import annotations

import warnings

import torch
from torch import nn
from torch.nn import functional

from nnbcd._typing import Bool, Float, Tensor
from nnbcd.checks import choice
from nnbcd.deploy.masked_linear import (
    MaskedLinear,
    copied,
    describe,
    kept_entries,
)

__all__ = [
    "BREAK_EVEN",
    "FORMATS",
    "SMALLEST",
    "SparseLinear",
    "sparse_linear",
]

# Measured, see the chart of the chapter "Shipping the compressed model": with
# at most this share of non-zeros, and at least so many entries, SparseLinear
# was no slower than a dense layer at one row and faster at more.
BREAK_EVEN = 0.02
SMALLEST = 2**17
FORMATS = ("auto", "csr", "masked")
FEW = 16  # rows below which torch's own sparse product is the faster one

with warnings.catch_warnings():
    # torch says once a process that this layout is in beta. Said here.
    warnings.simplefilter("ignore")
    torch.sparse_csr_tensor([0, 1], [0], [1.0], (1, 1))


class SparseLinear(nn.Module):
    """y = x W^T + b with W stored by compressed rows (CSR).

    Few rows, and float64, go through torch's product of a CSR matrix and a
    dense one; many rows, half precision and compiled or exported graphs
    through ``embedding_bag``, which sums the columns of x that a row of W
    reads. Both visit the non-zeros only.

    Parameters
    ----------
    weight : Tensor
        Shape (d_out, d_in); copied.
    bias : Tensor, optional
        Shape (d_out,); copied.
    mask : bool Tensor, optional
        The kept entries; default: the non-zeros.

    Attributes
    ----------
    values : Parameter
        The K kept entries, row by row.
    columns : int32 Tensor
        The column of each, (K,).
    starts : int32 Tensor
        Where each row begins, and K: (d_out + 1,).

    Examples
    --------
    >>> layer = SparseLinear(torch.diag(torch.tensor([1.0, 0.0, 2.0])))
    >>> layer(torch.ones(1, 3)).tolist(), layer.starts.tolist()
    ([[1.0, 0.0, 2.0]], [0, 1, 1, 2])
    """

    values: nn.Parameter
    columns: Tensor
    starts: Tensor
    bias: nn.Parameter | None

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None = None,
        *,
        mask: Bool[Tensor, "d_out d_in"] | None = None,
    ) -> None:
        super().__init__()
        mask = kept_entries(weight, mask)
        values = weight.detach()[mask].clone()
        places = mask.nonzero()[:, 1]
        self._fill(values, places, mask.sum(1), weight.shape[1], bias)

    def _fill(
        self,
        values: Tensor,
        columns: Tensor,
        counts: Tensor,
        in_features: int,
        bias: Tensor | None,
    ) -> None:
        self.out_features, self.in_features = len(counts), in_features
        ends = counts.cumsum(0)
        starts = torch.cat([ends.new_zeros(1), ends])
        self.values = nn.Parameter(values)
        self.register_buffer("columns", columns.int())
        self.register_buffer("starts", starts.int())
        self.bias = copied(bias)

    @classmethod
    def from_rows(
        cls,
        values: Tensor,
        columns: Tensor,
        counts: Tensor,
        in_features: int,
        bias: Tensor | None = None,
    ) -> SparseLinear:
        """The layer with these non-zeros; the dense weight is never made.

        Parameters
        ----------
        values, columns : Tensor
            Each non-zero and its column, row by row, shape (K,).
        counts : int Tensor
            Non-zeros of each row, shape (d_out,).
        in_features : int
            d_in.
        bias : Tensor, optional
            Shape (d_out,).
        """
        layer = cls.__new__(cls)
        nn.Module.__init__(layer)
        layer._fill(values, columns, counts, in_features, bias)
        return layer

    def weight(self) -> Float[Tensor, "d_out d_in"]:
        """The dense weight; gradients reach ``values``."""
        lengths = self.starts[1:] - self.starts[:-1]
        index = torch.arange(self.out_features, device=self.starts.device)
        rows = torch.repeat_interleave(
            index, lengths, output_size=self.values.shape[0]
        )
        place = rows * self.in_features + self.columns
        size = self.out_features * self.in_features
        flat = self.values.new_zeros(size).scatter(0, place, self.values)
        return flat.reshape(self.out_features, self.in_features)

    def forward(self, x: Float[Tensor, "*n d_in"]) -> Tensor:
        """The affine image of ``x``, shape (..., out_features)."""
        rows = x.reshape(-1, self.in_features)
        if self._few(rows):
            w = torch.sparse_csr_tensor(
                self.starts,
                self.columns,
                self.values,
                (self.out_features, self.in_features),
            )
            y = (w @ rows.mT).mT
        else:
            y = functional.embedding_bag(
                self.columns,
                rows.mT.contiguous(),
                self.starts[:-1],
                per_sample_weights=self.values,
                mode="sum",
            ).mT
        if self.bias is not None:
            y = y + self.bias
        return y.reshape(*x.shape[:-1], self.out_features)

    def _few(self, rows: Tensor) -> bool:
        if torch.compiler.is_compiling() or not rows.shape[0]:
            return False
        if rows.dtype == torch.float64:
            return True
        return rows.dtype == torch.float32 and rows.shape[0] < FEW

    def flops(self, rows: int = 1) -> int:
        """Multiplications and additions for ``rows`` rows, no bias.

        Parameters
        ----------
        rows : int
            Of x.
        """
        return 2 * rows * int(self.values.shape[0])

    def extra_repr(self) -> str:
        """Sizes and the share of non-zeros."""
        kept, bias = len(self.values), self.bias is not None
        return describe(self.out_features, self.in_features, kept, bias)


def sparse_linear(
    weight: Float[Tensor, "d_out d_in"],
    bias: Tensor | None = None,
    *,
    mask: Bool[Tensor, "d_out d_in"] | None = None,
    format: str = "auto",
) -> SparseLinear | MaskedLinear:
    """A sparse weight in the layer that multiplies with it faster.

    Parameters
    ----------
    weight : Tensor
        Shape (d_out, d_in).
    bias : Tensor, optional
        Shape (d_out,).
    mask : bool Tensor, optional
        The kept entries; default: the non-zeros.
    format : str
        ``csr``, ``masked``, or ``auto``: CSR if at most ``BREAK_EVEN`` (2 %)
        of the entries are kept, of at least ``SMALLEST`` (131072).
    """
    choice("format", format, FORMATS)
    mask = kept_entries(weight, mask)
    if format == "auto":
        few = int(mask.sum()) <= BREAK_EVEN * mask.numel()
        large = mask.numel() >= SMALLEST
        format = "csr" if few and large else "masked"
    kind = SparseLinear if format == "csr" else MaskedLinear
    return kind(weight, bias, mask=mask)
