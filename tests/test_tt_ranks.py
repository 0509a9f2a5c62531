"""Ranks, counts and what a train refuses."""

from math import prod

import numpy as np
import pytest
import torch

from nnbcd import tensor_train as tt

SHAPES = [(7,), (5, 4), (3, 1, 4), (2, 3, 4), (2, 2, 2, 2, 2), (6, 2, 5)]
every_shape = pytest.mark.parametrize("shape", SHAPES)


@every_shape
@pytest.mark.parametrize("cap", [None, 1, 2, 3, 50])
def test_feasible_ranks_are_those_of_random_trains(shape, cap):
    """A random train of the capped ranks has exactly the feasible ones."""
    bonds = len(shape) - 1
    wanted = prod(shape) if cap is None else cap
    ranks = [1, *[min(wanted, 60)] * bonds, 1]
    rng = np.random.default_rng(0)
    dense = np.ones((1, 1))
    for r, n, s in zip(ranks, shape, ranks[1:], strict=False):
        core = rng.standard_normal((r, n * s))
        dense = (dense @ core).reshape(-1, s)
    dense = dense.reshape(shape)
    found = tt.feasible_ranks(shape, cap)
    true = [
        np.linalg.matrix_rank(dense.reshape(prod(shape[: k + 1]), -1))
        for k in range(bonds)
    ]
    assert found == tuple(true)


def test_feasible_ranks_of_uneven_caps():
    # A cap of one at a bond holds its neighbours down to their modes.
    assert tt.feasible_ranks((4, 4, 4, 4), (9, 1, 9)) == (4, 1, 4)
    assert tt.feasible_ranks((2, 9, 9, 2), (9, 9, 9)) == (2, 9, 2)


@every_shape
@pytest.mark.parametrize("cap", [None, 1, 2, 3])
def test_parameter_count_counts(shape, cap):
    train = tt.svd(torch.randn(shape), max_rank=cap)
    assert tt.parameter_count(shape, cap) == train.parameters


@pytest.mark.parametrize("shape", [*SHAPES, (4, 4, 4, 4), (8, 9, 7)])
@pytest.mark.parametrize("ratio", [0.05, 0.2, 0.37, 0.5, 0.8, 1.0])
def test_rank_for_ratio_by_exhaustive_search(shape, ratio):
    size = prod(shape)
    top = max(tt.feasible_ranks(shape, None), default=1)
    fits = [
        cap
        for cap in range(1, top + 1)
        if tt.parameter_count(shape, cap) <= ratio * size
    ]
    if fits:
        assert tt.rank_for_ratio(shape, ratio) == max(fits)
    else:
        with pytest.raises(ValueError, match="ratio.*rank 1 stores"):
            tt.rank_for_ratio(shape, ratio)


@pytest.mark.parametrize("ratio", [0.0, -0.1, 1.01, float("nan")])
def test_a_ratio_out_of_range_is_refused(ratio):
    with pytest.raises(ValueError, match="ratio must lie"):
        tt.rank_for_ratio((4, 4), ratio)


@pytest.mark.parametrize("cap", [0, -3, (2, 0), [2, -1]])
def test_a_cap_below_one_is_refused(cap):
    for call in (
        lambda: tt.feasible_ranks((3, 3, 3), cap),
        lambda: tt.svd(torch.zeros(3, 3, 3), max_rank=cap),
        lambda: tt.round(tt.svd(torch.zeros(3, 3, 3)), max_rank=cap),
    ):
        with pytest.raises(ValueError, match="rank must be"):
            call()


@pytest.mark.parametrize("cap", [(2,), (2, 2, 2), ()])
def test_a_wrong_number_of_caps_is_refused(cap):
    with pytest.raises(ValueError, match="one cap per bond, 2 of them"):
        tt.feasible_ranks((3, 3, 3), cap)


@pytest.mark.parametrize("rtol", [-0.1, float("nan")])
def test_a_bad_tolerance_is_refused(rtol):
    train = tt.svd(torch.ones(2, 2))
    with pytest.raises(ValueError, match="rtol must"):
        tt.svd(torch.ones(2, 2), rtol=rtol)
    with pytest.raises(ValueError, match="rtol must"):
        tt.round(train, rtol=rtol)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([], "cores is empty"),
        ([(1, 2, 3), (3, 2)], "core 1 has 2 axes"),
        ([(1, 2, 3), (2, 2, 1)], "core 1 starts with rank 2.*rank 3"),
        ([(2, 2, 1)], "core 0 starts with rank 2"),
        ([(1, 2, 2)], "must end with rank 1, not 2"),
    ],
)
def test_a_train_that_does_not_join_is_refused(shapes, message):
    with pytest.raises(ValueError, match=message):
        tt.TTCores(tuple(torch.zeros(shape) for shape in shapes))
