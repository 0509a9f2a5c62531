"""The solver: starts, endings, settings."""

import time
from dataclasses import replace

import numpy as np
import pytest
import torch

import nnbcd.run
from nnbcd import (
    Dense,
    Network,
    Penalties,
    Solver,
    Sparse,
    Status,
)
from nnbcd.initialisation import SCHEMES

RNG = np.random.default_rng(0)
X = RNG.standard_normal((30, 6))
Y = RNG.integers(0, 3, 30)
NET = Network(6, [Dense(8, structure=Sparse(0.5)), Dense(5), Dense(3)])


def tensors(state):
    return [
        *state.w,
        *state.u,
        *state.v,
        *(b for b in state.b if b is not None),
    ]


def run(**options):
    return Solver(**{"coupling": "penalty", "sweeps": 4, **options}).fit(
        NET, X, Y
    )


def test_all_sweeps():
    result = run(sweeps=4)
    assert result.status is Status.MAX_SWEEPS
    assert [s.sweep for s in result.history.sweeps] == [1, 2, 3, 4]
    assert len(result.history.objective) == 5
    assert str(result.status) == Status.MAX_SWEEPS.value


def test_converged_by_the_subgradient():
    result = run(sweeps=500, tol=0.05)
    assert result.status is Status.CONVERGED
    norms = [s.subgradient for s in result.history.sweeps]
    assert norms[-1] <= 0.05 * norms[0]
    assert min(norms[:-1]) > 0.05 * norms[0]


def test_converged_by_the_step():
    result = run(sweeps=500, step_tol=1e-3, certify=False)
    assert result.status is Status.CONVERGED
    assert result.history.sweeps[-1].subgradient is None
    size = sum(
        float(t.square().sum())
        for t in (*result.state.w, *result.state.u, *result.state.v)
    )
    steps = [s.step_norm for s in result.history.sweeps]
    assert steps[-1] <= 1e-3 * size**0.5 < 2 * steps[-2]


def test_without_a_subgradient_tol_never_stops():
    assert run(tol=1e9, certify=False).status is Status.MAX_SWEEPS


def test_time_limit():
    start = time.perf_counter()
    result = run(sweeps=10**6, time_limit=0.2)
    assert result.status is Status.TIME_LIMIT
    assert 0.2 <= result.seconds <= time.perf_counter() - start
    assert result.seconds < 10
    assert result.history.sweeps


def solve(*callbacks, **options):
    solver = Solver(**{"coupling": "penalty", "sweeps": 10, **options})
    problem = solver.problem(NET, X, Y)
    return solver.run(problem, solver.init(problem), callbacks=callbacks)


def test_stopped_by_a_callback_after_all_were_called():
    seen = []
    result = solve(
        lambda record, state: record.sweep == 3,
        lambda record, state: seen.append(record.sweep),
    )
    assert result.status is Status.STOPPED
    assert seen == [1, 2, 3]
    assert len(result.history.sweeps) == 3


def test_a_callback_sees_the_record_and_the_state():
    seen = []
    result = solve(lambda record, state: seen.append((record, state)))
    assert [r for r, _ in seen] == list(result.history.sweeps)
    assert seen[-1][1] is result.state


class Closing:
    closed = 0

    def __init__(self, error=None, at=2):
        self.error, self.at = error, at

    def __call__(self, record, state):
        if self.error is not None and record.sweep == self.at:
            raise self.error

    def close(self):
        self.closed += 1


def test_interrupted_keeps_the_last_complete_sweep():
    bell = Closing(KeyboardInterrupt())
    result = solve(bell)
    assert result.status is Status.INTERRUPTED
    assert len(result.history.sweeps) == 2
    two = Solver(coupling="penalty", sweeps=2).fit(NET, X, Y)
    assert all(map(torch.equal, tensors(result.state), tensors(two.state)))
    assert bell.closed == 1


def test_interrupted_in_the_middle_of_a_sweep(monkeypatch):
    whole = nnbcd.run.read

    def read(updates, number):
        if number == 3:
            raise KeyboardInterrupt
        return whole(updates, number)

    monkeypatch.setattr(nnbcd.run, "read", read)
    result = solve()
    monkeypatch.undo()
    assert result.status is Status.INTERRUPTED
    assert len(result.history.sweeps) == 2
    two = Solver(coupling="penalty", sweeps=2).fit(NET, X, Y)
    assert all(map(torch.equal, tensors(result.state), tensors(two.state)))


def test_an_error_of_a_callback_is_not_swallowed():
    bell = Closing(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        solve(bell)
    assert bell.closed == 1


def test_an_infinite_start():
    solver = Solver(coupling="penalty", sweeps=3, scale=1e75)
    with pytest.raises(ValueError, match="objective of the start is "):
        solver.fit(NET, 1e140 * X, Y)


def test_an_objective_that_becomes_infinite(monkeypatch):
    whole = nnbcd.run.read

    def read(updates, number):
        rows = whole(updates, number)
        if number < 3:
            return rows
        return [*rows[:-1], replace(rows[-1], objective_after=np.nan)]

    monkeypatch.setattr(nnbcd.run, "read", read)
    result = solve()
    assert result.status is Status.NONFINITE
    assert len(result.history.sweeps) == 2
    assert np.isfinite(result.history.objective).all()
    monkeypatch.undo()
    two = Solver(coupling="penalty", sweeps=2).fit(NET, X, Y)
    assert all(map(torch.equal, tensors(result.state), tensors(two.state)))


def test_singular_after_two_good_sweeps(monkeypatch):
    from nnbcd import SingularMatrixError
    from nnbcd.blocks import w

    whole, count = w.update, []

    def update(*args):
        count.append(1)
        if len(count) == 8:  # three layers a sweep: in the third
            raise SingularMatrixError
        return whole(*args)

    monkeypatch.setattr(w, "update", update)
    result = solve()
    assert result.status is Status.SINGULAR
    assert len(result.history.sweeps) == 2


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("n", [1, 2, 6, 30])
def test_duplicated_columns_without_a_proximal_term(n, dtype):
    """The worst Gram matrix there is: rescued, and still falling."""
    x = np.repeat(X[:n, :1], 6, axis=1)
    net = Network(6, [Dense(8), Dense(3)])
    solver = Solver(
        Penalties(alpha=0.0), coupling="penalty", sweeps=15, dtype=dtype
    )
    result = solver.fit(net, x, Y[:n] % 3 if n > 2 else Y[:n] * 0)
    assert result.status is Status.MAX_SWEEPS
    assert result.history.objective_increases == 0
    assert all(torch.isfinite(t).all() for t in tensors(result.state))


def test_the_same_run_twice_is_the_same_to_the_bit():
    one, two = run(), run()
    assert one.history.objective == two.history.objective
    assert all(map(torch.equal, tensors(one.state), tensors(two.state)))


def test_a_seed_is_a_start():
    solver = Solver(coupling="penalty")
    problem = solver.problem(NET, X, Y)
    one, two, other = (solver.init(problem, seed) for seed in (5, 5, 6))
    assert all(map(torch.equal, tensors(one), tensors(two)))
    assert not torch.equal(one.w[0], other.w[0])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_start_leaves_torch_alone(scheme):
    solver = Solver(coupling="penalty", initialisation=scheme)
    problem = solver.problem(NET, X, Y)
    torch.manual_seed(3)
    before = torch.get_rng_state()
    first = solver.init(problem)
    assert torch.equal(torch.get_rng_state(), before)
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        second = solver.init(problem)
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(default)
    assert all(map(torch.equal, tensors(first), tensors(second)))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_both_precisions_start_from_the_same_weights(scheme):
    states = []
    for dtype in ("float32", "float64"):
        solver = Solver(
            coupling="penalty", initialisation=scheme, dtype=dtype
        )
        states.append(solver.init(solver.problem(NET, X, Y)))
    for single, double in zip(states[0].w, states[1].w, strict=True):
        assert torch.equal(single, double.float())
