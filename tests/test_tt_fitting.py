"""Alternating least squares and the tangent space of a train."""

import numpy as np
import pytest
import torch
from test_tensor_train import EPS, every_dtype, normal, random_train

from nnbcd import tensor_train as tt
from nnbcd.tensor_train.tangent_space import TangentSpace

RANKS = [(1, 1, 1), (2, 3, 2), (2, 1, 2), (3, 4, 3)]
SHAPE = (3, 4, 2, 3)


def jacobian(train):
    """Derivative of the dense form in every core entry, exactly.

    The dense form is linear in each core, so unit cores give columns.
    """
    columns = []
    for k, core in enumerate(train.cores):
        for j in range(core.numel()):
            unit = torch.zeros(core.numel(), dtype=core.dtype)
            unit[j] = 1
            cores = list(train.cores)
            cores[k] = unit.reshape(core.shape)
            columns.append(tt.TTCores(tuple(cores)).to_dense().reshape(-1))
    return torch.stack(columns, dim=1).numpy()


@pytest.mark.parametrize("ranks", RANKS)
def test_tangent_is_the_projection_on_the_jacobians_range(ranks):
    train = random_train(SHAPE, ranks)
    matrix = jacobian(train)
    for seed in range(3):
        x = normal(*SHAPE, seed=10 + seed)
        flat = x.reshape(-1).numpy()
        solution, *_ = np.linalg.lstsq(matrix, flat, rcond=1e-10)
        projected = matrix @ solution
        found = tt.tangent(x, train)
        norm = np.linalg.norm(projected)
        assert float(found.norm()) == pytest.approx(norm, rel=1e-10)
        # Linear, and all of a tangent vector is kept.
        inside = torch.from_numpy(projected.reshape(SHAPE))
        torch.testing.assert_close(tt.tangent(inside, train), found)
        normal_part = x - inside
        assert float(tt.tangent(normal_part, train).norm()) <= 1e-10


def test_tangent_coordinates_are_orthonormal():
    train = random_train(SHAPE, (2, 3, 2))
    size = 72
    basis = torch.eye(size, dtype=torch.float64).reshape(size, *SHAPE)
    frame = torch.stack([tt.tangent(x, train) for x in basis], dim=1)
    projector = frame.mT @ frame
    torch.testing.assert_close(projector @ projector, projector)
    # Its rank: core entries less the gauge freedom r^2 of every bond.
    dimension = train.parameters - sum(r * r for r in train.ranks)
    assert round(float(projector.trace())) == dimension
    assert dimension == np.linalg.matrix_rank(jacobian(train))


@pytest.mark.parametrize("ranks", RANKS)
def test_spread_and_gather_are_adjoint_and_project(ranks):
    space = TangentSpace(random_train(SHAPE, ranks))
    x, y = normal(*SHAPE, seed=20), normal(*SHAPE, seed=21)
    coordinates = space.gather(x)
    inside = space.spread(coordinates)
    left = (inside * y).sum()
    pairs = zip(coordinates, space.gather(y), strict=True)
    torch.testing.assert_close(left, sum((a * b).sum() for a, b in pairs))
    again = space.spread(space.gather(inside))
    torch.testing.assert_close(again, inside)
    torch.testing.assert_close((inside * (x - inside)).sum(), 0 * left)


@pytest.mark.parametrize("ranks", RANKS)
def test_retraction_follows_the_tangent_to_first_order(ranks):
    train = random_train(SHAPE, ranks)
    space, dense = TangentSpace(train), train.to_dense()
    moves = space.gather(normal(*SHAPE, seed=20))
    gaps = []
    for h in (1e-2, 1e-3):
        point = space.retract([h * move for move in moves])
        assert point.ranks == ranks
        wanted = dense + h * space.spread(moves)
        gaps.append(float((point.to_dense() - wanted).norm()))
    assert gaps[1] <= 0.02 * gaps[0]  # a hundredth: second order


def test_tangent_of_a_matrix_is_the_textbook_one():
    u, v = normal(5, 2), normal(2, 4, seed=1)
    train = tt.TTCores((u[None], v[:, :, None]))
    x = normal(5, 4, seed=2)
    left = u @ torch.linalg.solve(u.mT @ u, u.mT)
    right = v.mT @ torch.linalg.solve(v @ v.mT, v)
    wanted = left @ x + x @ right - left @ x @ right
    found = tt.tangent(x, train)
    torch.testing.assert_close(found.norm(), wanted.norm())


@every_dtype
@pytest.mark.parametrize("alpha", [0.0, 0.3, 5.0])
@pytest.mark.parametrize("ranks", RANKS)
def test_als_falls_by_its_guarantee(ranks, alpha, dtype):
    weight = 1.7
    target = normal(*SHAPE, seed=3, dtype=dtype)
    train = random_train(SHAPE, ranks, dtype=dtype)
    error = (target - train.to_dense()).double().square().sum()
    for _ in range(6):
        train, steps = tt.als(target, train, weight=weight, alpha=alpha)
        assert train.ranks == ranks
        after = (target - train.to_dense()).double().square().sum()
        fall = weight / 2 * (error - after)
        promised = (alpha + weight / 2) * steps
        assert fall >= promised - 10 * EPS[dtype] * error
        error = after


def test_als_without_a_pull_falls_by_exactly_its_guarantee():
    target, train = normal(*SHAPE, seed=3), random_train(SHAPE, (2, 3, 2))
    better, steps = tt.als(target, train, weight=2.0)
    errors = [(target - x.to_dense()).square().sum() for x in (train, better)]
    torch.testing.assert_close(errors[0] - errors[1], steps)


def test_als_recovers_a_train():
    target = random_train(SHAPE, (2, 2, 2)).to_dense()
    train = random_train(SHAPE, (2, 2, 2), seed=50)
    for _ in range(200):
        train, _ = tt.als(target, train)
    error = (target - train.to_dense()).norm() / target.norm()
    assert error <= 1e-8


def test_als_beats_svd_from_svd():
    worse = 0
    for seed in range(10):
        target = normal(*SHAPE, seed=seed)
        train = tt.svd(target, max_rank=2)
        start = float((target - train.to_dense()).norm())
        for _ in range(30):
            train, _ = tt.als(target, train)
        end = float((target - train.to_dense()).norm())
        assert end <= start * (1 + 1e-12)
        worse += start > end * (1 + 1e-6)
    assert worse > 5  # TT-SVD is only quasi-optimal


def test_a_huge_pull_keeps_the_start():
    target, train = normal(*SHAPE, seed=3), random_train(SHAPE, (2, 3, 2))
    same, steps = tt.als(target, train, weight=1.0, alpha=1e12)
    torch.testing.assert_close(same.to_dense(), train.to_dense())
    assert float(steps) <= 1e-18


def test_als_of_a_single_core_is_the_target():
    target = normal(6)
    train, steps = tt.als(target, tt.svd(normal(6, seed=1)))
    torch.testing.assert_close(train.to_dense(), target)
    moved = (target - normal(6, seed=1)).square().sum()
    torch.testing.assert_close(steps, moved)


def test_als_takes_more_rank_than_the_shape_can_use():
    target, train = normal(2, 2, 20), random_train((2, 2, 20), (2, 9))
    better, _ = tt.als(target, train)
    assert better.ranks == (2, 4)
    torch.testing.assert_close(better.to_dense(), target)


def test_als_from_zero_stays_finite():
    zero = tt.svd(torch.zeros((3, 4, 3), dtype=torch.float64), max_rank=2)
    target = normal(3, 4, 3)
    train, _ = tt.als(target, zero)
    train, _ = tt.als(target, train)
    assert torch.isfinite(train.to_dense()).all()


def test_als_leaves_its_inputs_alone():
    target, train = normal(*SHAPE, seed=3), random_train(SHAPE, (2, 3, 2))
    before = [core.clone() for core in train.cores]
    tt.als(target, train)
    tt.tangent(target, train)
    tt.round(train, max_rank=1)
    for core, copy in zip(train.cores, before, strict=True):
        assert torch.equal(core, copy)
        assert core._version == 0


def test_weights_that_ask_for_nothing_are_refused():
    train = random_train(SHAPE, (2, 3, 2))
    with pytest.raises(ValueError, match="weight"):
        tt.als(normal(*SHAPE), train, weight=0.0, alpha=0.0)
