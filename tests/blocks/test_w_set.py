"""The W block of the constraint coupling: W stays in its set and falls."""

from dataclasses import replace

import jaxtyping
import numpy as np
import pytest
import torch
from cases import CASES, DTYPES, PER_LAYER, WEIGHTS
from oracles import descend, energy, gradient
from problems import make, random_state, snapshot, unchanged, widen

from nnbcd import objective
from nnbcd.blocks import w, w_set
from nnbcd.sweep import sweep

TOLERANCE = {"float64": 1e-11, "float32": 2e-5}
# The block adds a proximal weight of 1e-10 of the mean diagonal.
FLOOR = 1e-8
KINDS = ["sparse", "low-rank", "train", "rank-one"]
PLACES = {
    "plain": {},
    "no-bias": {"bias": False},
    "few-rows": CASES["few-rows"],
    "one-sample": {"n": 1},
    "width-one": {"widths": (1, 1, 1, 1), "n": 5},
    "ridge": {"weights": {**WEIGHTS, "ridge": 0.8}},
    "per-layer": {"weights": PER_LAYER, "n": 30},
}
every_kind = pytest.mark.parametrize("kind", KINDS)
every_place = pytest.mark.parametrize("place", PLACES)


def start(kind, place, dtype="float64", seed=1):
    options = {**PLACES[place], "structure": kind, "dtype": dtype}
    _, problem = make(coupling="constraint", **options)
    state = random_state(problem, seed)
    members = [
        weight if copy is None else copy.dense
        for weight, copy in zip(state.w, state.g, strict=True)
    ]
    return problem, replace(state, w=tuple(members))


def moved(problem, state, i):
    data = w.regression(problem, state, i)
    return w_set.update(problem, state, i, data)


@every_kind
@every_place
@pytest.mark.parametrize("dtype", DTYPES)
def test_objective_falls_by_the_guarantee_inside_the_set(kind, place, dtype):
    problem, state = start(kind, place, dtype)
    for i in range(2):
        before = snapshot(problem, state)
        new, b = moved(problem, state, i)
        assert unchanged(before, problem, state)
        again = problem.network.structures[i].project(new.dense).dense
        torch.testing.assert_close(again, new.dense, rtol=1e-5, atol=1e-6)
        wide, exact = widen(problem, state)
        phi = objective.value(wide, exact)
        step = (new.dense - state.w[i]).double().square().sum()
        change = {"w": new.dense.double()}
        if b is not None:
            step = step + (b - state.b[i]).double().square().sum()
            change["b"] = b.double()
        fall = phi - objective.value(wide, exact.put(i, **change))
        assert step > 0
        promised = w_set.guarantee(problem, i) * step
        assert fall >= promised - TOLERANCE[dtype] * phi


@every_kind
@every_place
def test_the_bias_is_the_best_for_its_weight(kind, place):
    problem, state = start(kind, place)
    for i in range(2):
        new, b = moved(problem, state, i)
        f = energy(problem, state, i, "w")
        at_old = gradient(f, state.w[i], state.b[i])
        at_new = gradient(f, new.dense, b)
        if b is not None:
            scale = at_old[1].abs().max() + 1
            assert at_new[1].abs().max() <= FLOOR * scale


@every_place
def test_sparse_values_are_the_best_on_their_support(place):
    problem, state = start("sparse", place)
    for i in range(2):
        new, b = moved(problem, state, i)
        f = energy(problem, state, i, "w")
        slope = gradient(f, new.dense, b)[0]
        scale = gradient(f, state.w[i], state.b[i])[0].abs().max()
        assert slope[new.mask].abs().max() <= FLOOR * scale
        assert not new.dense[~new.mask].any()
        k = problem.network.structures[i].count(tuple(new.mask.shape))
        assert int(new.mask.sum()) == k


@every_place
@pytest.mark.parametrize("seed", [0, 1])
def test_no_optimiser_finds_a_better_low_rank_weight(place, seed):
    problem, state = start("low-rank", place)
    generator = torch.Generator().manual_seed(seed)
    for i in range(2):
        new, b = moved(problem, state, i)
        f = energy(problem, state, i, "w")
        best = float(f(new.dense, b))
        q, p = state.w[i].shape
        rank = min(2, q, p)

        def factored(left, right, bias, f=f):
            return f(left @ right, bias)

        found = descend(
            factored,
            torch.randn((q, rank), generator=generator).double(),
            torch.randn((rank, p), generator=generator).double(),
            state.b[i],
        )
        assert best <= found * (1 + FLOOR)


@pytest.mark.parametrize("kind", ["train", "rank-one"])
@pytest.mark.parametrize("place", ["plain", "no-bias", "few-rows"])
def test_repeated_passes_reach_a_critical_train(kind, place, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    problem, state = start(kind, place)
    # No proximal term, which would move along; a ridge keeps it definite.
    layers = [replace(p, alpha=0.0, ridge=1e-3) for p in problem.layers]
    problem = replace(problem, layers=tuple(layers))
    here, values = state, []
    for _ in range(120):
        new, b = moved(problem, here, 0)
        here = here.put(0, w=new.dense, b=b, g=new)
        values.append(float(objective.value(problem, here)))
    pairs = zip(values, values[1:], strict=False)
    assert all(after <= before * (1 + 1e-11) for before, after in pairs)
    f = energy(problem, here, 0, "w")
    slope = gradient(f, here.w[0], here.b[0])[0]
    along = problem.network.structures[0].tangent(slope, here.g[0])
    first = gradient(f, state.w[0], state.b[0])[0]
    assert along.norm() <= 1e-3 * first.norm()


def test_a_sweep_keeps_weights_and_members_together():
    problem, state = start("sparse", "plain")
    for after, update in sweep(problem, state):
        assert update.block != "G"
        for weight, copy in zip(after.w, after.g, strict=True):
            assert copy is None or weight is copy.dense
        assert update.before - update.after >= update.guaranteed * (1 - 1e-9)


def test_singular_systems_stay_finite():
    """No proximal term, no ridge, fewer rows than unknowns."""
    options = {"weights": {**WEIGHTS, "alpha": 0.0}, "n": 2, "bias": False}
    for kind in KINDS:
        _, problem = make(coupling="constraint", structure=kind, **options)
        state = random_state(problem)
        state = replace(
            state,
            w=tuple(
                x if g is None else g.dense
                for x, g in zip(state.w, state.g, strict=True)
            ),
        )
        before = float(objective.value(problem, state))
        new, _ = moved(problem, state, 0)
        assert torch.isfinite(new.dense).all(), kind
        after = objective.value(problem, state.put(0, w=new.dense))
        assert float(after) <= before * (1 + 1e-10), kind
        assert np.isfinite(before)
