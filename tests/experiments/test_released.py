"""The authors' start: images, weights, order of columns, first G."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from nnbcd import Conv2d, Dense, Network, Penalties, Solver, TensorTrain
from nnbcd.__main__ import main
from nnbcd.datasets import Dataset
from nnbcd.experiments import BY_NAME, Descent, Experiment, RunPlan, reproduce
from nnbcd.experiments.compare import beside_log
from nnbcd.experiments.logs import Log
from nnbcd.experiments.philox import CudaStream
from nnbcd.experiments.released import (
    ChannelsLast,
    Released,
    channels_last,
    images,
)
from nnbcd.experiments.starts import SCHEMES, CpuSource, Start
from nnbcd.experiments.variants import released

SMALL = Network(
    (1, 8, 8),
    [
        Conv2d(4, kernel_size=3, stride=2, bias=False),
        Dense(8, structure=TensorTrain(3, modes=(6, 6, 8)), bias=False),
        Dense(3, bias=False),
    ],
)
PAPER = Solver(
    Penalties(gamma=5.0, rho=5.0, tau=0.1, alpha=1.0),
    coupling="penalty",
    g_step="svd",
    dtype="float32",
)
FIRST_TRAIN = [4883, 28477, 8527, 38347]
FIRST_TEST = [2429, 2248, 7079, 4667]
THEIRS = Released("gaussian", 0.01, rank=5)


def small_data():
    rng = np.random.default_rng(0)
    x, y = rng.random((60, 64)), np.arange(60) % 3
    return Dataset("small", x[20:], y[20:], x[:20], y[:20])


def problem(network=SMALL):
    data = small_data()
    return PAPER.problem(network, data.x_train, data.y_train)


def test_the_images_are_the_first_of_two_shuffles():
    count, few = 60_000, 10_000
    whole = Dataset(
        "numbers",
        np.arange(count)[:, None].astype(float),
        np.arange(count),
        np.arange(few)[:, None].astype(float),
        np.arange(few),
    )
    part = images(whole)
    # The first of each list, as numpy.random.seed(10) and shuffle give them.
    assert part.y_train[:4].tolist() == FIRST_TRAIN
    assert part.y_test[:4].tolist() == FIRST_TEST
    assert len(set(part.y_train.tolist())) == len(part.y_train) == 6000
    assert len(set(part.y_test.tolist())) == len(part.y_test) == 999
    assert np.array_equal(part.x_train[:, 0], part.y_train)


def test_weights_are_drawn_in_their_order_and_layout():
    w = THEIRS.weights(problem(), 10)
    stream = CudaStream(10)
    filters = 0.01 * stream.normal(9 * 4).reshape(9, 4)
    assert torch.equal(w[0], filters.T)
    theirs = 0.01 * stream.normal(8 * 36).reshape(8, 36)
    for position in range(9):
        for channel in range(4):
            ours = w[1][:, channel * 9 + position]
            assert torch.equal(ours, theirs[:, position * 4 + channel])
    assert torch.equal(w[2], 0.01 * stream.normal(24).reshape(3, 8))


def test_trains_see_the_columns_position_by_position():
    network = channels_last(SMALL)
    tt = network.structures[1]
    assert isinstance(tt, ChannelsLast)
    assert tt.channels == 4
    assert network.structures[2] == SMALL.structures[2]
    w = torch.randn(8, 36, dtype=torch.float64)
    order = [c * 9 + p for p in range(9) for c in range(4)]
    plain = SMALL.structures[1].project(w[:, order]).dense
    assert torch.allclose(tt.project(w).dense[:, order], plain)
    assert torch.equal(tt.to_matrix(tt.to_tensor(w), (8, 36)), w)


def widest(g):
    return max(core.shape[2] for core in g.cores.cores)


def test_the_first_g_has_the_larger_rank():
    bound = problem(channels_last(SMALL))
    state = THEIRS(bound, 10)
    assert widest(state.g[1]) == 5
    whole = replace(THEIRS, rank=100)(bound, 10)
    assert torch.allclose(whole.g[1].dense, whole.w[1], atol=1e-6)
    assert state.g[0] is None
    after, _ = PAPER.step(bound, state)
    assert widest(after.g[1]) == 3


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_scheme_has_the_spread_of_torch(scheme):
    init = torch.nn.init
    same = {
        "kaiming-normal": init.kaiming_normal_,
        "kaiming-uniform": init.kaiming_uniform_,
        "xavier-normal": init.xavier_normal_,
        "xavier-uniform": init.xavier_uniform_,
        "orthogonal": init.orthogonal_,
        "uniform": lambda w: init.uniform_(w, -1, 1),
        "gaussian": init.normal_,
        "lecun-normal": lambda w: init.normal_(w, 0, 500**-0.5),
        "lecun-uniform": lambda w: init.uniform_(
            w, -((3 / 500) ** 0.5), (3 / 500) ** 0.5
        ),
    }[scheme]
    torch.manual_seed(0)
    wanted = same(torch.empty(200, 500))
    for source in (CpuSource(0), CudaStream(0)):
        w = SCHEMES[scheme](200, 500, source)
        assert float(w.std()) == pytest.approx(float(wanted.std()), rel=0.02)
        assert float(w.abs().max()) == pytest.approx(
            float(wanted.abs().max()), rel=0.3
        )
    if scheme == "orthogonal":
        assert torch.allclose(w @ w.T, torch.eye(200), atol=1e-4)


def test_a_start_is_a_state_that_runs():
    bound, start = problem(), Start("kaiming-normal", 0.2, first=0.01)
    state = start(bound, 4)
    assert float(state.w[0].std()) == pytest.approx(0.01, rel=0.4)
    assert all(map(torch.equal, state.w, start(bound, 4).w))
    u = bound.maps[0].forward(bound.x, state.w[0], None)
    assert torch.allclose(state.u[0], u)
    with pytest.raises(ValueError, match="scheme must be"):
        Start("he")


@pytest.fixture
def small():
    base = Experiment(
        "small",
        "A test",
        lambda: (small_data(), "made up"),
        lambda _: (Descent("penalty", "paper", SMALL, 4, 6, PAPER),),
    )
    return replace(base, released=lambda: released(base, THEIRS))


def test_the_objective_is_printed_as_they_do(small, tmp_path, monkeypatch):
    plan = RunPlan(tmp_path, seeds=(10,), quiet=True)
    (record,) = reproduce(small.released(), plan)
    assert record.run == "penalty-released-seed10"
    assert "Released" in record.settings["start"]
    # gamma/2 on the loss instead of 1/2, by hand.
    bound = problem(channels_last(SMALL))
    state = THEIRS(bound, 10)
    for k in range(4):
        state, swept = PAPER.step(bound, state, k + 1)
        gap = float(((state.v[-1] - bound.y).double() ** 2).sum())
        assert record.curve["logged"][k] == pytest.approx(
            swept.objective + 2.0 * gap, rel=1e-6
        )
    assert [p.suffix for p in sorted(tmp_path.iterdir())] == [".json", ".npz"]
    objective, train, test = (
        [10.0, 8.0, 7.0],
        [0.1, 0.2, 0.3],
        [0.4, 0.5, 0.6],
    )
    theirs = Log(9, 1.0, 0, 0.6, [1, 3, 9], objective, train, test)
    monkeypatch.setattr(
        "nnbcd.experiments.compare.logs",
        lambda name: {"penalty": theirs} if name == "small" else {},
    )
    rows = beside_log(record)
    assert [row["sweep"] for row in rows] == [1, 3]
    ours = record.curve["logged"][2]
    assert rows[1]["relative"] == pytest.approx((ours - 8.0) / 8.0)
    assert rows[1]["log"] == {"objective": 8.0, "train": 0.2, "test": 0.5}
    assert rows[1]["ours"]["test"] == record.curve["test"][2]
    # A compact record keeps enough digits for the comparison.
    assert beside_log(record.compact())[0]["relative"] == pytest.approx(
        rows[0]["relative"], rel=1e-6
    )


def test_a_cut_run_goes_on_with_its_log(small, tmp_path, monkeypatch):
    import nnbcd.run

    plan = RunPlan(tmp_path / "cut", seeds=(10,), quiet=True)
    (whole,) = reproduce(
        small.released(), replace(plan, out=tmp_path / "whole")
    )
    one_sweep, done = nnbcd.run.one_sweep, []

    def third_is_cut(solver, bound, state, number, *more):
        done.append(number)
        if len(done) == 3:
            raise KeyboardInterrupt
        return one_sweep(solver, bound, state, number, *more)

    monkeypatch.setattr(nnbcd.run, "one_sweep", third_is_cut)
    with pytest.raises(KeyboardInterrupt):
        reproduce(small.released(), plan)
    (rest,) = reproduce(small.released(), plan)
    assert done == [1, 2, 3, 3, 4]
    assert rest.curve["logged"] == whole.curve["logged"]


def test_the_command_prints_both(small, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(BY_NAME, "small", small)
    command = ["reproduce", "small", "--start", "released", "--quiet"]
    command += ["--arms", "penalty", "--length", "2", "--out", str(tmp_path)]
    assert main(command) == 0
    assert "no log of this arm" in capsys.readouterr().out
    assert main([*command, "--json"]) == 0
    (report,) = json.loads(capsys.readouterr().out)
    assert report["run"] == "penalty-released-seed10"
    assert report["sweeps"] == []
