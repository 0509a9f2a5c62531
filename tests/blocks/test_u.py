"""The U block: four tests, over cases, layers and precisions."""

from functools import cache

import numpy as np
import pytest
import torch
from cases import CASES, DTYPES
from oracles import descend, energy, gradient
from problems import build, layers_of, snapshot, unchanged, widen
from scipy import optimize

from nnbcd import objective
from nnbcd.blocks import u

TOLERANCE = {"float64": 1e-12, "float32": 2e-6}
PAIRS = layers_of(CASES, lambda problem, i: True)
HIDDEN = layers_of(CASES, lambda problem, i: i < problem.depth - 1)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_pair = pytest.mark.parametrize(("case", "i"), PAIRS)
cached = cache(build)


@every_dtype
@every_pair
def test_derivative_is_zero_or_changes_sign(case, i, dtype):
    problem, state = cached(case, dtype)
    new = u.update(problem, state, i)
    f = energy(problem, state, i, "u")
    # One-sided derivatives: gradients a hair to the left and to the right.
    hair = 1e-9 if dtype == "float64" else 1e-4
    (left,) = gradient(f, new.double() - hair)
    (right,) = gradient(f, new.double() + hair)
    slack = 100 * hair
    assert left.max() <= slack
    assert right.min() >= -slack
    kinks = torch.tensor([*problem.network.activations[i].kinks, torch.inf])
    away = (new[..., None] - kinks).abs().amin(-1) > 2 * hair
    assert left[away].abs().max() <= slack
    assert right[away].abs().max() <= slack
    assert away.any()


def scalar(sigma, v, b, old, gamma, rho, alpha):
    """The sub-problem of one entry, in plain numbers."""

    def value(x):
        u = torch.tensor(x, dtype=torch.float64)
        gap = v - sigma(u).numpy()
        pull = rho * (x - b) ** 2 + alpha * (x - old) ** 2
        return 0.5 * gamma * gap**2 + 0.5 * pull

    return value


@every_dtype
@pytest.mark.parametrize(
    ("case", "i"),
    [(name, i) for name, i in HIDDEN if name[:4] in ("act-", "on-t", "per-")]
    + [("plain", 2), ("per-layer", 2)],
)
def test_entry_by_entry_against_a_search(case, i, dtype):
    problem, state = cached(case, dtype)
    new = u.update(problem, state, i).double().numpy()
    wide, exact = widen(problem, state)
    p = wide.layers[i]
    alpha = p.alpha if i < wide.depth - 1 else 0.0
    image = objective.affine_image(wide, exact, i)
    grid = np.linspace(-12, 12, 2401)
    entries = zip(
        new.reshape(-1),
        exact.v[i].reshape(-1).numpy(),
        image.reshape(-1).numpy(),
        exact.u[i].reshape(-1).numpy(),
        strict=True,
    )
    for x, v, b, old in list(entries)[:12]:
        sigma = wide.network.activations[i]
        value = scalar(sigma, v, b, old, p.gamma, p.rho, alpha)
        values = value(grid)
        near = grid[values.argmin()]
        best = optimize.minimize_scalar(
            value,
            bounds=(near - 0.02, near + 0.02),
            method="bounded",
            options={"xatol": 1e-12},
        )
        lowest = min(best.fun, values.min())
        assert value(x) <= lowest + TOLERANCE[dtype] * (1 + lowest)


@every_pair
def test_no_optimiser_finds_less(case, i):
    problem, state = cached(case)
    f = energy(problem, state, i, "u")
    best = float(f(u.update(problem, state, i)))
    generator = torch.Generator().manual_seed(0)
    for _ in range(2):
        start = torch.randn(state.u[i].shape, generator=generator)
        assert best <= descend(f, 3 * start) + 1e-12 * abs(best)


@every_dtype
@every_pair
def test_objective_falls_by_the_guarantee(case, i, dtype):
    problem, state = cached(case, dtype)
    new = u.update(problem, state, i)
    assert new.dtype == DTYPES[dtype]
    step = (new - state.u[i]).square().sum(dtype=torch.float64)
    wide, exact = widen(problem, state)
    before = objective.value(wide, exact)
    after = objective.value(wide, exact.put(i, u=new.double()))
    promised = u.guarantee(problem, i) * step
    assert step > 0
    assert before - after >= promised - TOLERANCE[dtype] * before


@every_pair
def test_nothing_is_changed(case, i):
    problem, state = build(case)
    before = snapshot(problem, state)
    new = u.update(problem, state, i)
    assert unchanged(before, problem, state)
    assert new.data_ptr() not in {t.data_ptr() for t, *_ in before}


def test_guarantees_are_the_published_ones():
    problem, _ = cached("per-layer")
    found = [u.guarantee(problem, i) for i in range(3)]
    assert found == pytest.approx([0.4 / 2, 0.0, (0.2 + 2.2) / 2])
