"""BCD without compression is the three-splitting scheme."""

import numpy as np
import pytest
import torch

from nnbcd import Dense, Network, Penalties, Solver, Sparse, TensorTrain
from nnbcd.baselines import PlainProcedure, plain_bcd


def network(bias=True):
    train = TensorTrain(3, modes=(4, 3, 2, 4))
    layers = [
        Dense(12, structure=train, bias=bias),
        Dense(9, structure=Sparse(0.5), bias=bias),
        Dense(3, bias=bias),
    ]
    return Network((8,), layers)


def rows(n=90):
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, 8)), np.arange(n) % 3


def test_the_objective_never_rises():
    result = plain_bcd(network(), *rows(), sweeps=40, seed=1)
    assert result.history.objective_increases == 0
    assert len(result.history.sweeps) == 40
    assert result.history.objective[-1] < 0.9 * result.history.objective[0]


def test_nothing_is_compressed():
    result = plain_bcd(network(), *rows(), sweeps=2)
    assert result.parameters == result.dense_parameters == 108 + 117 + 30
    assert result.sparsity == 0.0
    assert result.state.g == (None, None, None)


def test_it_is_the_penalty_coupling_on_free_layers():
    layers = [Dense(12), Dense(9), Dense(3)]
    solver = Solver(
        Penalties(gamma=0.7, rho=0.3, alpha=2.0),
        coupling="penalty",
        sweeps=6,
        scale=0.5,
    )
    ours = solver.fit(Network((8,), layers), *rows(), seed=5)
    plain = plain_bcd(
        network(),
        *rows(),
        sweeps=6,
        gamma=0.7,
        rho=0.3,
        alpha=2.0,
        initialisation="kaiming-normal",
        scale=0.5,
        seed=5,
    )
    assert plain.history.objective == ours.history.objective
    for found, wanted in zip(plain.state.w, ours.state.w, strict=True):
        assert torch.equal(found, wanted)


def test_it_makes_the_iterates_of_a_plain_transcription():
    x, y = rows()
    free = Network((8,), [Dense(d, bias=False) for d in (12, 9, 3)])
    solver = Solver(
        Penalties(gamma=1.0, rho=1.0, alpha=5.0),
        coupling="penalty",
        g_step="svd",
        initialisation="gaussian",
        scale=1.0,
        certify=False,
    )
    problem = solver.problem(free, x, y)
    state, procedure = solver.init(problem, seed=3), PlainProcedure(problem)
    values = []
    for _ in range(5):
        state, phi = procedure.step(state)
        values.append(phi)
    found = plain_bcd(network(bias=False), x, y, sweeps=5, seed=3)
    assert found.history.objective[1:] == pytest.approx(values, rel=1e-9)
    for ours, theirs in zip(found.state.w, state.w, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-9)
