r"""Linear layers with a sparse weight, stored by rows or with a mask.

Two layers, one function: :class:`SparseLinear` keeps the non-zeros and
multiplies with them alone; :class:`MaskedLinear` keeps a dense matrix with
zeros in it and multiplies as fast as a dense layer does. In both, training
moves the kept entries only.
"""

from __future__ import annotations

import warnings

import torch
from torch import nn
from torch.nn import functional

from nnbcd._typing import Bool, Float, Tensor
from nnbcd.checks import choice

__all__ = [
    "BREAK_EVEN",
    "FORMATS",
    "MaskedLinear",
    "SparseLinear",
    "sparse_linear",
]

# Share of non-zeros up to which SparseLinear was no slower than a dense
# layer, at one row and at 256, on the machine of the chapter "Shipping the
# compressed model": see the chart there.
BREAK_EVEN = 0.1
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
        mask = _kept(weight, mask)
        self.out_features, self.in_features = weight.shape
        counts = mask.sum(1)
        starts = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
        self.values = nn.Parameter(weight.detach()[mask].clone())
        self.register_buffer("columns", mask.nonzero()[:, 1].int())
        self.register_buffer("starts", starts.int())
        self.bias = _copied(bias)

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
        return _describe(self, int(self.values.shape[0]))


class MaskedLinear(nn.Module):
    """y = x W^T + b with W dense in memory, zero outside a mask.

    As fast as a dense layer. While gradients are recorded the product is
    with W times the mask, so that no gradient leaves it; without, W itself
    is used, which is zero outside the mask.

    Parameters
    ----------
    weight : Tensor
        Shape (d_out, d_in); copied, entries outside the mask set to zero.
    bias : Tensor, optional
        Shape (d_out,); copied.
    mask : bool Tensor, optional
        The kept entries; default: the non-zeros.
    """

    dense: nn.Parameter
    mask: Tensor
    bias: nn.Parameter | None

    def __init__(
        self,
        weight: Tensor,
        bias: Tensor | None = None,
        *,
        mask: Bool[Tensor, "d_out d_in"] | None = None,
    ) -> None:
        super().__init__()
        mask = _kept(weight, mask)
        self.out_features, self.in_features = weight.shape
        self.dense = nn.Parameter(weight.detach() * mask)
        self.register_buffer("mask", mask.clone())
        self.bias = _copied(bias)

    def weight(self) -> Float[Tensor, "d_out d_in"]:
        """The dense weight; gradients reach the kept entries only."""
        if torch.is_grad_enabled():
            return self.dense * self.mask
        return self.dense

    def forward(self, x: Float[Tensor, "*n d_in"]) -> Tensor:
        """The affine image of ``x``, shape (..., out_features)."""
        return functional.linear(x, self.weight(), self.bias)

    def flops(self, rows: int = 1) -> int:
        """Multiplications and additions for ``rows`` rows, no bias.

        Parameters
        ----------
        rows : int
            Of x.
        """
        return 2 * rows * self.dense.numel()

    def extra_repr(self) -> str:
        """Sizes and the share of non-zeros."""
        return _describe(self, int(self.mask.sum()))


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
        ``csr``, ``masked``, or ``auto``: CSR if at most ``BREAK_EVEN`` of
        the entries are kept.
    """
    choice("format", format, FORMATS)
    mask = _kept(weight, mask)
    if format == "auto":
        few = int(mask.sum()) <= BREAK_EVEN * mask.numel()
        format = "csr" if few else "masked"
    kind = SparseLinear if format == "csr" else MaskedLinear
    return kind(weight, bias, mask=mask)


def _kept(weight: Tensor, mask: Tensor | None) -> Tensor:
    if weight.ndim != 2:
        msg = f"weight must be a matrix, got shape {tuple(weight.shape)}."
        raise ValueError(msg)
    return weight.detach() != 0 if mask is None else mask


def _copied(bias: Tensor | None) -> nn.Parameter | None:
    return None if bias is None else nn.Parameter(bias.detach().clone())


def _describe(layer: SparseLinear | MaskedLinear, kept: int) -> str:
    share = kept / max(1, layer.out_features * layer.in_features)
    return (
        f"in_features={layer.in_features}, "
        f"out_features={layer.out_features}, kept={share:.1%}, "
        f"bias={layer.bias is not None}"
    )
