"""Gradual compression: the curves, the sets on the way, the record."""

import json
from dataclasses import replace

import jaxtyping
import numpy as np
import pytest
import torch
from cases import STRUCTURES
from test_history import block, swept

import nnbcd.run
from nnbcd import (
    Dense,
    Free,
    Gradual,
    History,
    LowRank,
    Network,
    Penalties,
    Solver,
    Sparse,
    Status,
    TensorTrain,
    objective,
)
from nnbcd.__main__ import main
from nnbcd.certificate import certify
from nnbcd.schedules import enter, finish, stage

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((40, 8)), RNG.integers(0, 3, 40)
COUPLINGS = ["penalty", "constraint", "consistent"]
KINDS = {
    "sparse": Sparse(0.8),
    "low-rank": LowRank(2),
    "train": TensorTrain(2, modes=(4, 4, 2, 4)),
}


def net(structure):
    return Network(8, [Dense(16, structure=structure), Dense(3)])


def chosen(schedule, structure, sweep, shape=(16, 8)):
    features = shape[1]
    network = Network(features, [Dense(shape[0], structure=structure)])
    return schedule.network(network, sweep).structures[0]


def test_zeros_rise_along_the_cubic():
    plan = Gradual(4, start=0.2)
    found = [
        chosen(plan, Sparse(0.8), k).sparsity for k in (1, 2, 3, 4, 5, 9)
    ]
    wanted = [0.8 - 0.6 * (1 - t / 4) ** 3 for t in range(4)] + [0.8, 0.8]
    assert found == pytest.approx(wanted)
    # A layer that asks for less than the start has its own from the start.
    assert chosen(plan, Sparse(0.1), 1) == Sparse(0.1)


def test_ranks_fall_geometrically_at_each_bond():
    train = TensorTrain(2, modes=(4, 4, 4, 4))  # at most 4, 16, 4
    found = [chosen(Gradual(4), train, k, (16, 16)) for k in range(1, 6)]
    assert found[0] == found[1] == Free()  # as large as the dense weight
    assert [s.rank for s in found[2:4]] == [(3, 6, 3), (2, 3, 2)]
    assert found[4] is train
    assert all(s.modes == train.modes for s in found[2:])
    rank = [chosen(Gradual(3), LowRank(1), k, (64, 27)) for k in (1, 2, 3)]
    assert rank == [Free(), LowRank(9), LowRank(3)]


@pytest.mark.parametrize("kind", KINDS)
def test_sets_only_tighten(kind):
    counts = [
        chosen(Gradual(7), KINDS[kind], k).count((16, 8)) for k in range(1, 9)
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == 128 > counts[-2] >= counts[-1]
    assert counts[-1] == KINDS[kind].count((16, 8))


def inside(state, i, structure):
    """Whether what is stored of layer i is a member of the set."""
    g = state.g[i]
    if structure.free:
        return g is None
    near = structure.project(g.dense).dense
    return g is not None and torch.allclose(near, g.dense, atol=1e-9)


@pytest.mark.parametrize("coupling", COUPLINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_sweep_works_in_its_set(kind, coupling):
    plan, network, seen = Gradual(3), net(KINDS[kind]), []

    def look(record, state):
        wanted = plan.network(network, record.sweep).structures
        seen.append(inside(state, 0, wanted[0]))
        if coupling != "penalty" and state.g[0] is not None:
            assert torch.equal(state.w[0], state.g[0].dense)

    solver = Solver(coupling=coupling, sweeps=6, schedule=plan)
    result = solver.fit(network, X, Y, callbacks=[look])
    assert seen == [True] * 6
    assert result.parameters <= network.parameters < network.dense_parameters
    assert result.history.sweeps[3].tightened
    assert not any(s.tightened for s in result.history.sweeps[4:])


@pytest.mark.parametrize("coupling", COUPLINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_phi_of_the_record_is_the_one_of_the_state(kind, coupling):
    """Start and end of each sweep, evaluated on what one holds by hand."""
    solver = Solver(coupling=coupling, sweeps=5, schedule=Gradual(3))
    problem = solver.problem(net(KINDS[kind]), X, Y)
    state = solver.init(problem)
    records = []
    for number in range(1, 6):
        work, begun, tightened = enter(
            solver.schedule, problem, state, number
        )
        for after, _ in solver.blocks(problem, state, number):
            by_block = after
        state, record = solver.step(problem, state, number)
        assert torch.equal(by_block.w[0], state.w[0])
        assert record.tightened == tightened
        assert record.start == pytest.approx(
            float(objective.value(work, begun)), rel=1e-9
        )
        assert record.objective == pytest.approx(
            float(objective.value(work, state)), rel=1e-9
        )
        records.append(record)
    result = solver.run(problem, solver.init(problem))
    assert [s.objective for s in result.history.sweeps] == pytest.approx(
        [r.objective for r in records], rel=1e-9
    )


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_jumps_are_recorded_and_not_counted(coupling):
    plan = Gradual(4)
    solver = Solver(coupling=coupling, sweeps=20, schedule=plan)
    result = solver.fit(net(Sparse(0.9)), X, Y)
    history, found = result.history, result.certificate()
    jumps = [
        s.start - before
        for s, before in zip(history.sweeps, history.objective, strict=False)
    ]
    assert max(jumps) > 1e-3 * history.objective[0]
    assert [s.tightened for s in history.sweeps] == (
        [False] + [True] * 4 + [False] * 15
    )
    for jump, sweep in zip(jumps, history.sweeps, strict=True):
        assert sweep.tightened or abs(jump) <= 1e-9 * sweep.start
    assert found.descends, found
    assert found.tightenings == 4
    assert "sets tightened before 4 sweeps" in str(found)
    # H1 and H2 speak of the sweeps from the last tightening on.
    tail = certify(
        replace(
            history,
            sweeps=history.sweeps[4:],
            blocks=[r for r in history.blocks if r.sweep > 4],
            initial_objective=history.sweeps[4].start,
        )
    )
    for name in ("a", "b", "bound", "rate", "moved", "min_slack"):
        assert getattr(found, name) == getattr(tail, name)
    assert History.from_json(history.to_json()) == result.history


@pytest.mark.faults
def test_a_rise_within_a_sweep_is_still_a_rise():
    sweeps = [swept(1, 3.0, 1.0), swept(2, 5.0, 1.0, tightened=True)]
    good = History(4.0, [*sweeps, swept(3, 4.0, 1.0)])
    assert good.objective_increases == 0
    assert certify(good).monotone
    # From 6 to 7 in the sweep after the set was tightened.
    sweeps[1] = swept(2, 7.0, -1.0, tightened=True)
    bad = History(4.0, [*sweeps, swept(3, 4.0, 1.0)])
    assert bad.objective_increases == 1
    assert not certify(bad).monotone
    # The same jump without the mark.
    unmarked = [swept(1, 3.0, 1.0), swept(2, 5.0, 1.0)]
    assert History(4.0, unmarked).objective_increases == 1
    # A block that rises before the last tightening.
    rising = [block(before=4.0, after=4.1, guaranteed=0.0)]
    assert "raised Phi" in certify(replace(good, blocks=rising)).first_rise


@pytest.mark.faults
def test_slack_counts_from_the_last_tightening_on():
    sweeps = [
        swept(1, 3.0, 1.0),
        swept(2, 2.5, 1.0, tightened=True),
        swept(3, 1.0, 1.5),
    ]
    lazy = {"before": 4.0, "after": 3.0, "guaranteed": 2.0}
    early = History(4.0, sweeps, [block(**lazy, sweep=1)])
    assert certify(early).sufficient_decrease
    for number in (2, 3):
        late = History(4.0, sweeps, [block(**lazy, sweep=number)])
        assert not certify(late).sufficient_decrease


@pytest.mark.parametrize("coupling", COUPLINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_stopped_on_the_way_ends_in_the_sets_asked_for(kind, coupling):
    network = net(KINDS[kind])
    solver = Solver(
        coupling=coupling, sweeps=9, schedule=Gradual(6), time_limit=1e-9
    )
    problem = solver.problem(network, X, Y)
    start = solver.init(problem)
    result = solver.run(problem, start, validation=(X, Y))
    assert result.status is Status.TIME_LIMIT
    assert inside(result.state, 0, network.structures[0])
    assert result.parameters <= network.parameters
    one, closing = result.history.sweeps
    assert (closing.sweep, closing.step_norm, closing.decrease) == (2, 0, 0)
    assert closing.tightened and not one.tightened
    phi = float(objective.value(problem, result.state))
    assert result.history.objective[-1] == pytest.approx(phi)
    assert closing.train_accuracy == result.accuracy(X, Y)
    # Nothing was done in the sets asked for: nothing is proved about them.
    found = result.certificate()
    assert found.monotone and not found.descends
    assert "no sweep moved" in str(found)


def test_a_run_that_breaks_at_once_is_compressed_too(monkeypatch):
    monkeypatch.setattr(nnbcd.run, "read", lambda *args: 1 / 0)
    solver = Solver(coupling="penalty", sweeps=5, schedule=Gradual(3))
    with pytest.raises(ZeroDivisionError):  # no error of the run's own
        solver.fit(net(Sparse(0.8)), X, Y)

    def overflow(*args):
        raise OverflowError

    monkeypatch.setattr(nnbcd.run, "read", overflow)
    result = solver.fit(net(Sparse(0.8)), X, Y)
    assert result.status is Status.NONFINITE
    assert result.parameters <= net(Sparse(0.8)).parameters


def test_an_interrupt_while_a_set_is_entered(monkeypatch):
    whole = nnbcd.run.read

    def read(updates, number):
        if number == 4:  # the first sweep in the set asked for
            raise KeyboardInterrupt
        return whole(updates, number)

    monkeypatch.setattr(nnbcd.run, "read", read)
    solver = Solver(coupling="penalty", sweeps=9, schedule=Gradual(3))
    result = solver.fit(net(Sparse(0.8)), X, Y)
    assert result.status is Status.INTERRUPTED
    assert [s.sweep for s in result.history.sweeps] == [1, 2, 3, 4]
    assert inside(result.state, 0, Sparse(0.8))


@pytest.mark.parametrize("setting", ["tol", "step_tol"])
def test_no_run_converges_on_the_way(setting):
    solver = Solver(
        sweeps=9, schedule=Gradual(3), **{"coupling": "penalty", setting: 1e9}
    )
    result = solver.fit(net(Sparse(0.8)), X, Y)
    assert result.status is Status.CONVERGED
    assert len(result.history.sweeps) == 4


def test_tol_is_relative_to_the_first_sweep_in_the_sets_asked_for():
    solver = Solver(
        coupling="penalty", sweeps=300, schedule=Gradual(6), tol=0.3
    )
    result = solver.fit(net(Sparse(0.9)), X, Y)
    norms = [s.subgradient for s in result.history.sweeps]
    assert result.status is Status.CONVERGED
    assert norms[-1] <= 0.3 * norms[6] < min(norms[6:-1])
    assert norms[6] < 0.9 * norms[0]  # so the two rules differ


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_any_state_of_the_problem_may_start_a_run(coupling):
    """Made without the schedule, so in the final set."""
    plain = Solver(coupling=coupling, sweeps=8)
    gradual = replace(plain, schedule=Gradual(3))
    problem = plain.problem(net(Sparse(0.8)), X, Y)
    result = gradual.run(problem, plain.init(problem))
    assert result.certificate().descends
    assert inside(result.state, 0, Sparse(0.8))


@pytest.mark.parametrize("name", STRUCTURES)
def test_without_a_schedule_nothing_changes(name):
    network = net(STRUCTURES[name])
    problem = Solver(coupling="penalty").problem(network, X, Y)
    state = Solver(coupling="penalty").init(problem)
    assert stage(None, problem, 1) is problem
    assert enter(None, problem, state, 1) == (problem, state, False)
    assert finish(None, problem, state, 0) is None
    plan = Gradual(2)
    assert stage(plan, problem, 3) is problem
    assert enter(plan, problem, state, 4) == (problem, state, False)
    assert finish(plan, problem, state, 3) is None


@pytest.mark.parametrize("acceleration", [False, True])
def test_with_bounds_and_extrapolation(acceleration):
    solver = Solver(
        Penalties(v_bounds=(0.0, 2.0)),
        coupling="constraint",
        sweeps=12,
        schedule=Gradual(4),
        acceleration=acceleration,
        check_descent=True,
    )
    assert solver.fit(net(LowRank(1)), X, Y).certificate().descends


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Gradual(0), "sweeps must be an integer"),
        (lambda: Gradual(3, start=1.0), r"start must lie in \[0, 1\)"),
        (lambda: Gradual(3, start=-0.1), "start must be"),
        (
            lambda: Solver(
                coupling="penalty", sweeps=10, schedule=Gradual(10)
            ),
            "schedule takes 10 sweeps.*raise sweeps to at least 11",
        ),
    ],
)
def test_a_bad_schedule_is_refused_by_name(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_number_is_no_schedule(monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(TypeError, match="schedule must be a Gradual"):
        Solver(coupling="penalty", schedule=5)


def test_the_command_line_and_its_record(tmp_path, capsys):
    record = tmp_path / "run.json"
    words = "train --hidden 32 --structure sparse --gradual 3 --sweeps 6"
    words += f" --coupling consistent --quiet --json --record {record}"
    assert main(words.split()) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["tightenings"] == 3
    assert report["objective_increases"] == 0
    assert main(["certify", str(record)]) == 0
    assert "sets tightened before 3 sweeps" in capsys.readouterr().out
