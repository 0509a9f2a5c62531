"""The W block: four tests, over cases, layers and precisions."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from cases import CASES, DTYPES, WEIGHTS
from oracles import descend, energy, gradient, loop_rows, stacked
from problems import (
    build,
    layers_of,
    make,
    random_state,
    snapshot,
    unchanged,
    widen,
)

import nnbcd.problem
from nnbcd import objective
from nnbcd.blocks import w

TOLERANCE = {"float64": 1e-11, "float32": 2e-5}
PAIRS = layers_of(CASES, lambda problem, i: True)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_pair = pytest.mark.parametrize(("case", "i"), PAIRS)
cached = cache(build)


@every_dtype
@every_pair
def test_gradient_is_zero(case, i, dtype):
    problem, state = cached(case, dtype)
    f = energy(problem, state, i, "w")
    at_old = gradient(f, state.w[i], state.b[i])
    at_new = gradient(f, *w.update(problem, state, i))
    scale = max(g.abs().max() for g in at_old)
    assert scale > 0
    for g in at_new:
        assert g.abs().max() <= 10 * TOLERANCE[dtype] * scale


@every_dtype
@every_pair
def test_row_by_row_against_least_squares(case, i, dtype):
    problem, state = cached(case, dtype)
    new_w, new_b = w.update(problem, state, i)
    assert new_w.dtype == DTYPES[dtype]
    assert (new_b is None) == (state.b[i] is None)
    wide, exact = widen(problem, state)
    p, linear = wide.layers[i], wide.maps[i]
    v = objective.features(wide, exact, i).numpy()
    a = loop_rows(linear, v)
    eye = np.eye(a.shape[1])
    if new_b is not None:
        a = np.column_stack([a, np.ones(len(a))])
        eye = np.column_stack([eye, np.zeros(len(eye))])
    channels = len(new_w)
    targets = exact.u[i].numpy().reshape(len(v), channels, -1)
    for k in range(channels):
        blocks = [
            (p.rho, a, targets[:, k].reshape(-1)),
            (p.alpha, eye, exact.w[i][k].numpy()),
            (p.ridge, eye, np.zeros(len(eye))),
        ]
        if exact.g[i] is not None:
            blocks.append((p.tau, eye, exact.g[i].dense[k].numpy()))
        row = new_w[k].double().numpy()
        if new_b is not None:
            last = np.zeros((1, a.shape[1]))
            last[0, -1] = 1
            blocks.append((p.alpha, last, exact.b[i][k : k + 1].numpy()))
            row = np.append(row, float(new_b[k]))
        answer, *_ = np.linalg.lstsq(*stacked(blocks))
        np.testing.assert_allclose(row, answer, atol=50 * TOLERANCE[dtype])


@every_pair
def test_no_optimiser_finds_less(case, i):
    problem, state = cached(case)
    f = energy(problem, state, i, "w")
    best = float(f(*w.update(problem, state, i)))
    generator = torch.Generator().manual_seed(0)
    start = [
        None if x is None else 3 * torch.randn(x.shape, generator=generator)
        for x in (state.w[i], state.b[i])
    ]
    assert best <= descend(f, *start) + 1e-12 * abs(best)


@every_dtype
@every_pair
def test_objective_falls_by_the_guarantee(case, i, dtype):
    problem, state = cached(case, dtype)
    new_w, new_b = w.update(problem, state, i)
    dw, db = new_w - state.w[i], None
    if new_b is not None:
        db = new_b - state.b[i]
    promised = w.guarantee(problem, i, dw, db)
    wide, exact = widen(problem, state)
    before = objective.value(wide, exact)
    b = None if new_b is None else new_b.double()
    after = objective.value(wide, exact.put(i, w=new_w.double(), b=b))
    assert dw.abs().max() > 0
    assert before - after >= promised - TOLERANCE[dtype] * before


def test_guarantee_counts_every_weight():
    problem, _ = cached("per-layer-sparse")
    dw, db = torch.full((2, 3), 2.0), torch.full((2,), 3.0)
    found = [float(w.guarantee(problem, i, dw, db)) for i in range(3)]
    # (alpha + (tau + ridge) / 2) dw^2 + alpha db^2; the last one is free.
    assert found == pytest.approx(
        [
            24 * (0.4 + 2.1 / 2) + 18 * 0.4,
            24 * (0.3 + 0.9) / 2,
            24 * (1.7 + 0.2 / 2) + 18 * 1.7,
        ]
    )


@every_pair
def test_nothing_is_changed(case, i):
    problem, state = build(case)
    before = snapshot(problem, state)
    new_w, new_b = w.update(problem, state, i)
    assert unchanged(before, problem, state)
    known = {t.data_ptr() for t, *_ in before}
    assert new_w.data_ptr() not in known
    assert new_b is None or new_b.data_ptr() not in known


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("structure", ["free", "sparse"])
def test_both_systems_give_the_same(bias, structure, monkeypatch):
    problem, state = build("few-rows", bias=bias, structure=structure)
    assert w.few_rows(problem, 0)
    assert w.few_rows(problem, 1)
    short = [w.update(problem, state, i) for i in range(2)]
    monkeypatch.setattr(w, "few_rows", lambda problem, i: False)
    for i, (new_w, new_b) in enumerate(short):
        long_w, long_b = w.update(problem, state, i)
        torch.testing.assert_close(new_w, long_w, rtol=0, atol=1e-12)
        if bias:
            torch.testing.assert_close(new_b, long_b, rtol=0, atol=1e-12)


@pytest.mark.parametrize("case", ["conv-first", "conv-hidden"])
def test_row_chunks_change_nothing(case, monkeypatch):
    problem, state = build(case)
    whole = [w.regression(problem, state, i) for i in range(problem.depth)]
    monkeypatch.setattr(nnbcd.problem, "CHUNK", 100)
    again = replace(problem)  # nothing cached
    assert len(nnbcd.problem.chunks(problem.maps[0], 9)) > 2
    for i, data in enumerate(whole):
        parts = w.regression(again, state, i)
        torch.testing.assert_close(parts.gram, data.gram)
        torch.testing.assert_close(parts.residual, data.residual)


def test_the_first_factor_is_made_once(monkeypatch):
    problem, state = build("plain")
    w.update(problem, state, 0)
    monkeypatch.setattr(nnbcd.problem, "gram", None)
    w.update(problem, random_state(problem, seed=5), 0)


def test_a_singular_system_is_named_or_rescued():
    weights = {**WEIGHTS, "alpha": 0.0}
    _, problem = make(n=2, weights=weights)
    state = random_state(problem)
    assert not w.few_rows(problem, 0)
    # Two rows for six unknowns: the jitter makes it solvable, exactly so.
    new_w, new_b = w.update(problem, state, 0)
    fitted = problem.maps[0].forward(problem.x, new_w, new_b)
    torch.testing.assert_close(fitted, state.u[0], rtol=0, atol=1e-6)
    bad = replace(problem, x=problem.x * float("nan"))
    with pytest.raises(OverflowError, match="not finite"):
        w.update(bad, state, 0)
