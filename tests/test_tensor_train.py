"""The tensor-train format, TT-SVD, rounding, ranks."""

import itertools
from math import prod, sqrt

import numpy as np
import pytest
import torch

from nnbcd import tensor_train as tt

SHAPES = [(7,), (5, 4), (3, 1, 4), (2, 3, 4), (2, 2, 2, 2, 2), (6, 2, 5)]
every_shape = pytest.mark.parametrize("shape", SHAPES)
every_dtype = pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
EPS = {torch.float64: 1e-13, torch.float32: 1e-5}


def normal(*shape, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64).to(
        dtype
    )


def random_train(shape, ranks, seed=0, dtype=torch.float64):
    bonds = (1, *ranks, 1)
    cores = [
        normal(r, n, s, seed=seed + k, dtype=dtype)
        for k, (r, n, s) in enumerate(
            zip(bonds, shape, bonds[1:], strict=False)
        )
    ]
    return tt.TTCores(tuple(cores))


def loop_dense(train):
    """Entry by entry: a product of matrices."""
    out = np.zeros(train.shape)
    for index in itertools.product(*map(range, train.shape)):
        matrix = np.eye(1)
        for core, i in zip(train.cores, index, strict=True):
            matrix = matrix @ core[:, i].double().numpy()
        out[index] = matrix[0, 0]
    return out


def tails(tensor, ranks):
    """Discarded energy of the unfolding at each bond, at these ranks."""
    out = []
    for k, r in enumerate(ranks, 1):
        matrix = tensor.reshape(prod(tensor.shape[:k]), -1)
        values = np.linalg.svd(matrix.double().numpy(), compute_uv=False)
        out.append(float((values[r:] ** 2).sum()))
    return out


def test_dense_form_is_the_product_of_slices():
    train = random_train((2, 3, 4, 2), (2, 3, 2))
    found = train.to_dense().numpy()
    np.testing.assert_allclose(found, loop_dense(train), atol=1e-12)
    assert (train.shape, train.ranks) == ((2, 3, 4, 2), (2, 3, 2))
    assert train.parameters == 4 + 18 + 24 + 4
    assert repr(train) == (
        "TTCores(shape=(2, 3, 4, 2), ranks=(2, 3, 2), 50 of 48 numbers)"
    )


@every_dtype
@every_shape
def test_svd_without_a_cap_is_exact(shape, dtype):
    tensor = normal(*shape, dtype=dtype)
    train = tt.svd(tensor)
    assert all(core.dtype == dtype for core in train.cores)
    assert train.ranks == tt.feasible_ranks(shape, None)
    error = (train.to_dense() - tensor).norm() / tensor.norm()
    assert error <= EPS[dtype]


@every_dtype
@pytest.mark.parametrize("ranks", [(1, 1, 1), (2, 3, 2), (2, 1, 2)])
def test_svd_recovers_a_train_of_its_rank(ranks, dtype):
    tensor = random_train((3, 4, 2, 3), ranks, dtype=dtype).to_dense()
    train = tt.svd(tensor, max_rank=ranks)
    assert train.ranks == ranks
    error = (train.to_dense() - tensor).norm() / tensor.norm()
    assert error <= 10 * EPS[dtype]


@every_dtype
@every_shape
@pytest.mark.parametrize("cap", [1, 2, 3])
def test_svd_error_lies_between_its_bounds(shape, cap, dtype):
    for seed in range(5):
        tensor = normal(*shape, seed=seed, dtype=dtype)
        train = tt.svd(tensor, max_rank=cap)
        assert all(r <= cap for r in train.ranks)
        error = float((train.to_dense() - tensor).norm())
        tail = tails(tensor, train.ranks)
        slack = 10 * EPS[dtype] * float(tensor.norm())
        # No train is nearer than the worst unfolding allows, TT-SVD is
        # within the sum: a factor sqrt(d - 1) at most.
        assert error >= sqrt(max(tail, default=0.0)) - slack
        assert error <= sqrt(sum(tail)) + slack


@every_shape
def test_svd_cores_are_left_orthonormal(shape):
    train = tt.svd(normal(*shape), max_rank=2)
    for core in train.cores[:-1]:
        rows = core.reshape(-1, core.shape[2])
        eye = torch.eye(rows.shape[1], dtype=rows.dtype)
        torch.testing.assert_close(rows.mT @ rows, eye)


def test_both_ways_to_the_left_factor_agree():
    # Rows the short side: Gram matrix; rows the long side: QR.
    for shape in ((4, 30), (30, 4)):
        matrix = normal(*shape)
        left, s, right = np.linalg.svd(matrix.numpy(), full_matrices=False)
        best = (left[:, :2] * s[:2]) @ right[:2]
        found = tt.svd(matrix, max_rank=2).to_dense().numpy()
        np.testing.assert_allclose(found, best, atol=1e-12)


def test_a_list_of_caps():
    tensor = normal(3, 4, 2, 3)
    assert tt.svd(tensor, max_rank=[3, 1, 2]).ranks == (3, 1, 2)
    assert tt.svd(tensor, max_rank=(99, 2, 99)).ranks == (3, 2, 3)


@every_dtype
@pytest.mark.parametrize("rtol", [0.9, 0.7, 0.5, 0.1, 1e-3])
@pytest.mark.parametrize("decay", [0, -6])
@every_shape
def test_svd_keeps_to_rtol(shape, decay, rtol, dtype):
    fall = torch.logspace(0, decay, prod(shape), dtype=torch.float64)
    for seed in range(4):
        tensor = normal(*shape, seed=seed) * fall.reshape(shape)
        tensor = tensor.to(dtype)
        train = tt.svd(tensor, rtol=rtol)
        error = (train.to_dense() - tensor).norm() / tensor.norm()
        assert float(error) <= rtol + EPS[dtype]
        # And no rank is larger than needed: one less breaks the budget.
        if len(shape) == 2 and train.ranks[0] > 1:
            budget = rtol**2 * float(tensor.double().square().sum())
            missed = tails(tensor, [train.ranks[0] - 1])[0]
            assert missed > budget * (1 - 1e-4)


def test_rtol_and_cap_together():
    tensor = normal(4, 4, 4)
    assert tt.svd(tensor, max_rank=2, rtol=1e-9).ranks == (2, 2)
    assert tt.svd(tensor, max_rank=9, rtol=2.0).ranks == (1, 1)


@every_dtype
def test_zero_and_constant_tensors(dtype):
    zero = torch.zeros((2, 3, 2), dtype=dtype)
    for options in ({}, {"max_rank": 1}, {"rtol": 0.1}):
        assert not tt.svd(zero, **options).to_dense().any()
    ones = tt.svd(zero + 1, rtol=1e-3)
    assert ones.ranks == (1, 1)
    torch.testing.assert_close(ones.to_dense(), zero + 1)


@every_dtype
@pytest.mark.parametrize("cap", [None, 1, 2, (1, 2, 2)])
def test_round_is_svd_of_the_dense_form(cap, dtype):
    train = random_train((3, 4, 2, 3), (3, 4, 3), dtype=dtype)
    dense = train.to_dense()
    direct = tt.svd(dense, max_rank=cap)
    rounded = tt.round(train, max_rank=cap)
    caps = tt.feasible_ranks(train.shape, 99 if cap is None else cap)
    limits = zip(train.ranks, caps, strict=True)
    assert rounded.ranks == tuple(min(pair) for pair in limits)
    gap = (rounded.to_dense() - direct.to_dense()).norm() / dense.norm()
    assert gap <= 100 * EPS[dtype]


def test_round_to_a_tolerance_drops_what_is_not_needed():
    exact = random_train((3, 4, 2, 3), (2, 2, 2))
    doubled = tt.TTCores(
        (
            torch.cat([exact.cores[0]] * 2, dim=2),
            *(
                torch.cat(
                    [
                        torch.cat([core, 0 * core], dim=2),
                        torch.cat([0 * core, core], dim=2),
                    ],
                    dim=0,
                )
                for core in exact.cores[1:-1]
            ),
            torch.cat([exact.cores[-1]] * 2, dim=0),
        )
    )
    assert doubled.ranks == (4, 4, 4)
    lean = tt.round(doubled, rtol=1e-6)
    assert lean.ranks == (2, 2, 2)
    torch.testing.assert_close(lean.to_dense(), 2 * exact.to_dense())


def test_round_takes_more_rank_than_the_shape_can_use():
    train = random_train((2, 3, 2), (5, 7))
    rounded = tt.round(train)
    assert rounded.ranks == (2, 2)
    torch.testing.assert_close(rounded.to_dense(), train.to_dense())
