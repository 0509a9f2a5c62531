"""Starts from other runs, states, modules and lists of weights."""

import json
from dataclasses import replace

import jaxtyping
import numpy as np
import pytest
import torch
from torch import nn

import nnbcd.commands.train
from nnbcd import (
    Conv2d,
    Dense,
    Free,
    Gradual,
    LowRank,
    Network,
    Penalties,
    Solver,
    Sparse,
    TensorTrain,
    objective,
)
from nnbcd.__main__ import main
from nnbcd.commands.warm import warm_start
from nnbcd.datasets import digits
from nnbcd.handover import hand_over

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((40, 8)), RNG.integers(0, 3, 40)
COUPLINGS = ["penalty", "constraint", "consistent"]
KINDS = {
    "free": Free(),
    "sparse": Sparse(0.8),
    "low-rank": LowRank(2),
    "train": TensorTrain(2, modes=(4, 4, 2, 4)),
}


def net(structure=KINDS["sparse"], bias=True):
    hidden = Dense(16, structure=structure, bias=bias)
    return Network(8, [hidden, Dense(3, bias=bias)])


def trained(coupling, structure=KINDS["sparse"], **options):
    solver = Solver(coupling=coupling, sweeps=4, **options)
    return solver.fit(net(structure), X, Y, seed=1)


def problem_of(coupling, structure=KINDS["sparse"], **options):
    bias = options.pop("bias", True)
    solver = Solver(coupling=coupling, **options)
    return solver.problem(net(structure, bias), X, Y)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("new", COUPLINGS)
@pytest.mark.parametrize("old", COUPLINGS)
def test_every_coupling_takes_over_from_every_other(old, new, kind):
    structure = KINDS[kind]
    result = trained(old, structure)
    problem = problem_of(new, structure)
    state = hand_over(problem, result)
    # The network in use is the one that was handed over.
    for mine, theirs in zip(
        state.weights(), result.state.weights(), strict=True
    ):
        torch.testing.assert_close(mine, theirs)
    g = state.g[0]
    assert (g is None) == structure.free
    if g is not None:
        near = structure.project(g.dense).dense
        torch.testing.assert_close(near, g.dense)
        if new == "penalty":
            assert torch.equal(state.w[0], result.state.w[0])
        else:
            assert torch.equal(state.w[0], g.dense)
    if new == "consistent":
        u = X @ state.w[0].numpy().T + state.b[0].numpy()
        np.testing.assert_allclose(state.u[0], u)
        assert torch.equal(state.v[0], state.u[0].clamp(min=0))
    else:
        assert all(map(torch.equal, state.u, result.state.u))
        assert all(map(torch.equal, state.v, result.state.v))
    solver = Solver(coupling=new, sweeps=10, check_descent=True)
    assert solver.run(problem, state).certificate().descends


@pytest.mark.parametrize("kind", KINDS)
def test_from_constraint_to_penalty_phi_stays(kind):
    result = trained("constraint", KINDS[kind])
    problem = problem_of("penalty", KINDS[kind])
    state = hand_over(problem, result)
    terms = objective.terms(problem, state)
    assert float(terms.get("structure[1]", 0.0)) == 0
    phi = float(objective.value(problem, state))
    assert phi == pytest.approx(result.history.objective[-1], rel=1e-12)
    again = Solver(coupling="penalty", sweeps=1).fit(
        net(KINDS[kind]), X, Y, start=result
    )
    assert again.history.initial_objective == phi


def test_a_copy_outside_the_set_is_found_again_from_the_weight():
    result = trained("penalty", Sparse(0.2))
    state = hand_over(problem_of("penalty", Sparse(0.8)), result)
    wanted = Sparse(0.8).project(result.state.w[0]).dense
    assert torch.equal(state.g[0].dense, wanted)
    # A smaller set lies in a larger one, but the train must be able to grow.
    result = trained("constraint", LowRank(1))
    state = hand_over(problem_of("constraint", LowRank(3)), result)
    torch.testing.assert_close(state.w[0], result.state.w[0])
    assert [c.shape for c in state.g[0].cores.cores] == [
        (1, 16, 3),
        (3, 8, 1),
    ]
    # And a free layer keeps its weight, whatever copy stood beside it.
    result = trained("penalty", Sparse(0.8))
    state = hand_over(problem_of("consistent", Free()), result)
    assert torch.equal(state.w[0], result.state.w[0])


@pytest.mark.parametrize("coupling", ["penalty", "constraint"])
def test_other_rows_get_a_forward_pass(coupling):
    result = trained("constraint")
    problem = Solver(coupling=coupling).problem(net(), X[:30], Y[:30])
    state = hand_over(problem, result)
    u = X[:30] @ state.w[0].numpy().T + state.b[0].numpy()
    np.testing.assert_allclose(state.u[0], u)
    terms = objective.terms(problem, state)
    assert float(terms["activation[1]"]) == float(terms["affine[2]"]) == 0


def test_kept_features_are_put_in_their_box():
    result = trained("constraint", weights := KINDS["sparse"])
    assert result.state.v[0].max() > 0.1
    problem = problem_of(
        "constraint", weights, penalties=Penalties(v_bounds=(0.0, 0.1))
    )
    state = hand_over(problem, result)
    assert state.v[0].min() >= 0
    assert state.v[0].max() <= 0.1
    assert torch.equal(state.v[1], result.state.v[1])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("old", ["float32", "float64"])
def test_the_number_type_is_that_of_the_problem(old, kind):
    result = trained("constraint", KINDS[kind], dtype=old)
    for dtype in ("float32", "float64"):
        problem = problem_of("constraint", KINDS[kind], dtype=dtype)
        state = hand_over(problem, result)
        tensors = [*state.w, *state.b, *state.u, *state.v, *state.affine]
        assert {t.dtype for t in tensors} == {problem.x.dtype}
        if kind in ("low-rank", "train"):
            train = KINDS[kind].from_cores(state.g[0].cores, (16, 8))
            torch.testing.assert_close(
                train.dense, state.w[0], rtol=0, atol=1e-6
            )
            assert state.g[0].cores.cores[0].dtype == problem.x.dtype


def module():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_a_module_is_a_start(coupling):
    source = module()
    problem = problem_of(coupling, Free())
    state = hand_over(problem, source)
    with torch.no_grad():
        wanted = source(torch.from_numpy(X).float())
    torch.testing.assert_close(state.u[-1].float(), wanted)
    assert not state.w[0].requires_grad
    before = state.w[0].clone()
    with torch.no_grad():
        source[0].weight.zero_()
    assert torch.equal(state.w[0], before)
    sparse = hand_over(problem_of(coupling), module())
    near = KINDS["sparse"].project(before).dense
    assert torch.equal(sparse.g[0].dense, near)
    assert torch.equal(sparse.w[0], before if coupling == "penalty" else near)


def test_a_list_is_a_start_and_a_missing_bias_is_zero():
    pairs = [
        (RNG.standard_normal((16, 8)), None),
        (np.ones((3, 16)), [1, 2, 3]),
    ]
    state = hand_over(problem_of("penalty"), pairs)
    np.testing.assert_array_equal(state.w[0], pairs[0][0])
    assert not state.b[0].any()
    assert state.b[1].tolist() == [1.0, 2.0, 3.0]
    silent = hand_over(
        problem_of("penalty", bias=False),
        [(w, 0 * w[:, 0]) for w, _ in pairs],
    )
    assert silent.b == (None, None)


def test_a_convolution_is_a_start():
    layers = [Conv2d(3, (2, 3), stride=(2, 1), padding=(0, 1)), Dense(4)]
    network = Network((2, 6, 5), layers)
    torch.manual_seed(1)
    convolution = nn.Conv2d(2, 3, (2, 3), stride=(2, 1), padding=(0, 1))
    source = nn.Sequential(
        convolution, nn.ReLU(), nn.Flatten(), nn.Linear(45, 4)
    )
    x = torch.randn(7, 2, 6, 5)
    problem = Solver(coupling="penalty", dtype="float32").problem(
        network, x, np.arange(7) % 4
    )
    state = hand_over(problem, source)
    with torch.no_grad():
        torch.testing.assert_close(state.u[-1], source(x))
    for wrong in (
        nn.Conv2d(2, 3, (2, 3), stride=(1, 2), padding=(0, 1)),
        nn.Conv2d(2, 3, (2, 3), (2, 1), (0, 1), dilation=2),
        nn.Conv2d(2, 3, (2, 3), (2, 1), (0, 1), padding_mode="reflect"),
    ):
        source[0] = wrong
        with pytest.raises(ValueError, match="layer 1 is Conv2d.*give both"):
            hand_over(problem, source)


def changed(**blocks):
    return trained("constraint").state.put(0, **blocks)


NAN = float("nan")
W1, W2 = np.ones((16, 8)), np.ones((3, 16))
BAD = [
    (lambda: [(W1, None)], "start has 1 layers.*network has 2.*give one"),
    (lambda: [], "start has 0 layers"),
    (lambda: [(W1.T, None), (W2, None)], "W of layer 1.*transpose it"),
    (lambda: [(W1, None), (W1, None)], r"W of layer 2 .*\(3, 16\): change"),
    (lambda: [(W1, [1.0]), (W2, None)], r"b of layer 1.*\(1,\).*\(16,\)"),
    (lambda: [(NAN * W1, None), (W2, None)], "W of layer 1 has NaN"),
    (lambda: [(W1, None), (W2, [0, NAN, 0])], "B of layer 2 has NaN"),
    (lambda: changed(u=torch.full((40, 16), NAN)), "U of layer 1 has NaN"),
    (lambda: [([[1], [1, 2]], None), (W2, None)], "start: W must be rect"),
    (
        lambda: nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16)),
        "start holds a BatchNorm1d.*fold it",
    ),
    (
        lambda: nn.Sequential(nn.Conv2d(8, 16, 1), nn.Linear(16, 3)),
        "layer 1 is Conv2d.*the network has Dense",
    ),
]


@pytest.mark.parametrize(("make", "message"), BAD)
def test_a_start_that_does_not_fit_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        Solver(coupling="penalty").fit(net(), X, Y, start=make())


def test_a_bias_with_no_place_is_refused():
    pairs = [(W1, np.ones(16)), (W2, None)]
    with pytest.raises(ValueError, match="bias of layer 1.*bias=True"):
        hand_over(problem_of("penalty", bias=False), pairs)


def test_other_classes_are_refused():
    result = trained("penalty")
    with pytest.raises(ValueError, match=r"classes \[0, 1, 2\].*\[1, 2, 3\]"):
        Solver(coupling="penalty").fit(net(), X, Y + 1, start=result)


@pytest.mark.parametrize("start", [3, "weights.pt", [W1, W2]])
def test_another_kind_is_refused(start, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(TypeError, match="start must be a Result, a State"):
        Solver(coupling="penalty").fit(net(), X, Y, start=start)


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_a_schedule_starts_from_all_of_a_dense_start(coupling):
    solver = Solver(coupling=coupling, sweeps=6, schedule=Gradual(3))
    problem = solver.problem(net(), X, Y)
    state = solver.init(problem, start=module())
    torch.testing.assert_close(state.w[0].float(), module()[0].weight.data)
    result = solver.fit(net(), X, Y, start=module())
    assert result.certificate().descends
    assert result.parameters <= net().parameters


@pytest.mark.parametrize("structure", [Sparse(0.9), TensorTrain(8)])
def test_a_warm_start_leads_a_cold_one_on_digits(structure):
    """Measured: .99 against .45 to .53 (sparse), .84 against .1 (train)."""
    data = digits()
    hidden = [Dense(256, structure=structure) for _ in range(2)]
    network = Network(64, [*hidden, Dense(10)])
    rows = data.x_train, data.y_train
    warm = Solver(coupling="consistent", sweeps=3).fit(network, *rows)
    lifted = Solver(coupling="penalty", sweeps=5)
    cold = lifted.fit(network, *rows)
    after = lifted.fit(network, *rows, start=warm)
    assert after.certificate().descends
    test = data.x_test, data.y_test
    print(cold, cold.accuracy(*test), after, after.accuracy(*test))
    assert after.history.objective[-1] < 0.5 * cold.history.objective[-1]
    assert after.accuracy(*test) > cold.accuracy(*test) + 0.3


def train_command(words):
    start = "train --hidden 32 --structure sparse --quiet --json --sweeps 3 "
    return main((start + words).split())


def test_the_command_line_starts_warm(capsys):
    assert train_command("--warm-start 2") == 0
    output, said = capsys.readouterr()
    report = json.loads(output)
    assert said.startswith("warm start: 2 consistent sweeps in ")
    assert said.count("\n") == 1
    # The history is that of the penalty coupling alone.
    assert (report["sweeps"], len(report["objective"])) == (3, 4)
    loss = float(said.split("->")[1])
    assert report["objective"][0] == pytest.approx(loss, rel=1e-5)
    assert train_command("--coupling penalty") == 0
    cold = json.loads(capsys.readouterr().out)
    assert report["test_accuracy"] > cold["test_accuracy"]


def test_seconds_count_both(capsys, monkeypatch):
    def slow(*args):
        warm, solver = warm_start(*args)
        return replace(warm, seconds=1000.0), solver

    monkeypatch.setattr(nnbcd.commands.train, "warm_start", slow)
    assert train_command("--warm-start 1") == 0
    assert json.loads(capsys.readouterr().out)["seconds"] > 1000


def test_the_time_limit_counts_both(capsys):
    assert train_command("--warm-start 40 --time-limit 0.01") == 0
    output, said = capsys.readouterr()
    report = json.loads(output)
    assert "Stopped at the time limit" in report["status"]
    assert report["sweeps"] == 1
    assert said.startswith("warm start: 1 consistent sweep in ")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--warm-start 2 --coupling consistent", "raise --sweeps"),
        ("--warm-start 2 --gradual 1", "exclude each other"),
        ("--warm-start 0", "sweeps must be an integer of at least 1"),
    ],
)
def test_the_command_line_refuses(words, message, capsys):
    assert train_command(words) == 2
    assert message in capsys.readouterr().err
