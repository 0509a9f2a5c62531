"""A convolution whose weight, as a matrix on patches, is compressed."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from nnbcd._typing import Float, Tensor
from nnbcd.deploy.masked_linear import MaskedLinear
from nnbcd.deploy.sparse_linear import SparseLinear
from nnbcd.deploy.tt_linear import TTLinear

__all__ = ["PatchConv2d"]

Pair = tuple[int, int]


class PatchConv2d(nn.Module):
    """A convolution through a linear layer on its patches.

    The weight is the matrix (c_out, c_in * kh * kw) of that layer. Where
    the layer would multiply with a dense matrix (masked, or a train that is
    rebuilt) the product is torch's convolution with it; otherwise the
    patches are cut out and the layer multiplies with them.

    Parameters
    ----------
    linear : TTLinear, SparseLinear or MaskedLinear
        With c_in * kh * kw inputs and c_out outputs.
    in_channels : int
        c_in.
    kernel_size, stride, padding, dilation : (int, int)
        As in ``torch.nn.Conv2d``.

    Raises
    ------
    ValueError
        If the layer has another number of inputs.
    """

    def __init__(
        self,
        linear: TTLinear | SparseLinear | MaskedLinear,
        in_channels: int,
        kernel_size: Pair,
        *,
        stride: Pair = (1, 1),
        padding: Pair = (0, 0),
        dilation: Pair = (1, 1),
    ) -> None:
        super().__init__()
        wanted = in_channels * kernel_size[0] * kernel_size[1]
        if linear.in_features != wanted:
            msg = (
                f"linear takes {linear.in_features} inputs, but a patch has "
                f"{wanted}: change in_channels or kernel_size."
            )
            raise ValueError(msg)
        self.linear = linear
        self.in_channels, self.out_channels = in_channels, linear.out_features
        self.kernel_size, self.stride = kernel_size, stride
        self.padding, self.dilation = padding, dilation

    def weight(self) -> Float[Tensor, "c_out c_in kh kw"]:
        """The dense kernel."""
        shape = (self.out_channels, self.in_channels, *self.kernel_size)
        kernel: Tensor = self.linear.weight().reshape(shape)
        return kernel

    def output_size(self, height: int, width: int) -> Pair:
        """Positions of the kernel on an image of this size."""
        high, wide = (
            (n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, k, s, p, d in zip(
                (height, width),
                self.kernel_size,
                self.stride,
                self.padding,
                self.dilation,
                strict=True,
            )
        )
        return high, wide

    def forward(self, x: Float[Tensor, "n c h w"]) -> Tensor:
        """The convolution, shape (N, c_out, h_out, w_out)."""
        high, wide = self.output_size(x.shape[2], x.shape[3])
        if self._dense(x.shape[0] * high * wide):
            return functional.conv2d(
                x,
                self.weight(),
                self.linear.bias,
                self.stride,
                self.padding,
                self.dilation,
            )
        patches = functional.unfold(
            x, self.kernel_size, self.dilation, self.padding, self.stride
        )
        y: Tensor = self.linear(patches.mT)  # (N, positions, c_out)
        y = y.mT.contiguous()  # else the layout of channels last, unasked
        return y.reshape(x.shape[0], self.out_channels, high, wide)

    def _dense(self, rows: int | torch.SymInt) -> bool:
        if isinstance(self.linear, TTLinear):
            return self.linear.way(rows) == "rebuild"
        return isinstance(self.linear, MaskedLinear)

    def extra_repr(self) -> str:
        """Sizes, as torch.nn.Conv2d says them."""
        return (
            f"{self.in_channels}, {self.out_channels}, "
            f"kernel_size={self.kernel_size}, stride={self.stride}, "
            f"padding={self.padding}, dilation={self.dilation}"
        )
