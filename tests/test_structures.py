"""The sets: members, projections, counts, and what they refuse."""

from math import prod

import jaxtyping
import numpy as np
import pytest
import torch

from nnbcd import Free, LowRank, Sparse, TensorTrain, tensor_train
from nnbcd.structures import factorise

KINDS = {
    "free": Free(),
    "sparse": Sparse(0.7),
    "very-sparse": Sparse(0.999),
    "dense": Sparse(0.0),
    "low-rank": LowRank(2),
    "train": TensorTrain(2),
    "capped-bonds": TensorTrain((2, 1, 2), modes=(2, 3, 4, 3)),
    "pairs": TensorTrain(2, pairs=((2, 3), (3, 4))),
    "tolerant": TensorTrain(9, rtol=0.3),
}
SHAPE = (6, 12)
every = pytest.mark.parametrize("name", KINDS)


@pytest.fixture(autouse=True)
def no_shape_checker(monkeypatch):
    """What users see, who have no checker before our own sentences."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


def normal(*shape, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(shape, generator=generator, dtype=torch.float64)
    return x.to(dtype)


@every
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_a_projection_is_a_member_and_stays(name, dtype):
    kind = KINDS[name]
    kind.validate(SHAPE)
    point = kind.project(normal(*SHAPE, dtype=dtype))
    assert point.dense.shape == SHAPE
    assert point.dense.dtype == dtype
    if point.mask is not None:
        assert int(point.mask.sum()) == kind.count(SHAPE)
        assert not point.dense[~point.mask].any()
    if point.cores is not None:
        back = kind.to_matrix(point.cores.to_dense(), SHAPE)
        assert torch.equal(back, point.dense)
    again = kind.project(point.dense)
    tolerance = 1e-12 if dtype == torch.float64 else 1e-5
    torch.testing.assert_close(
        again.dense, point.dense, rtol=0, atol=tolerance
    )


@every
def test_count_is_what_a_random_member_stores(name):
    kind = KINDS[name]
    point = kind.project(normal(*SHAPE))
    stored = int((point.dense != 0).sum())
    if point.cores is not None:
        stored = point.cores.parameters
    if name == "tolerant":
        assert stored <= kind.count(SHAPE)
    else:
        assert stored == kind.count(SHAPE)


@every
def test_only_free_is_free_and_only_trains_are_inexact(name):
    kind = KINDS[name]
    assert kind.free == (name == "free")
    trains = ("train", "capped-bonds", "pairs", "tolerant")
    assert kind.exact == (name not in trains)


@pytest.mark.parametrize("name", ["sparse", "low-rank", "very-sparse"])
def test_an_exact_projection_is_nearest(name):
    kind, w = KINDS[name], normal(*SHAPE)
    best = (w - kind.project(w).dense).norm()
    for seed in range(200):
        other = kind.project(w + 0.5 * normal(*SHAPE, seed=seed + 1))
        assert best <= (w - other.dense).norm() * (1 + 1e-12)


def test_low_rank_is_the_truncated_svd():
    w = normal(*SHAPE)
    left, s, right = np.linalg.svd(w.numpy(), full_matrices=False)
    for rank in range(1, 7):
        answer = (left[:, :rank] * s[:rank]) @ right[:rank]
        found = LowRank(rank).project(w).dense.numpy()
        np.testing.assert_allclose(found, answer, atol=1e-12)


@pytest.mark.parametrize("name", ["train", "capped-bonds", "pairs"])
def test_matrix_and_tensor_are_the_same_numbers(name):
    kind = KINDS[name]
    w = torch.arange(prod(SHAPE), dtype=torch.float64).reshape(SHAPE)
    tensor = kind.to_tensor(w)
    assert tensor.shape == kind.tensor_shape(SHAPE)
    assert torch.equal(kind.to_matrix(tensor, SHAPE), w)
    assert torch.equal(tensor.reshape(-1).sort().values, w.reshape(-1))


def test_pairs_put_row_and_column_digits_side_by_side():
    kind = TensorTrain(2, pairs=((2, 3), (3, 4)))
    w = normal(6, 12)
    tensor = kind.to_tensor(w)
    assert tensor.shape == (6, 12)
    for i in range(6):
        for j in range(12):
            (i1, i2), (j1, j2) = divmod(i, 3), divmod(j, 4)
            assert tensor[i1 * 3 + j1, i2 * 4 + j2] == w[i, j]


def test_pairs_hold_a_kronecker_product_at_rank_one():
    a, b = normal(2, 3), normal(3, 4, seed=1)
    w = torch.kron(a, b)
    kind = TensorTrain(1, pairs=((2, 3), (3, 4)))
    torch.testing.assert_close(kind.project(w).dense, w)
    assert torch.linalg.matrix_rank(w) > 1


def test_default_modes_part_rows_from_columns():
    assert TensorTrain(2).tensor_shape((64, 30)) == (4, 4, 4, 2, 3, 5)
    assert TensorTrain(2).tensor_shape((1, 7)) == (1, 7)
    assert LowRank(2).tensor_shape((64, 30)) == (64, 30)


@pytest.mark.parametrize("n", [1, 2, 7, 12, 97, 360, 1024])
def test_factorise(n):
    factors = factorise(n)
    assert prod(factors) == n
    primes = {p for p in range(2, n + 1) if all(p % q for q in range(2, p))}
    assert all(f <= 4 or f in primes or n == 1 for f in factors)


@pytest.mark.parametrize(
    ("sparsity", "kept"),
    [(0.0, 72), (0.5, 36), (0.9, 7), (0.98, 1), (0.9999, 1)],
)
def test_kept_entries_are_rounded_and_at_least_one(sparsity, kept):
    assert Sparse(sparsity).count(SHAPE) == kept


@every
def test_tangent_keeps_directions_that_stay(name):
    """Moving along the set is tangent; the length is kept."""
    kind = KINDS[name]
    point = kind.project(normal(*SHAPE))
    if name == "tolerant":
        kind = TensorTrain(point.cores.ranks)
    h = 1e-6
    moved = kind.project(point.dense + h * normal(*SHAPE, seed=1)).dense
    along = (moved - point.dense) / h
    found = kind.tangent(along, point).norm()
    torch.testing.assert_close(found, along.norm(), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["sparse", "low-rank", "train", "pairs"])
def test_what_a_projection_leaves_is_normal(name):
    kind, w = KINDS[name], normal(*SHAPE)
    point = kind.project(w)
    if kind.exact:
        rest = kind.tangent(w - point.dense, point)
        assert rest.norm() <= 1e-12
    inside = kind.tangent(point.dense, point)
    torch.testing.assert_close(inside.norm(), point.dense.norm())


@every
@pytest.mark.parametrize("alpha", [0.0, 0.5])
def test_refine_lowers_its_objective_by_the_guarantee(name, alpha):
    kind, w, weight = KINDS[name], normal(*SHAPE), 1.3
    start = kind.project(normal(*SHAPE, seed=1))
    new, step = kind.refine(w, start, weight, alpha)
    before, after = (
        weight / 2 * (w - x.dense).square().sum() for x in (start, new)
    )
    assert before - after >= alpha / 2 * step - 1e-12 * before
    assert step > 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Sparse(1.0), "sparsity must lie in"),
        (lambda: Sparse(-0.1), "sparsity must"),
        (lambda: Sparse(float("nan")), "sparsity must"),
        (lambda: Sparse("0.5"), "sparsity must"),
        (lambda: TensorTrain(0), "rank must"),
        (lambda: TensorTrain((2, 0)), "rank must"),
        (lambda: TensorTrain(2.5), "rank must"),
        (lambda: TensorTrain("3"), "rank must"),
        (lambda: TensorTrain(None), "rank must"),
        (lambda: TensorTrain(True), "rank must"),
        (lambda: TensorTrain(2, modes=(4, 0)), "modes must"),
        (lambda: TensorTrain(2, modes=16), "modes must"),
        (lambda: TensorTrain(2, modes=(4.0, 4.0)), "modes must"),
        (lambda: TensorTrain(2, pairs=(2, 2)), "pairs must"),
        (lambda: TensorTrain(2, pairs=((2, 2, 2),)), "pairs needs"),
        (lambda: TensorTrain(2, pairs=((2, -2),)), "pairs must"),
        (
            lambda: TensorTrain(2, modes=(2, 2), pairs=((2, 1), (1, 2))),
            "modes and pairs exclude",
        ),
        (lambda: TensorTrain(2, rtol=-0.1), "rtol must"),
        (lambda: TensorTrain(2, rtol=float("inf")), "rtol must"),
        (lambda: LowRank(0), "rank must"),
        (lambda: LowRank(None), "rank must"),
        (lambda: LowRank(2, modes=(2, 2)), "LowRank takes rank only"),
        (lambda: LowRank(2, rtol=0.1), "LowRank takes rank only"),
    ],
)
def test_a_bad_description_is_refused_by_name(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (TensorTrain(2, modes=(2, 3)), r"modes \(2, 3\) multiply to 6"),
        (TensorTrain(2, pairs=((2, 2), (3, 5))), "6 x 10.*is 6 x 12"),
        (TensorTrain(2, pairs=((2, 3), (2, 4))), "multiply to 4 x 12"),
        (TensorTrain((2, 2), modes=(6, 12)), "one cap per bond, 1 of them"),
        (TensorTrain(2, modes=()), "modes"),
    ],
)
def test_a_shape_that_does_not_fit_is_refused(kind, message):
    with pytest.raises(ValueError, match=message):
        kind.validate(SHAPE)


def test_descriptions_are_values():
    assert TensorTrain([2, 2]) == TensorTrain((2, 2))
    assert hash(TensorTrain(2, modes=[4, 4]))
    assert hash(TensorTrain(2, pairs=[[2, 2], [2, 2]]))
    assert Sparse(0.5) != Sparse(0.6)
    rounded = tensor_train.round(TensorTrain(2).project(normal(4, 4)).cores)
    assert rounded.shape == (4, 4)
