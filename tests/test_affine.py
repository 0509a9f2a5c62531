"""The linear maps: against torch, against loops, and as adjoint pairs."""

import numpy as np
import pytest
import torch
from oracles import loop_forward, loop_rows, map_matrix

from nnbcd import Conv2d, Dense
from nnbcd.affine import ConvMap, DenseMap, output_size

# input shape, then kernel, stride, padding: odd, uneven, with leftover rows
CONVS = {
    "one-pixel": ((1, 1, 1), 1, 1, 0),
    "pointwise": ((3, 4, 5), 1, 1, 0),
    "square": ((2, 5, 5), 3, 1, 0),
    "padded": ((2, 5, 4), 3, 1, 1),
    "stride-two": ((1, 6, 7), 2, 2, 0),
    "leftover": ((2, 7, 8), 3, 3, 0),  # one row, two columns unread
    "leftover-padded": ((2, 7, 8), (2, 3), (3, 4), (1, 0)),
    "gaps": ((1, 7, 7), 2, 3, 0),  # pixels between patches unread
    "whole-image": ((2, 4, 3), (4, 3), 1, 0),
    "mostly-padding": ((1, 2, 2), 3, 2, 2),
    "uneven": ((3, 6, 5), (1, 4), (2, 1), (0, 3)),
}
every = pytest.mark.parametrize("name", CONVS)


def conv(name, n=3, channels=2, dtype=torch.float64):
    shape, kernel, stride, padding = CONVS[name]
    layer = Conv2d(channels, kernel, stride=stride, padding=padding)
    linear = layer.resolve(shape)
    return linear, *tensors(linear, n, dtype)


def tensors(linear, n, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(shape, generator=generator).to(dtype)

    v, r = draw(n, linear.d_in), draw(n, linear.d_out)
    w, b = draw(*linear.weight_shape), draw(linear.weight_shape[0])
    return v, w, b, r


@every
@pytest.mark.parametrize("bias", [True, False])
def test_forward_is_torch_conv2d(name, bias):
    linear, v, w, b, _ = conv(name)
    shape, kernel, stride, padding = CONVS[name]
    layer = torch.nn.Conv2d(shape[0], 2, kernel, stride, padding, bias=bias)
    layer = layer.double()
    with torch.no_grad():
        layer.weight.copy_(w.reshape(layer.weight.shape))
        if bias:
            layer.bias.copy_(b)
        wanted = layer(v.reshape(-1, *shape))
    found = linear.forward(v, w, b if bias else None)
    assert linear.out_shape == tuple(wanted.shape[1:])
    torch.testing.assert_close(found, wanted.flatten(1))


@every
def test_forward_is_the_loop(name):
    linear, v, w, b, _ = conv(name)
    wanted = loop_forward(linear, v.numpy(), w.numpy(), b.numpy())
    found = linear.forward(v, w, b).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-12)


@every
@pytest.mark.parametrize("n", [1, 3])
def test_transpose_is_the_adjoint(name, n):
    linear, v, w, _, r = conv(name, n)
    left = (linear.forward(v, w, None) * r).sum()
    back = linear.transpose(r, w)
    assert back.shape == v.shape
    torch.testing.assert_close(left, (v * back).sum())
    # A dot product sees one direction: the matrix sees them all.
    matrix = torch.from_numpy(map_matrix(linear, w.numpy()))
    torch.testing.assert_close(back, r @ matrix)


@every
def test_pixels_never_read_get_zero(name):
    linear, v, w, _, r = conv(name)
    read = linear.transpose(torch.ones_like(r), torch.ones_like(w)) != 0
    seen = torch.zeros_like(v, requires_grad=True)
    linear.forward(seen, torch.ones_like(w), None).sum().backward()
    assert torch.equal(read, seen.grad != 0)


@every
def test_rows_and_outputs_are_the_regression(name):
    linear, v, w, b, r = conv(name)
    rows = linear.rows(v)
    assert rows.shape == (3 * linear.rows_per_sample, linear.weight_shape[1])
    assert torch.equal(rows, torch.from_numpy(loop_rows(linear, v.numpy())))
    image = linear.forward(v, w, b)
    torch.testing.assert_close(linear.outputs(image), rows @ w.mT + b)
    # outputs only reorders: channel by channel the same numbers.
    flat, half = linear.outputs(r), linear.d_out // 2
    assert flat.shape == (3 * linear.rows_per_sample, 2)
    for k in range(2):
        channel = r[:, k * half : (k + 1) * half].reshape(-1)
        assert torch.equal(flat[:, k], channel)


@every
def test_spread_is_the_bias_of_forward(name):
    linear, v, w, b, _ = conv(name)
    with_bias = linear.forward(v, w, b)
    without = linear.forward(v, w, None)
    torch.testing.assert_close(without + linear.spread(b), with_bias)
    assert linear.spread(None) == 0.0


@every
def test_single_precision(name):
    linear, v, w, b, r = conv(name, dtype=torch.float32)
    wide = [x.double() for x in (v, w, b)]
    found = linear.forward(v, w, b)
    assert found.dtype == torch.float32
    torch.testing.assert_close(
        found.double(), linear.forward(*wide), rtol=1e-5, atol=1e-5
    )
    assert linear.transpose(r, w).dtype == torch.float32


def test_dense_is_a_matrix_product():
    linear = Dense(3).resolve((2, 2))
    assert linear == DenseMap(4, 3)
    assert (linear.weight_shape, linear.rows_per_sample) == ((3, 4), 1)
    v, w, b, r = tensors(linear, 5)
    wanted = loop_forward(linear, v.numpy(), w.numpy(), b.numpy())
    np.testing.assert_allclose(linear.forward(v, w, b).numpy(), wanted)
    torch.testing.assert_close(linear.transpose(r, w), r @ w)
    torch.testing.assert_close(linear.rows(v), v)
    torch.testing.assert_close(linear.outputs(r), r)
    assert linear.spread(None) == 0.0
    assert torch.equal(linear.spread(b), b)


def test_conv_sizes():
    linear = Conv2d(32, 3, stride=2).resolve((1, 28, 28))
    assert isinstance(linear, ConvMap)
    assert linear.out_shape == (32, 13, 13)
    assert (linear.d_in, linear.d_out) == (784, 5408)
    assert (linear.weight_shape, linear.rows_per_sample) == ((32, 9), 169)


@pytest.mark.parametrize("size", range(1, 9))
def test_output_size_counts_positions(size):
    for kernel in range(1, 5):
        for stride in range(1, 4):
            for padding in range(3):
                last = size + 2 * padding - kernel
                count = len(range(0, last + 1, stride))
                if last >= 0:
                    found = output_size(size, kernel, stride, padding)
                    assert found == count
