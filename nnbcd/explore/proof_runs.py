"""The runs on which the chapter about the proof reads its lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

from nnbcd import Dense, Network, Penalties, Solver, Sparse, TensorTrain
from nnbcd._typing import Tensor
from nnbcd.blocks import g, u
from nnbcd.datasets import digits
from nnbcd.explore.recorded import Recorded, record
from nnbcd.problem import Problem
from nnbcd.state import State
from nnbcd.structures import StructuredMatrix

__all__ = [
    "RUNS",
    "covered",
    "cube",
    "drifting",
    "runs",
    "without_pass",
    "wrong_sign",
]

RUNS = {
    "ALS, digits": "covered",
    "TT-SVD, random data": "svd",
    "wrong sign in U, digits": "sign",
}


def covered(sweeps: int, g_step: str = "als") -> Recorded:
    """200 digits, three layers: sparse, train of rank 2, free; no bias.

    With a ridge on every weight and no bias the iterates stay bounded, so
    every assumption of the convergence theorem is met.

    Parameters
    ----------
    sweeps : int
    g_step : str
        ``als`` is what the theorem covers.
    """
    data = digits()
    train = TensorTrain(2, modes=(4, 4, 4, 4))
    network = Network(
        (64,),
        [
            Dense(16, structure=Sparse(0.8), bias=False),
            Dense(16, structure=train, bias=False),
            Dense(10, bias=False),
        ],
    )
    penalties = Penalties(gamma=0.5, rho=0.5, tau=1.0, alpha=0.1, ridge=0.1)
    solver = Solver(
        penalties, coupling="penalty", sweeps=sweeps, g_step=g_step
    )
    return record(solver, network, data.x_train[:200], data.y_train[:200])


def drifting(sweeps: int, g_step: str) -> Recorded:
    """Random data and eight modes of two: where TT-SVD goes wrong.

    W drifts so slowly that the quasi-optimal train of TT-SVD is worse than
    the train before.

    Parameters
    ----------
    sweeps : int
    g_step : str
        ``svd``, ``guarded`` or ``als``.
    """
    rng = np.random.default_rng(1)
    x, y = rng.standard_normal((40, 16)), rng.integers(0, 3, 40)
    train = TensorTrain(2, modes=(2,) * 8)
    network = Network(16, [Dense(16, structure=train), Dense(3)])
    penalties = Penalties(gamma=0.5, rho=0.5, tau=1.0, alpha=0.01)
    solver = Solver(
        penalties, coupling="penalty", sweeps=sweeps, g_step=g_step
    )
    return record(solver, network, x, y)


def cube(seed: int, sweeps: int = 400) -> tuple[float, float]:
    """Step and slope where a run on a 2 x 4 weight of rank one ends.

    X = 3 I and Y = X W^T with a random W; all penalties are 1.

    Parameters
    ----------
    seed : int
        Of W and of the start.
    sweeps : int
        Most sweeps; the run ends where a step is shorter than 1e-7.
    """
    generator = torch.Generator().manual_seed(seed)
    w = torch.randn(2, 4, generator=generator, dtype=torch.float64)
    x = 3 * torch.eye(4, dtype=torch.float64)
    train = TensorTrain(1, modes=(2, 2, 2))
    network = Network(4, [Dense(2, structure=train, bias=False)])
    ones = Penalties(gamma=1.0, rho=1.0, tau=1.0, alpha=1.0)
    solver = Solver(ones, coupling="penalty")
    problem = solver.problem(network, x, x @ w.mT)
    state = solver.init(problem, seed)
    for number in range(1, sweeps + 1):
        state, record = solver.step(problem, state, number)
        if record.step_norm < 1e-7:
            break
    assert record.subgradient is not None
    return record.step_norm, record.subgradient


@contextmanager
def without_pass() -> Iterator[None]:
    """Inside the block the guarded G step takes TT-SVD without a pass."""
    right = g.update

    def alone(
        problem: Problem, state: State, i: int
    ) -> tuple[StructuredMatrix, Tensor]:
        structure, weights = problem.network.structures[i], problem.layers[i]
        w, old = state.w[i], state.g[i]
        assert old is not None
        new, squared = g.guard(structure, weights, w, old)
        if new is not old:
            return new, squared
        return structure.refine(w, old, weights.tau, weights.alpha)

    g.update = alone
    try:
        yield
    finally:
        g.update = right


@contextmanager
def wrong_sign() -> Iterator[None]:
    """Inside the block the U update sees minus its affine image."""
    right = u.update

    def wrong(problem: Problem, state: State, i: int) -> Tensor:
        image = state.affine[i]
        assert image is not None
        return right(problem, state.put(i, affine=-image), i)

    u.update = wrong
    try:
        yield
    finally:
        u.update = right


def runs(sweeps: int) -> dict[str, Recorded]:
    """The three runs of the explorer, under the values of ``RUNS``."""
    out = {"covered": covered(sweeps), "svd": drifting(sweeps, "svd")}
    with wrong_sign():
        out["sign"] = covered(sweeps)
    return out
