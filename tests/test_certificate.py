"""The certificate says yes to healthy runs, and no where no is true."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from cases import LOSSES, STRUCTURES
from problems import make
from test_history import block, swept

import nnbcd.run
from nnbcd import (
    Conv2d,
    Dense,
    History,
    Network,
    Penalties,
    Solver,
    TensorTrain,
    objective,
)
from nnbcd.blocks import u, v, w
from nnbcd.certificate import certify
from nnbcd.history import tolerance
from nnbcd.rounding import rounding

faults = pytest.mark.faults


def run(sweeps=25, **options):
    solver, problem = make(sweeps=sweeps, **options)
    return solver.run(problem, solver.init(problem, seed=1))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("structure", STRUCTURES)
def test_a_healthy_run_gets_its_certificate(structure, loss, dtype):
    result = run(structure=structure, loss=loss, dtype=dtype, n=25)
    found = result.certificate()
    assert found.holds, found
    assert (found.sweeps, found.objective_increases) == (25, 0)
    assert found.first_rise is None
    assert found.min_slack >= -found.rounding
    # alpha / 2 is the smallest modulus of any block: H1 holds with it.
    assert found.a >= 0.4 / 2 * (1 - 1e-6)
    assert 0 < found.b < 1e3
    assert found.bounded_b


@pytest.mark.parametrize("g_step", ["guarded", "als"])
def test_a_convolution_gets_its_certificate(g_step):
    layers = [
        Conv2d(4, 2, structure=TensorTrain(2)),
        Conv2d(2, 2, stride=2),
        Dense(3),
    ]
    result = run(layers=layers, input_shape=(1, 5, 5), n=10, g_step=g_step)
    assert result.certificate().holds, result.certificate()


def test_more_sweeps_keep_b_bounded_and_the_rate_negative():
    found = run(sweeps=120, n=25).certificate()
    assert found.holds
    assert found.rate < -0.5
    assert found.bound > 0


@faults
def test_a_wrong_sign_in_u_is_refused(monkeypatch):
    right = u.update

    def wrong(problem, state, i):
        flipped = state.put(i, affine=-state.affine[i])
        return right(problem, flipped, i)

    monkeypatch.setattr(u, "update", wrong)
    found = run().certificate()
    assert not found.holds
    assert not found.monotone
    assert not found.sufficient_decrease
    assert "block U of layer" in found.first_rise
    assert "DOES NOT HOLD" in str(found)


def overshoot(name, module, factor):
    """The block goes ``factor`` times as far as it should."""
    right = module.update

    def wrong(problem, state, i, *data):
        new = right(problem, state, i, *data)
        old = getattr(state, name)[i]
        if name == "w":
            return old + factor * (new[0] - old), new[1]
        return old + factor * (new - old)

    return wrong


@faults
@pytest.mark.parametrize("name", ["u", "v", "w"])
def test_a_missing_decrease_is_refused_though_nothing_rises(
    name, monkeypatch
):
    module = {"u": u, "v": v, "w": w}[name]
    monkeypatch.setattr(module, "update", overshoot(name, module, 1.9))
    options = {"gamma": 0.7, "rho": 1.3, "tau": 2.1, "alpha": 0.01}
    found = run(weights=options, activation="identity").certificate()
    assert not found.holds
    assert not found.sufficient_decrease
    assert "NO] H1" in str(found)


@faults
def test_an_exaggerated_guarantee_is_refused(monkeypatch):
    """The moduli are sharp enough that ten times as much is too much."""
    promised = w.guarantee
    monkeypatch.setattr(w, "guarantee", lambda *args: 10 * promised(*args))
    found = run().certificate()
    assert found.monotone
    assert not found.sufficient_decrease
    assert not found.holds


# TT-SVD is not the minimiser of the G block. Random data, 16 x 16 weights as
# eight modes of two, rank 2: from sweep 5 on W drifts so little that the
# quasi-optimal train is worse than the one before.
def drift(g_step, sweeps=12):
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((40, 16)), rng.integers(0, 3, 40)
    train = TensorTrain(2, modes=(2,) * 8)
    net = Network(16, [Dense(16, structure=train), Dense(3)])
    penalties = Penalties(gamma=0.5, rho=0.5, tau=1.0, alpha=0.01)
    return Solver(
        penalties, coupling="penalty", sweeps=sweeps, g_step=g_step
    ).fit(net, x, y)


@faults
def test_unguarded_tt_svd_is_refused():
    found = drift("svd").certificate()
    assert not found.holds
    assert not found.monotone
    assert found.first_rise.startswith("block G of layer 1 raised Phi")
    assert found.min_slack < -1e-6


@pytest.mark.parametrize("g_step", ["guarded", "als"])
def test_the_same_run_with_a_descending_g_step_is_accepted(g_step):
    assert drift(g_step, sweeps=24).certificate().holds


def solved_run(dtype):
    """One layer that fits its data: Phi falls to zero, fast."""
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((4, 6)), np.array([0, 1, 0, 1])
    solver = Solver(
        Penalties(alpha=0.1), coupling="penalty", sweeps=36, dtype=dtype
    )
    return solver.fit(Network(6, [Dense(2)]), x, y)


def test_float32_beyond_its_digits_is_judged_by_its_rounding():
    """Phi falls to 1e-12 of its start: float32 cannot resolve that."""
    single = solved_run("float32")
    assert single.history.objective[-1] < 1e-10
    found = single.certificate()
    assert found.noisy > 0
    assert "that rounding explains what is missing there" in str(found)
    # Without what was computed about rounding the same records say no.
    blind = [replace(s, rounding=0.0) for s in single.history.sweeps]
    assert not certify(replace(single.history, sweeps=blind)).holds
    assert solved_run("float64").certificate().holds


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("coupling", ["penalty", "constraint"])
def test_rounding_of_ordinary_data_is_far_below_the_tolerance(
    coupling, dtype
):
    """So that what it excuses is no more than the tolerance does."""
    solver, problem = make(
        coupling=coupling, structure="sparse", dtype=dtype, n=200, sweeps=5
    )
    states = [solver.init(problem)]
    for _ in range(5):
        states.append(solver.step(problem, states[-1])[0])
    phi = float(objective.value(problem, states[-1]))
    noise = rounding(problem, states[-2], states[-1])
    eps = torch.finfo(problem.x.dtype).eps
    assert eps * phi < noise < tolerance(dtype) * phi


@faults
@pytest.mark.parametrize(
    ("noise", "rise"), [(0.0, True), (1e-5, True), (1e-4, False)]
)
def test_a_record_in_float32_is_judged_by_its_noise(noise, rise):
    up = [block(before=1.0, after=1.0 + 3e-5, guaranteed=0.0)]
    sweeps = [swept(1, 1.0 + 3e-5, -3e-5, rounding=noise)]
    history = History(1.0, sweeps, up, "float32")
    assert history.objective_increases == rise
    assert certify(history).monotone != rise
    assert certify(replace(history, blocks=[])).monotone != rise


@faults
def test_a_small_rise_in_float32_is_found(monkeypatch):
    """V overshoots its minimum so far that Phi rises by a thousandth."""
    share = 1e-3
    right = v.update

    def wrong(problem, state, i):
        new = right(problem, state, i)
        if i > 0:
            return new
        good = state.put(0, v=new, affine=None)
        good = good.put(1, affine=None)
        phi = float(objective.value(problem, good))
        off = torch.full_like(new, 1e-3)
        worse = good.put(0, v=new + off)
        rise = float(objective.value(problem, worse)) - phi
        size = (share * phi / rise) ** 0.5
        return new + size * off

    before = run(dtype="float32", n=25)
    assert before.certificate().descends
    solver, problem = make(sweeps=60, dtype="float32", n=25)
    settled = solver.run(problem, solver.init(problem, seed=1)).state
    monkeypatch.setattr(v, "update", wrong)
    found = solver.run(problem, settled).certificate()
    assert not found.holds
    assert "block V of layer 1 raised Phi" in found.first_rise


@faults
def test_a_subgradient_that_stays_is_refused(monkeypatch):
    """H2: the steps go to zero, the subgradient must follow."""
    monkeypatch.setattr(
        nnbcd.run.subgradient,
        "squares",
        lambda *args: {"V[1]": torch.tensor(0.1), "U[1]": torch.tensor(0.9)},
    )
    found = solved_run("float64").certificate()
    assert found.monotone and found.sufficient_decrease
    assert found.bounded_b is False
    assert not found.holds
    assert "NO] H2" in str(found)
    assert found.standstill == "U of layer 1"


@faults
@pytest.mark.parametrize(
    ("records", "rise"),
    [
        ([block(after=4.0 + 1e-6, guaranteed=0.0)], True),
        ([block(after=float("nan"))], True),
        ([block(guaranteed=3.0 + 1e-6)], False),
        ([block(guaranteed=float("nan"))], False),
        ([block(), block(after=float("inf"))], True),
    ],
)
def test_a_single_bad_record_is_enough(records, rise):
    history = History(4.0, [swept(1, 1.0, 3.0)], records)
    found = certify(history)
    assert not found.holds, found
    assert (found.first_rise is not None) == rise


def test_rounding_is_forgiven():
    records = [block(after=4.0 * (1 + 1e-11), guaranteed=0.0)]
    assert certify(History(4.0, [swept(1, 1.0, 3.0)], records)).descends
    records = [block(after=4.0 * (1 + 1e-6), guaranteed=0.0)]
    sweeps = [swept(1, 1.0, 3.0)]
    assert certify(History(4.0, sweeps, records, "float32")).descends


def test_a_history_without_blocks_is_judged_by_its_sweeps():
    good = History(4.0, [swept(1, 1.0, 3.0)])
    assert certify(good).descends
    rising = History(4.0, [swept(1, 5.0, -1.0, min_slack=-1.0)])
    assert certify(rising).first_rise == "sweep 1 raised Phi"
    lazy = certify(History(4.0, [swept(1, 3.0, 1.0, min_slack=-0.1)]))
    assert lazy.monotone and not lazy.sufficient_decrease


def test_nothing_measured_is_nothing_certified():
    found = certify(History(1.0))
    assert not found.holds
    assert (found.sweeps, found.b, found.rate) == (0, None, None)
    found = run(certify=False).certificate()
    assert found.descends and not found.holds
    assert found.bounded_b is None
    assert found.verdict == "the objective never rose (H1); H2 is not judged"
    assert "no subgradient recorded" in str(found)


def test_constants_by_hand():
    steps = [0.5, 0.1, 1e-200, 0.0]
    norms = [2.0, 0.3, 1e-201, 0.0]
    sweeps = [
        swept(k, 5.0 - k, 1.0 * step, step_norm=step, subgradient=norm)
        for k, (step, norm) in enumerate(zip(steps, norms, strict=True), 1)
    ]
    found = certify(History(5.0, sweeps))
    assert found.a == pytest.approx(2.0)
    assert found.b == pytest.approx(4.0)
    assert found.bound == pytest.approx(4.0)


def test_a_rate_by_hand():
    sweeps = [
        swept(k, 1.0 / k, 1.0, subgradient=k**-1.5) for k in range(1, 41)
    ]
    assert certify(History(2.0, sweeps)).rate == pytest.approx(-3.0)


def test_text_and_json():
    found = run().certificate()
    assert repr(found) == str(found)
    assert "Certificate over 25 sweeps: holds" in str(found)
    assert "[ok] objective never rises" in str(found)
    data = json.loads(found.to_json())
    assert data["monotone"] is True
    assert data["min_slack"] == found.min_slack
