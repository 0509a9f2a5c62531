"""The released pruning: W is cut with its copy."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from nnbcd import Penalties, Solver, objective
from nnbcd.datasets import Dataset
from nnbcd.experiments import Descent, Experiment, RunPlan, reproduce
from nnbcd.experiments import alias as module
from nnbcd.experiments.alias import AliasedDescent, cut_sweep
from nnbcd.experiments.experiment import Job
from nnbcd.experiments.networks import chain
from nnbcd.experiments.starts import Start
from nnbcd.structures import Sparse

GAMMA, RHO, TAU, ALPHA = 3.0, 2.0, 7.0, 0.5
SOLVER = Solver(
    Penalties(gamma=GAMMA, rho=RHO, tau=TAU, alpha=ALPHA), coupling="penalty"
)
NETWORK = chain(6, (8,), [Sparse(0.5)], 3, bias=False)
START = Start("kaiming-normal", 0.5)


def data():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((60, 6)), np.arange(60) % 3
    return Dataset("tiny", x[20:], y[20:], x[:20], y[:20])


def arm(sweeps=5, kind=AliasedDescent):
    return kind("released", "cut", NETWORK, sweeps, sweeps, SOLVER, START)


def cut(w):
    """The larger half of the squares stays."""
    square = w**2
    return w * (square >= torch.quantile(square.reshape(-1), 0.5))


def prox(v, m, c):
    """argmin_u (v - relu(u))^2 + c (u - m)^2, the better of two branches."""
    negative = m.clamp(max=0)
    positive = ((v + c * m) / (1 + c)).clamp(min=0)

    def cost(u):
        return (v - torch.relu(u)) ** 2 + c * (u - m) ** 2

    return torch.where(cost(positive) <= cost(negative), positive, negative)


def test_a_sweep_is_the_published_one_with_the_alias():
    rows = data()
    problem = SOLVER.problem(NETWORK, rows.x_train, rows.y_train)
    state = arm(2).run(Job(rows, 3)).state
    # By hand, columns as samples, explicit inverses.
    x, y = problem.x.T, problem.y.T
    w1, w2 = (w.double() for w in START.weights(problem, 3))
    w1 = cut(w1)
    u1 = w1 @ x
    v1 = torch.relu(u1)
    u2 = w2 @ v1
    v2 = u2
    eye = torch.eye(8, dtype=torch.float64)
    pull = (ALPHA + TAU) * torch.eye(6, dtype=torch.float64)
    for _ in range(2):
        v2 = (y + GAMMA * u2 + ALPHA * v2) / (1 + GAMMA + ALPHA)
        u2 = (GAMMA * v2 + RHO * w2 @ v1) / (GAMMA + RHO)
        w2 = (ALPHA * w2 + RHO * u2 @ v1.T) @ torch.linalg.inv(
            ALPHA * eye + RHO * v1 @ v1.T
        )
        v1 = torch.linalg.inv(RHO * w2.T @ w2 + GAMMA * eye) @ (
            RHO * w2.T @ u2 + GAMMA * torch.relu(u1)
        )
        m = (RHO * w1 @ x + ALPHA * u1) / (RHO + ALPHA)
        u1 = prox(v1, m, (RHO + ALPHA) / GAMMA)
        w1 = (w1 @ pull + RHO * u1 @ x.T) @ torch.linalg.inv(
            pull + RHO * x @ x.T
        )
        w1 = cut(w1)
    assert torch.allclose(state.w[0], w1, atol=1e-9)
    assert torch.allclose(state.w[1], w2, atol=1e-9)
    assert torch.allclose(state.u[0], u1.T, atol=1e-9)
    assert torch.equal(state.w[0], state.g[0].dense)
    assert int((state.w[0] != 0).sum()) == 24


def test_the_records_are_the_objective():
    rows = data()
    result = arm(4).run(Job(rows, 0))
    problem = SOLVER.problem(NETWORK, rows.x_train, rows.y_train)
    assert len(result.history.sweeps) == 4
    last = result.history.sweeps[-1]
    clean = replace(result.state, affine=(None, None))
    assert last.objective == pytest.approx(
        float(objective.value(problem, clean)), rel=1e-12
    )
    assert last.subgradient > 0
    assert last.train_accuracy == pytest.approx(
        result.accuracy(rows.x_train, rows.y_train)
    )


def test_without_the_cut_of_w_it_is_another_run():
    ends = [
        arm(5, kind).run(Job(data(), 0)).history.objective[-1]
        for kind in (AliasedDescent, Descent)
    ]
    assert ends[0] != pytest.approx(ends[1], rel=1e-3)


def test_an_interrupted_run_goes_on(tmp_path, monkeypatch):
    experiment = Experiment(
        "tiny", "A test", lambda: (data(), ""), lambda _: (arm(),)
    )
    plan = RunPlan(tmp_path / "cut", quiet=True)
    (whole,) = reproduce(experiment, replace(plan, out=tmp_path / "whole"))
    assert whole.method == "released"
    done = []

    def third_is_cut(problem, state, number, certify):
        done.append(number)
        if len(done) == 3:
            raise KeyboardInterrupt
        return cut_sweep(problem, state, number, certify)

    monkeypatch.setattr(module, "cut_sweep", third_is_cut)
    with pytest.raises(KeyboardInterrupt):
        reproduce(experiment, plan)
    (rest,) = reproduce(experiment, plan)
    assert done == [1, 2, 3, 3, 4, 5]
    assert rest.curve["objective"] == whole.curve["objective"]
