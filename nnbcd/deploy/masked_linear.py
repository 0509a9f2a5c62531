"""A linear layer that is dense in memory and zero outside a mask."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from nnbcd._typing import Bool, Float, Tensor

__all__ = ["MaskedLinear", "copied", "describe", "kept_entries"]


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
        mask = kept_entries(weight, mask)
        self.out_features, self.in_features = weight.shape
        self.dense = nn.Parameter(weight.detach() * mask)
        self.register_buffer("mask", mask.clone())
        self.bias = copied(bias)

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
        kept, bias = int(self.mask.sum()), self.bias is not None
        return describe(self.out_features, self.in_features, kept, bias)


def kept_entries(weight: Tensor, mask: Tensor | None) -> Tensor:
    """The mask, or that of the non-zeros; the weight must be a matrix."""
    if weight.ndim != 2:
        msg = f"weight must be a matrix, got shape {tuple(weight.shape)}."
        raise ValueError(msg)
    return weight.detach() != 0 if mask is None else mask


def copied(bias: Tensor | None) -> nn.Parameter | None:
    """The bias as a parameter of its own."""
    return None if bias is None else nn.Parameter(bias.detach().clone())


def describe(rows: int, columns: int, kept: int, bias: bool) -> str:
    """Sizes and the share of non-zeros, as a layer shows them."""
    return (
        f"in_features={columns}, out_features={rows}, "
        f"kept={kept / max(1, rows * columns):.1%}, bias={bias}"
    )
