"""The consistent coupling: what follows the data, and the length of steps."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from problems import make

import nnbcd.consistent
from nnbcd import Dense, Free, LowRank, Network, Solver, Sparse, objective
from nnbcd.couplings import Consistent
from nnbcd.row_pass import Weights, row_pass
from nnbcd.structures import StructuredMatrix

RNG = np.random.default_rng(0)
Y = RNG.integers(0, 3, 240)
X = RNG.standard_normal((240, 8)) + 2 * np.eye(3, 8)[Y] + 1


def fit(x, structure, **options):
    hidden = Dense(16, structure=structure)
    net = Network(8, [hidden, Dense(12), Dense(3)])
    return Solver(sweeps=6, **options).fit(net, x, Y)


@pytest.mark.parametrize("unit", [0.1, 255.0])
@pytest.mark.parametrize(
    "structure", [Free(), Sparse(0.7), LowRank(3)], ids=repr
)
def test_a_run_does_not_depend_on_the_unit_of_x(structure, unit):
    one, other = fit(X, structure), fit(unit * X, structure)
    assert one.history.objective[-1] < 0.3 * one.history.objective[0]
    np.testing.assert_allclose(
        one.history.objective, other.history.objective, rtol=1e-6
    )
    torch.testing.assert_close(
        one.state.w[0], unit * other.state.w[0], rtol=1e-5, atol=1e-7
    )
    torch.testing.assert_close(
        one.state.b[0], other.state.b[0], rtol=1e-5, atol=1e-7
    )


def test_only_the_first_layer_starts_by_the_size_of_x():
    solver, problem = make(coupling="consistent", scale=40.0)
    plain = replace(solver, scale=1.0).init(problem)
    start = solver.init(problem)
    size = float(problem.x.square().mean().sqrt())
    assert size > 20
    torch.testing.assert_close(start.w[0], 0.5 / size * plain.w[0])
    for i in (1, 2):
        assert torch.equal(start.w[i], plain.w[i])
    # A scale that is asked for is taken as it is.
    assert torch.equal(
        plain.w[0], 0.5 * replace(solver, scale=2.0).init(problem).w[0]
    )


def test_inputs_that_are_all_zero_have_no_size_to_divide_by():
    solver, problem = make(coupling="consistent", scale=0.0)
    plain = replace(solver, scale=1.0).init(problem)
    assert torch.equal(solver.init(problem).w[0], plain.w[0])


@pytest.mark.parametrize(
    ("n", "width", "rows"),
    [
        (60_000, 784, 392),  # half the widest layer's inputs
        (1_400, 256, 128),
        (1_400, 1_000, 200),  # a seventh of the rows
        (100, 784, 50),  # at least fifty
        (60_000, 4, 50),
    ],
)
def test_rows_of_a_chunk_follow_width_and_data(n, width, rows):
    assert Consistent().rows(n, width) == rows
    assert Consistent(chunk_rows=7).rows(n, width) == 7


@pytest.mark.parametrize(
    ("widths", "chunks"), [((5, 6, 3), 20), ((5, 200, 3), 10)]
)
def test_the_widest_inputs_decide_the_chunks(widths, chunks, monkeypatch):
    seen = []
    forward = nnbcd.row_sums.forward

    def counted(problem, x, *weights):
        seen.append(len(x))
        return forward(problem, x, *weights)

    monkeypatch.setattr(nnbcd.row_sums, "forward", counted)
    solver, problem = make(coupling="consistent", widths=widths, n=1000)
    row_pass(problem, solver.init(problem), 1)
    assert len(seen) == chunks
    assert sum(seen) == 1000


@pytest.mark.parametrize("trust", [0.3, 0.93])
def test_memory_grows_as_the_step_shrinks(trust):
    """A pass at less trust is one of shorter steps and longer means."""
    options = {"widths": (5, 6, 3), "n": 200}
    _, problem = make(coupling=Consistent(step=0.5, memory=0.9), **options)
    same = Consistent(step=0.5 * trust, memory=1 - 0.1 * trust)
    by_hand = replace(problem, coupling=same)
    state = Solver().init(problem, seed=3)
    found, _ = row_pass(problem, replace(state, trust=trust), 1)
    wanted, _ = row_pass(by_hand, state, 1)
    full, _ = row_pass(problem, state, 1)
    for one, two, other in zip(
        found.members, wanted.members, full.members, strict=True
    ):
        torch.testing.assert_close(one.dense, two.dense, rtol=1e-9, atol=0)
        assert not torch.allclose(one.dense, other.dense, rtol=1e-3)


def moved(state, towards, share):
    """The weights of ``state``, some share of the way to others."""
    return Weights(
        tuple(
            StructuredMatrix(w + share * (m.dense - w))
            for w, m in zip(state.w, towards.members, strict=True)
        ),
        tuple(
            b + share * (c - b)
            for b, c in zip(state.b, towards.biases, strict=True)
        ),
    )


@pytest.mark.parametrize(
    ("last", "mean", "change"),
    [
        (0.6, None, 1.5),
        (0.6, 0.1, 1.5),
        (0.1, 0.6, 0.93),  # the mean wins: noise has taken over
        (-3.0, 0.6, 0.93),
        (-3.0, -2.0, 0.125),  # refused
    ],
)
def test_the_next_step_follows_what_was_taken(
    last, mean, change, monkeypatch
):
    solver, problem = make(coupling="consistent", widths=(5, 20, 3), n=200)
    state = replace(solver.init(problem, seed=1), trust=0.4)
    good, _ = row_pass(problem, state, 1)
    proposals = [
        None if s is None else moved(state, good, s) for s in (last, mean)
    ]
    monkeypatch.setattr(
        nnbcd.consistent, "row_pass", lambda *_: tuple(proposals)
    )
    after, update = nnbcd.consistent.sweep(problem, state, 1)
    assert after.trust == pytest.approx(0.4 * change)
    refused = change == 0.125
    assert (update.after == update.before) == refused
    share = max(last, mean or last)
    w = state.w[0] if refused else moved(state, good, share).members[0].dense
    assert torch.equal(after.w[0], w)
    assert float(objective.value(problem, after)) == float(update.after)


def test_a_step_is_never_longer_than_the_setting(monkeypatch):
    solver, problem = make(coupling="consistent", widths=(5, 20, 3), n=200)
    state = replace(solver.init(problem, seed=1), trust=0.9)
    proposals = row_pass(problem, state, 1)[0], None
    monkeypatch.setattr(nnbcd.consistent, "row_pass", lambda *_: proposals)
    after, update = nnbcd.consistent.sweep(problem, state, 1)
    assert update.after < update.before
    assert after.trust == 1.0
