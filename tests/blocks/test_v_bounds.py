"""The V block with a box: feasible, falling, and right in the limit."""

import numpy as np
import pytest
import torch
from oracles import descend, energy, gradient
from problems import build, snapshot, unchanged, widen
from scipy import optimize

from nnbcd import objective
from nnbcd.blocks import v

BOXES = {
    "sign": (0.0, float("inf")),
    "narrow": (-0.3, 0.4),
    "wide": (-50.0, 50.0),
}
NAMES = ["plain", "growing", "few-rows", "per-layer", "conv-hidden"]
every_box = pytest.mark.parametrize("box", BOXES)
every_case = pytest.mark.parametrize("case", NAMES)


@every_box
@every_case
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_inside_and_falling_by_the_guarantee(case, box, dtype):
    problem, state = build(case, dtype, v_bounds=BOXES[box])
    rounding = 1e-12 if dtype == "float64" else 1e-5
    lo, hi = BOXES[box]
    for i in range(problem.depth - 1):
        before = snapshot(problem, state)
        new = v.update(problem, state, i)
        assert unchanged(before, problem, state)
        assert new.min() >= lo
        assert new.max() <= hi
        step = (new - state.v[i]).square().sum(dtype=torch.float64)
        wide, exact = widen(problem, state)
        phi = objective.value(wide, exact)
        fall = phi - objective.value(wide, exact.put(i, v=new.double()))
        promised = v.guarantee(problem, i) * step
        assert step > 0
        assert fall >= promised - rounding * phi


def test_the_output_layer_has_no_box():
    problem, state = build("plain", v_bounds=(-0.1, 0.1))
    free, same = build("plain")
    i = problem.depth - 1
    new = v.update(problem, state, i)
    torch.testing.assert_close(new, v.update(free, same, i))
    assert new.abs().max() > 0.1


@every_box
@every_case
def test_repeated_steps_reach_the_constrained_minimum(case, box):
    problem, state = build(case, v_bounds=BOXES[box])
    lo, hi = BOXES[box]
    for i in range(problem.depth - 1):
        f = energy(problem, state, i, "v")
        x = state.v[i]
        for _ in range(60):
            x = v.update(problem, state.put(i, v=x), i)
        (g,) = gradient(f, x)
        # Optimal in a box: no entry can move downhill and stay inside.
        residual = x - (x - g).clamp(lo, hi)
        assert residual.abs().max() <= 1e-6

        def both(flat, f=f, shape=x.shape):
            at = torch.from_numpy(flat.copy()).reshape(shape)
            (slope,) = gradient(f, at)
            return float(f(at)), slope.reshape(-1).numpy()

        start = np.clip(np.zeros(x.numel()), lo, hi)
        answer = optimize.minimize(
            both,
            start,
            jac=True,
            method="L-BFGS-B",
            bounds=[BOXES[box]] * x.numel(),
        )
        assert float(f(x)) <= answer.fun * (1 + 1e-8)


def test_a_box_that_never_binds_changes_nothing_in_the_end():
    problem, state = build("plain", v_bounds=(-50.0, 50.0))
    x = state.v[0]
    for _ in range(60):
        x = v.update(problem, state.put(0, v=x), 0)
    f = energy(problem, state, 0, "v")
    assert float(f(x)) <= descend(f, torch.zeros_like(x)) * (1 + 1e-9)
