"""The V block: four tests, over cases, layers and precisions."""

from functools import cache

import numpy as np
import pytest
import torch
from cases import CASES, DTYPES, LOSSES
from oracles import descend, energy, gradient, map_matrix, stacked
from problems import build, layers_of, snapshot, unchanged, widen
from scipy import optimize

from nnbcd import ReLU, objective
from nnbcd.blocks import v

TOLERANCE = {"float64": 1e-11, "float32": 2e-5}


def is_hidden(problem, i):
    return i < problem.depth - 1


def is_output(problem, i):
    return not is_hidden(problem, i)


HIDDEN = layers_of(CASES, is_hidden)
OUTPUT = layers_of(CASES, is_output)
SMOOTH = [(name, i) for name, i in OUTPUT if name != "loss-hinge"]
every_dtype = pytest.mark.parametrize("dtype", DTYPES)
cached = cache(build)


@every_dtype
@pytest.mark.parametrize(("case", "i"), HIDDEN + SMOOTH)
def test_gradient_is_zero(case, i, dtype):
    problem, state = cached(case, dtype)
    new = v.update(problem, state, i)
    f = energy(problem, state, i, "v")
    (at_old,), (at_new,) = gradient(f, state.v[i]), gradient(f, new)
    scale = at_old.abs().max() + new.abs().max().double()
    assert at_new.abs().max() <= 10 * TOLERANCE[dtype] * scale


@every_dtype
@pytest.mark.parametrize(("case", "i"), HIDDEN)
def test_hidden_layer_against_least_squares(case, i, dtype):
    problem, state = cached(case, dtype)
    new = v.update(problem, state, i)
    assert new.dtype == DTYPES[dtype]
    gamma, rho = problem.layers[i].gamma, problem.layers[i + 1].rho
    wide, exact = widen(problem, state)
    linear, b = wide.maps[i + 1], exact.b[i + 1]
    matrix = map_matrix(linear, exact.w[i + 1].numpy())
    bias = 0.0
    if b is not None:
        bias = np.repeat(b.numpy(), linear.rows_per_sample)
    wanted = wide.network.activations[i](exact.u[i]).numpy()
    for row, u, s in zip(
        new.double().numpy(), exact.u[i + 1].numpy(), wanted, strict=True
    ):
        rows, right = stacked(
            [(gamma, np.eye(len(s)), s), (rho, matrix, u - bias)]
        )
        answer, *_ = np.linalg.lstsq(rows, right)
        np.testing.assert_allclose(row, answer, atol=20 * TOLERANCE[dtype])


def lowest(loss, y, k, z, w):
    """Minimiser over one entry of an uncoupled loss, by a search."""

    def value(x):
        if loss == "squared":
            return 0.5 * (x - y[k]) ** 2 + 0.5 * w * (x - z[k]) ** 2
        return max(0.0, 1 - y[k] * x) + 0.5 * w * (x - z[k]) ** 2

    reach = (z[k] - 2 / w - 2, z[k] + 2 / w + 2)
    options = {"xatol": 1e-12}
    return optimize.minimize_scalar(
        value, bounds=reach, method="bounded", options=options
    ).x


def newton(y, z, w):
    """Minimiser of the cross-entropy over one row, with its Hessian."""
    x = z.copy()
    for _ in range(200):
        p = np.exp(x - x.max())
        p /= p.sum()
        slope = p - y + w * (x - z)
        hessian = np.diag(p) - np.outer(p, p) + w * np.eye(len(z))
        x = x - 0.5 * np.linalg.solve(hessian, slope)
    return x


@every_dtype
@pytest.mark.parametrize("loss", LOSSES)
def test_output_layer_row_by_row(loss, dtype):
    problem, state = cached(f"loss-{loss}", dtype)
    new = v.update(problem, state, 2).double().numpy()
    weights = problem.layers[2]
    wide, exact = widen(problem, state)
    w = weights.gamma + weights.alpha
    centre = weights.gamma * exact.u[2] + weights.alpha * exact.v[2]
    for row, y, z in zip(
        new, wide.y.numpy(), (centre / w).numpy(), strict=True
    ):
        if loss == "cross-entropy":
            answer = newton(y, z, w)
        else:
            answer = [lowest(loss, y, k, z, w) for k in range(len(z))]
        np.testing.assert_allclose(row, answer, atol=2e-5)


@pytest.mark.parametrize(("case", "i"), HIDDEN + OUTPUT)
def test_no_optimiser_finds_less(case, i):
    problem, state = cached(case)
    f = energy(problem, state, i, "v")
    best = float(f(v.update(problem, state, i)))
    generator = torch.Generator().manual_seed(0)
    start = torch.randn(state.v[i].shape, generator=generator)
    assert best <= descend(f, 3 * start) + 1e-12 * abs(best)


@every_dtype
@pytest.mark.parametrize(("case", "i"), HIDDEN + OUTPUT)
def test_objective_falls_by_the_guarantee(case, i, dtype):
    problem, state = cached(case, dtype)
    new = v.update(problem, state, i)
    step = (new - state.v[i]).square().sum(dtype=torch.float64)
    wide, exact = widen(problem, state)
    before = objective.value(wide, exact)
    after = objective.value(wide, exact.put(i, v=new.double()))
    promised = v.guarantee(problem, i) * step
    assert step > 0
    assert before - after >= promised - TOLERANCE[dtype] * before


@pytest.mark.parametrize(("case", "i"), HIDDEN + OUTPUT)
def test_nothing_is_changed(case, i):
    problem, state = build(case)
    before = snapshot(problem, state)
    new = v.update(problem, state, i)
    assert unchanged(before, problem, state)
    assert new.data_ptr() not in {t.data_ptr() for t, *_ in before}


@pytest.mark.parametrize("case", ["plain", "growing"])
def test_both_systems_give_the_same(case):
    problem, state = cached(case)
    i = 0
    w = state.w[1].numpy()  # (d_out, d_in): the rule looks at the smaller
    gamma, rho = problem.layers[0].gamma, problem.layers[1].rho
    s = ReLU()(state.u[0]).numpy()
    t = (state.u[1] - state.b[1]).numpy()
    long = np.linalg.solve(
        gamma * np.eye(w.shape[1]) + rho * w.T @ w,
        (gamma * s + rho * t @ w).T,
    ).T
    short = np.linalg.solve(
        w @ w.T + gamma / rho * np.eye(w.shape[0]), (t - s @ w.T).T
    ).T
    new = v.update(problem, state, i).numpy()
    np.testing.assert_allclose(new, long, atol=1e-12)
    np.testing.assert_allclose(new, s + short @ w, atol=1e-12)
