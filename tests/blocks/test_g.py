"""The G block: exact sets, and the three steps for tensor trains."""

import itertools
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from cases import DTYPES, PER_LAYER, WEIGHTS
from oracles import stacked
from problems import build, make, random_state, snapshot, unchanged, widen

from nnbcd import LowRank, Sparse, State, TensorTrain, objective
from nnbcd.blocks import g

SIZES = {
    "square": {"widths": (6, 6, 4, 3)},
    "wide": {"widths": (12, 4, 4, 2)},
    "tall": {"widths": (2, 9, 4, 2)},
    "column": {"widths": (1, 6, 1, 2)},
}
STEPS = ["svd", "guarded", "als"]
TOLERANCE = {"float64": 1e-12, "float32": 2e-6}
every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_size = pytest.mark.parametrize("size", SIZES)


@cache
def start(size, structure, g_step="guarded", dtype="float64"):
    _, problem = make(
        **SIZES[size], structure=structure, g_step=g_step, dtype=dtype
    )
    return problem, random_state(problem, seed=3)


def value(problem, state, i, dense):
    """tau/2 ||W - G||^2 + alpha/2 ||G - G_old||^2, written out."""
    p = problem.layers[i]
    pull = (state.w[i] - dense).double().square().sum()
    step = (dense - state.g[i].dense).double().square().sum()
    return float(0.5 * p.tau * pull + 0.5 * p.alpha * step)


def centre(problem, state, i):
    p = problem.layers[i]
    total = p.tau * state.w[i] + p.alpha * state.g[i].dense
    return total / (p.tau + p.alpha)


@every_dtype
@pytest.mark.parametrize("size", ["tall", "column"])
def test_sparse_is_the_best_of_all_supports(size, dtype):
    problem, state = start(size, "sparse", dtype=dtype)
    new, step = g.update(problem, state, 0)
    k = Sparse(0.6).count(tuple(new.mask.shape))
    assert int(new.mask.sum()) == k
    assert not new.dense[~new.mask].any()
    z, w, old = (
        x.double().numpy().reshape(-1)
        for x in (centre(problem, state, 0), state.w[0], state.g[0].dense)
    )
    supports = np.array(list(itertools.combinations(range(z.size), k)))
    members = np.zeros((len(supports), z.size))
    np.put_along_axis(members, supports, z[supports], axis=1)
    p = problem.layers[0]
    values = 0.5 * p.tau * ((members - w) ** 2).sum(1)
    values += 0.5 * p.alpha * ((members - old) ** 2).sum(1)
    best = value(problem, state, 0, new.dense)
    assert best == pytest.approx(values.min(), rel=TOLERANCE[dtype])
    moved = (new.dense - state.g[0].dense).square().sum()
    torch.testing.assert_close(step, moved)


@every_dtype
@every_size
def test_low_rank_is_the_truncated_svd(size, dtype):
    problem, state = start(size, "low-rank", dtype=dtype)
    for i in range(2):
        new, _ = g.update(problem, state, i)
        z = centre(problem, state, i).double().numpy()
        left, s, right = np.linalg.svd(z, full_matrices=False)
        answer = (left[:, :2] * s[:2]) @ right[:2]
        found = new.dense.double().numpy()
        np.testing.assert_allclose(found, answer, atol=20 * TOLERANCE[dtype])
        assert max(new.cores.ranks) <= 2


@pytest.mark.parametrize("kind", [Sparse(0.6), LowRank(1)])
def test_no_random_member_is_lower(kind):
    problem, state = start("wide", "sparse")
    layers = [replace(x, structure=kind) for x in problem.network.layers]
    network = type(problem.network)(problem.network.input_shape, layers)
    problem = replace(problem, network=network)
    state = random_state(problem, seed=3)
    new, _ = g.update(problem, state, 0)
    best = value(problem, state, 0, new.dense)
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):
        noise = torch.randn(new.dense.shape, generator=generator).double()
        other = kind.project(centre(problem, state, 0) + 0.3 * noise)
        assert best <= value(problem, state, 0, other.dense) + 1e-12


@every_dtype
@every_size
@pytest.mark.parametrize("g_step", STEPS)
@pytest.mark.parametrize(
    "structure", ["sparse", "low-rank", "train", "rank-one"]
)
def test_objective_falls_by_the_guarantee(structure, g_step, size, dtype):
    problem, state = start(size, structure, g_step, dtype)
    for i in range(2):
        before = snapshot(problem, state)
        new, step = g.update(problem, state, i)
        assert unchanged(before, problem, state)
        assert new.dense.dtype == DTYPES[dtype]
        wide, exact = widen(problem, state)
        phi = objective.value(wide, exact)
        moved = replace(new, dense=new.dense.double())
        fall = phi - objective.value(wide, exact.put(i, g=moved))
        promised = g.guarantee(problem, i) * step
        assert step >= 0
        if g_step != "svd" or structure in ("sparse", "low-rank"):
            assert g.guarantee(problem, i) == 0.4 / 2
            assert fall >= promised - TOLERANCE[dtype] * phi
        else:
            assert g.guarantee(problem, i) == 0.0


def in_cores(problem, state, i):
    """One ALS pass by dense least squares, core by core."""
    p, kind = problem.layers[i], problem.network.structures[i]
    target = kind.to_tensor(state.w[i]).reshape(-1).numpy()
    cores = [core.numpy().copy() for core in state.g[i].cores.cores]

    def full(parts):
        out = parts[0]
        for part in parts[1:]:
            out = np.tensordot(out, part, axes=1)
        return out.reshape(-1)

    for k, core in enumerate(cores):
        columns = []
        for j in range(core.size):
            unit = np.zeros(core.size)
            unit[j] = 1.0
            unit = unit.reshape(core.shape)
            columns.append(full([*cores[:k], unit, *cores[k + 1 :]]))
        jacobian = np.array(columns).T
        old = full(cores)
        answer, *_ = np.linalg.lstsq(
            *stacked([(p.tau, jacobian, target), (p.alpha, jacobian, old)])
        )
        cores[k] = answer.reshape(core.shape)
    dense = torch.from_numpy(full(cores))
    shape = tuple(state.w[i].shape)
    return kind.to_matrix(dense.reshape(kind.tensor_shape(shape)), shape)


@every_size
@pytest.mark.parametrize("structure", ["train", "rank-one"])
def test_als_against_dense_least_squares(size, structure):
    problem, state = start(size, structure, "als")
    for i in range(2):
        new, _ = g.update(problem, state, i)
        answer = in_cores(problem, state, i)
        torch.testing.assert_close(new.dense, answer, rtol=0, atol=1e-11)


@every_size
def test_svd_is_the_projection_of_the_weight(size):
    problem, state = start(size, "train", "svd")
    new, _ = g.update(problem, state, 0)
    answer = TensorTrain(2).project(state.w[0])
    torch.testing.assert_close(new.dense, answer.dense)


def test_guarded_takes_the_svd_only_where_it_falls_enough():
    """Kept; refused for too long a step; refused for a larger error.

    Either way a pass of ALS follows, from where the guard leaves the train.
    """
    seen = {"kept": 0, "too long": 0, "farther": 0}
    for alpha, seed in itertools.product([0.4, 2.0], range(24)):
        _, problem = make(
            **SIZES["square"],
            structure="train",
            weights={**WEIGHTS, "alpha": alpha},
        )
        state = random_state(problem, seed)
        for _ in range(seed % 8):  # closer and closer to the best train
            better, _ = g.update(replace(problem, g_step="als"), state, 0)
            state = state.put(0, g=better)
        new, step = g.update(problem, state, 0)
        tau, w, old = problem.layers[0].tau, state.w[0], state.g[0].dense
        svd = TensorTrain(2).project(centre(problem, state, 0))
        moved = (svd.dense - old).square().sum()
        before, after = (
            0.5 * tau * (w - x).square().sum() for x in (old, svd.dense)
        )
        if after + 0.5 * alpha * moved <= before:
            seen["kept"] += 1
            state = state.put(0, g=svd)
            assert step > moved
        else:
            seen["too long" if after <= before else "farther"] += 1
        als = in_cores(problem, state, 0)
        torch.testing.assert_close(new.dense, als, rtol=0, atol=1e-10)
    assert min(seen.values()) > 0, seen


def test_guarantee_is_per_layer():
    problem, _ = build("per-layer", structure="train")
    assert problem.layers[1].alpha == PER_LAYER["alpha"][1]
    assert g.guarantee(problem, 0) == pytest.approx(0.2)
    assert g.guarantee(problem, 1) == 0.0


def test_a_free_layer_has_no_g_block():
    problem, state = build("plain")
    assert isinstance(state, State)
    with pytest.raises(AssertionError, match="free"):
        g.update(problem, state, 0)
