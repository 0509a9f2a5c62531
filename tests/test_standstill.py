"""Runs that stand still where they should not, and what says so."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from problems import make
from test_history import swept

from nnbcd import Dense, History, Network, Penalties, Solver, TensorTrain
from nnbcd import subgradient as slopes
from nnbcd.blocks import g
from nnbcd.certificate import certify
from nnbcd.explore.proof_runs import without_pass
from nnbcd.relative_error import LEAST

faults = pytest.mark.faults
ONE = Penalties(gamma=1.0, rho=1.0, tau=1.0, alpha=1.0)
REST = 1e-7  # a step that counts as none
CUBE = TensorTrain(1, modes=(2, 2, 2))


def cube(g_step, sweeps=400, **options):
    """A 2 x 4 weight as a cube of rank one, all penalties 1, no bias."""
    network = Network(4, [Dense(2, structure=CUBE, bias=False)])
    return network, Solver(
        ONE, coupling="penalty", g_step=g_step, sweeps=sweeps, **options
    )


@pytest.fixture
def no_pass():
    with without_pass():
        yield


def random_cube(g_step, seed, **options):
    """X = 3 I and Y = X W^T, W random: 40 seeds misled the guard alone."""
    generator = torch.Generator().manual_seed(seed)
    w = torch.randn(2, 4, generator=generator, dtype=torch.float64)
    x = 3 * torch.eye(4, dtype=torch.float64)
    network, solver = cube(g_step, **options)
    return solver, solver.problem(network, x, x @ w.T)


def ends_at(seed):
    """The record of the sweep at which ``guarded`` comes to rest."""
    solver, problem = random_cube("guarded", seed)
    state = solver.init(problem, seed)
    for number in range(1, 401):
        state, record = solver.step(problem, state, number)
        if record.step_norm < REST:
            return record
    raise AssertionError(record.step_norm)


@pytest.mark.parametrize("seed", range(40))
def test_guarded_comes_to_rest_at_critical_points_only(seed):
    assert ends_at(seed).subgradient < 10 * REST


@faults
def test_guarded_without_its_pass_stands_still_elsewhere(no_pass):
    ends = [ends_at(seed).subgradient for seed in range(10)]
    assert all(end > 1e-4 for end in ends), ends


def fixed_point(solver, network):
    """All blocks at rest, were it not for the pass: whole numbers.

    G has the single entry 2. W - G has an entry that a rank-one cube at G
    could take up, but the first SVD of the mean of W and G does not see it.
    """

    w = torch.tensor([[2.0, 0, 0, 2], [1, 0, 0, -2]], dtype=torch.float64)
    corner = torch.zeros_like(w)
    corner[0, 0] = 2.0
    copy = CUBE.project(corner)
    gap = w - copy.dense
    x = torch.eye(4, dtype=torch.float64)
    problem = solver.problem(network, x, (w + 3 * gap).T)
    state = solver.init(problem)
    blocks = {"w": w, "u": (w + gap).T, "v": (w + 2 * gap).T}
    blocks = {name: x.to(problem.x) for name, x in blocks.items()}
    copy = CUBE.project(copy.dense.to(problem.x))
    return problem, state.put(0, g=copy, **blocks)


def test_the_fixed_point_is_left_by_a_pass():
    network, solver = cube("guarded")
    problem, state = fixed_point(solver, network)
    assert float(slopes.norm(problem, state)) == pytest.approx(1.0)
    with without_pass():
        alone, squared = g.update(problem, state, 0)
    assert float(squared) == pytest.approx(0.0, abs=1e-28)
    torch.testing.assert_close(alone.dense, state.g[0].dense)
    _, record = solver.step(problem, state)
    assert record.decrease > 0.01
    result = solver.run(problem, state)
    assert result.history.sweeps[-1].subgradient < 1e-10
    assert result.certificate().holds


@faults
@pytest.mark.parametrize("sweeps", [3, 40])
def test_the_fixed_point_gets_no_certificate(no_pass, sweeps):
    network, solver = cube("guarded", sweeps)
    problem, state = fixed_point(solver, network)
    found = solver.run(problem, state).certificate()
    assert not found.holds and found.broken
    assert found.standstill == "G of layer 1"
    assert "the subgradient in G of layer 1 stays" in str(found)


@faults
@pytest.mark.parametrize("seed", range(0, 40, 5))
def test_a_slow_stop_gets_no_certificate(no_pass, seed):
    """The steps shrink by a constant factor, the subgradient stays."""
    solver, problem = random_cube("guarded", seed)
    result = solver.run(problem, solver.init(problem, seed))
    found = result.certificate()
    assert found.monotone and found.sufficient_decrease
    assert found.bounded_b is False and not found.holds
    assert found.standstill == "G of layer 1"


def drifting(steps, norms, start=1e3):
    """A record with H1 as good as can be and these steps and slopes."""
    sweeps, phi = [], start
    for k, (step, norm) in enumerate(
        zip(steps.tolist(), norms.tolist(), strict=True), 1
    ):
        phi -= step**2
        sweeps.append(
            swept(
                k,
                phi,
                step**2,
                min_slack=0.5 * step**2,
                step_norm=step,
                subgradient=norm,
            )
        )
    return History(start, sweeps)


K = np.arange(1, 201)


@faults
@pytest.mark.parametrize(
    ("steps", "norms"),
    [
        (1 / K, np.ones(200)),  # slow: b grows like k
        (K**-0.6, np.ones(200)),
        (K**-1.2, K**-0.4),
        (0.9**K, np.full(200, 0.1)),  # fast: b grows like 1.1^k
        (
            np.r_[1 / K[:190], np.full(10, 1e-9)],
            np.r_[3 / K[:190], [0.1] * 10],
        ),
        (np.r_[1 / K[:190], np.zeros(10)], np.r_[3 / K[:190], [0.1] * 10]),
    ],
)
def test_drifts_and_stops_are_refused(steps, norms):
    found = certify(drifting(steps, norms))
    assert found.monotone and found.sufficient_decrease
    assert found.bounded_b is False
    assert not found.holds and found.verdict == "DOES NOT HOLD"


@pytest.mark.parametrize(
    "wave", [np.ones(200), 1 + 0.4 * np.sin(K), 1 + 1 / K]
)
def test_a_steady_ratio_is_accepted(wave):
    found = certify(drifting(1 / K, 3 * wave / K))
    assert found.bounded_b is True and found.holds


@faults
def test_a_cycle_is_refused():
    """Steps of one length for ever, and Phi where it was: H1 fails."""
    same = [
        swept(k, 1.0, 0.0, min_slack=0.0, step_norm=0.3, subgradient=1.0)
        for k in range(1, 60)
    ]
    found = certify(History(1.0, same))
    assert found.monotone and not found.sufficient_decrease
    assert not found.holds


def test_a_short_run_is_not_judged():
    ratio = drifting(1 / K[: LEAST - 1], 3 / K[: LEAST - 1])
    found = certify(ratio)
    assert found.descends and not found.broken
    assert found.bounded_b is None and not found.holds
    assert f"not judged on fewer than {LEAST} sweeps" in str(found)


@pytest.mark.parametrize("cut", [20, 33, 60, 90])
@pytest.mark.parametrize("structure", ["free", "sparse", "train"])
def test_a_run_that_is_cut_keeps_its_certificate(structure, cut):
    """Healthy as far as it goes: the cut is no standstill."""
    solver, problem = make(structure=structure, n=25, sweeps=90)
    history = solver.run(problem, solver.init(problem, seed=1)).history
    sweeps = history.sweeps[:cut]
    blocks = [r for r in history.blocks if r.sweep <= cut]
    assert certify(replace(history, sweeps=sweeps, blocks=blocks)).holds


@pytest.mark.parametrize("g_step", ["guarded", "als"])
def test_float32_at_the_end_of_its_digits_is_no_standstill(g_step):
    """The steps vanish, and so does the subgradient, to rounding."""
    solver, problem = random_cube(g_step, 0, sweeps=300, dtype="float32")
    result = solver.run(problem, solver.init(problem))
    last = result.history.sweeps[-1]
    assert last.subgradient <= last.slope_rounding
    assert result.certificate().standstill is None
    assert result.certificate().holds


@faults
def test_float32_does_not_excuse_a_standstill(no_pass):
    network, solver = cube("guarded", 60, dtype="float32")
    problem, state = fixed_point(solver, network)
    found = solver.run(problem, state).certificate()
    assert found.standstill == "G of layer 1"


def test_consistent_is_never_said_to_hold():
    solver, problem = make(coupling="consistent", n=25, sweeps=30)
    found = solver.run(problem, solver.init(problem, seed=1)).certificate()
    assert found.descends and not found.holds and not found.broken
    assert found.verdict == "the loss never rose (H1); H2 is not judged"
    assert "certificate holds" not in str(found)
