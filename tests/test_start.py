"""What a start is: schemes, forward passes, settings that are refused."""

import jaxtyping
import numpy as np
import pytest
import torch
from problems import make

from nnbcd import (
    Conv2d,
    Dense,
    Network,
    Penalties,
    ReLU,
    Solver,
    Sparse,
    Squared,
    TensorTrain,
    objective,
)
from nnbcd.initialisation import SCHEMES

# Variance of a weight times its inputs (fan in 400), scale one.
VARIANCE = {
    "kaiming-normal": 2.0,
    "kaiming-uniform": 2.0,
    "xavier-normal": 2 * 400 / (400 + 100),
    "xavier-uniform": 2 * 400 / (400 + 100),
    "lecun-normal": 1.0,
    "lecun-uniform": 1.0,
    "orthogonal": 1.0,
    "gaussian": 1e-4 * 400,
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_schemes_have_their_variance(scheme):
    net = Network(400, [Dense(100), Dense(2)])
    solver = Solver(coupling="penalty", initialisation=scheme, scale=3.0)
    problem = solver.problem(net, np.ones((1, 400)), [1])
    w = solver.init(problem).w[0]
    found = float(w.square().mean()) * 400 / 9
    assert found == pytest.approx(VARIANCE[scheme], rel=0.03)
    bounded = scheme.endswith("uniform")
    assert bool(w.abs().max() < 1.75 * w.std()) == bounded


@pytest.mark.parametrize("case", ["dense", "conv"])
@pytest.mark.parametrize("bounds", [None, (0.1, 0.3)])
def test_u_and_v_are_the_forward_pass(case, bounds):
    if case == "conv":
        net = Network((1, 5, 5), [Conv2d(2, 2), Dense(4), Dense(3)])
    else:
        net = Network(25, [Dense(6, structure=Sparse(0.5)), Dense(3)])
    x = np.random.default_rng(0).standard_normal((7, *net.input_shape))
    solver = Solver(Penalties(v_bounds=bounds), coupling="penalty", scale=1.0)
    problem = solver.problem(net, x, np.arange(7) % 3)
    state = solver.init(problem)
    terms = objective.terms(problem, state)
    for i in range(problem.depth):
        assert float(terms[f"affine[{i + 1}]"]) <= 1e-28
        gap = float(terms[f"activation[{i + 1}]"])
        last = i == problem.depth - 1
        assert (gap > 0) if bounds and not last else (gap == 0)
        if bounds and not last:
            assert state.v[i].min() >= bounds[0]
            assert state.v[i].max() <= bounds[1]
        assert not state.b[i].any()
        if state.g[i] is not None:
            wanted = net.structures[i].project(state.w[i]).dense
            assert torch.equal(state.g[i].dense, wanted)


def test_the_default_is_small_as_in_the_paper():
    solver, problem = make()
    one = Solver(coupling="penalty", scale=1.0).init(problem).w[0]
    torch.testing.assert_close(solver.init(problem).w[0], 0.2 * one)


@pytest.fixture
def no_shape_checker(monkeypatch):
    """What users see, who have no checker before our own sentences."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


NAN = float("nan")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("coupling", "glue"),
        ("g_step", "newton"),
        ("dtype", "float16"),
        ("sweeps", 0),
        ("sweeps", 2.5),
        ("sweeps", "3"),
        ("tol", -1.0),
        ("tol", NAN),
        ("step_tol", -1e-9),
        ("time_limit", 0.0),
        ("time_limit", NAN),
        ("scale", 0.0),
        ("scale", NAN),
        ("scale", float("inf")),
        ("penalties", 0.5),
        ("loss", "squared"),
        ("loss", Squared),
    ],
)
def test_a_bad_setting_is_refused_by_name(setting, value, no_shape_checker):
    with pytest.raises((ValueError, TypeError), match=f"^{setting} must"):
        Solver(**{"coupling": "penalty", setting: value})


def test_an_unknown_scheme_is_refused_by_name():
    solver = Solver(coupling="penalty", initialisation="zeros")
    _, problem = make()
    message = "initialisation must be one of.*orthogonal.*'zeros'"
    with pytest.raises(ValueError, match=message):
        solver.init(problem)


def test_the_loss_falls_and_the_classes_are_learnt():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 90)
    x = rng.standard_normal((90, 8)) + 3 * np.eye(3, 8)[y]
    net = Network(8, [Dense(16, structure=TensorTrain(3)), Dense(3)])
    result = Solver(coupling="penalty", sweeps=60).fit(
        net, x, y, validation=(x, y)
    )
    assert result.history.sweeps[-1].validation_accuracy > 0.9
    assert result.history.objective[-1] < 0.5 * result.history.objective[0]
    assert result.network.activations[0] == ReLU()
