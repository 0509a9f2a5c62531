r"""The linear map of a layer, its transpose and its Gram matrix.

A layer maps V (N, d_in) to B = A(V; W) + b (N, d_out). The blocks never ask
whether that is a matrix product or a convolution: they use

* ``forward``: B from V, W, b;
* ``transpose``: the adjoint of V -> A(V; W), applied to (N, d_out);
* ``rows`` and ``outputs``: the regression behind the W block, whose
  rows are samples (dense) or image patches (convolution).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from torch.nn import functional

from nnbcd._typing import Float, Tensor

__all__ = ["AffineMap", "ConvMap", "DenseMap"]


@dataclass(frozen=True)
class DenseMap:
    """B = V W^T + 1 b^T with W of shape (d_out, d_in)."""

    d_in: int
    d_out: int

    @property
    def weight_shape(self) -> tuple[int, int]:
        """Shape of W."""
        return self.d_out, self.d_in

    @property
    def rows_per_sample(self) -> int:
        """Regression rows a sample contributes: one."""
        return 1

    def forward(
        self,
        v: Float[Tensor, "n d_in"],
        w: Float[Tensor, "d_out d_in"],
        b: Float[Tensor, " d_out"] | None,
    ) -> Float[Tensor, "n d_out"]:
        """The affine image of ``v``."""
        return functional.linear(v, w, b)

    def transpose(
        self,
        r: Float[Tensor, "n d_out"],
        w: Float[Tensor, "d_out d_in"],
    ) -> Float[Tensor, "n d_in"]:
        """Adjoint of V -> V W^T, applied to ``r``."""
        return r @ w

    def rows(self, v: Float[Tensor, "n d_in"]) -> Float[Tensor, "m p"]:
        """Regressors of the W block: V itself."""
        return v

    def outputs(self, u: Float[Tensor, "n d_out"]) -> Float[Tensor, "m q"]:
        """Targets of the W block: U itself."""
        return u

    def spread(
        self, b: Float[Tensor, " q"] | None
    ) -> Float[Tensor, " d"] | float:
        """The bias as it is added to a row of B."""
        return 0.0 if b is None else b


@dataclass(frozen=True)
class ConvMap:
    """A two-dimensional convolution on flattened images.

    ``in_shape`` and ``out_shape`` are (channels, height, width); W has
    shape (c_out, c_in * kh * kw), b has shape (c_out,).
    """

    in_shape: tuple[int, int, int]
    out_shape: tuple[int, int, int]
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]

    @property
    def d_in(self) -> int:
        """Features of a flattened input image."""
        return prod(self.in_shape)

    @property
    def d_out(self) -> int:
        """Features of a flattened output image."""
        return prod(self.out_shape)

    @property
    def weight_shape(self) -> tuple[int, int]:
        """Shape of W as a matrix."""
        return self.out_shape[0], self.in_shape[0] * prod(self.kernel)

    @property
    def rows_per_sample(self) -> int:
        """Regression rows a sample contributes: output positions."""
        return prod(self.out_shape[1:])

    def _kernel(self, w: Tensor) -> Tensor:
        return w.reshape(self.out_shape[0], self.in_shape[0], *self.kernel)

    def forward(
        self,
        v: Float[Tensor, "n d_in"],
        w: Float[Tensor, "q p"],
        b: Float[Tensor, " q"] | None,
    ) -> Float[Tensor, "n d_out"]:
        """The convolution, flattened again to rows."""
        images = v.reshape(-1, *self.in_shape)
        out = functional.conv2d(
            images, self._kernel(w), b, self.stride, self.padding
        )
        return out.reshape(v.shape[0], self.d_out)

    def transpose(
        self, r: Float[Tensor, "n d_out"], w: Float[Tensor, "q p"]
    ) -> Float[Tensor, "n d_in"]:
        """Adjoint of the convolution: a transposed convolution."""
        leftover = [
            n + 2 * p - k - s * (m - 1)
            for n, p, k, s, m in zip(
                self.in_shape[1:],
                self.padding,
                self.kernel,
                self.stride,
                self.out_shape[1:],
                strict=True,
            )
        ]
        # Rows the last stride never reached receive zeros.
        out = functional.conv_transpose2d(
            r.reshape(-1, *self.out_shape),
            self._kernel(w),
            None,
            self.stride,
            0,
        )
        out = functional.pad(out, (0, leftover[1], 0, leftover[0]))
        ph, pw = self.padding
        _, height, width = self.in_shape
        out = out[:, :, ph : ph + height, pw : pw + width]
        return out.reshape(r.shape[0], self.d_in)

    def rows(self, v: Float[Tensor, "n d_in"]) -> Float[Tensor, "m p"]:
        """Image patches, shape (N * h_out * w_out, c_in * kh * kw)."""
        images = v.reshape(-1, *self.in_shape)
        patches = functional.unfold(
            images, self.kernel, padding=self.padding, stride=self.stride
        )
        return patches.mT.reshape(-1, self.weight_shape[1])

    def outputs(self, u: Float[Tensor, "n d_out"]) -> Float[Tensor, "m q"]:
        """Channels last, shape (N * h_out * w_out, c_out)."""
        channels = self.out_shape[0]
        maps = u.reshape(-1, channels, self.rows_per_sample)
        return maps.mT.reshape(-1, channels)

    def spread(
        self, b: Float[Tensor, " q"] | None
    ) -> Float[Tensor, " d"] | float:
        """The bias of each channel repeated over its positions."""
        if b is None:
            return 0.0
        return b.repeat_interleave(self.rows_per_sample)


AffineMap = DenseMap | ConvMap


def output_size(size: int, kernel: int, stride: int, padding: int) -> int:
    """Positions a kernel takes along one axis (floor convention)."""
    return (size + 2 * padding - kernel) // stride + 1
