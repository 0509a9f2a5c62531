"""The runs on which the chapter about the proof reads its lines."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from nnbcd import Dense, Network, Penalties, Solver, Sparse, TensorTrain
from nnbcd._typing import Tensor
from nnbcd.blocks import u
from nnbcd.datasets import digits
from nnbcd.explore.recorded import Recorded, record
from nnbcd.problem import Problem
from nnbcd.state import State

__all__ = ["RUNS", "covered", "drifting", "runs", "wrong_sign"]

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
