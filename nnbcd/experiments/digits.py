"""Scikit-learn's digits: seconds, and no file is needed."""

from __future__ import annotations

from collections.abc import Sequence

from nnbcd.baselines import train
from nnbcd.datasets import Dataset, digits
from nnbcd.experiments.experiment import Arm, Baseline, Descent, Experiment
from nnbcd.experiments.networks import chain, dense
from nnbcd.experiments.variants import g_steps
from nnbcd.problem import Penalties
from nnbcd.solver import Solver
from nnbcd.structures import TensorTrain

__all__ = ["DIGITS"]

# The paper's defaults for its fully connected networks.
PAPER = Solver(
    Penalties(gamma=0.5, rho=0.5, tau=5.0, alpha=1.0),
    coupling="penalty",
    g_step="svd",
)


def _arms(_: Dataset) -> Sequence[Arm]:
    trains = chain(64, (256, 256), [TensorTrain(24)] * 2, 10)
    lifted = Solver(coupling="constraint")
    return (
        *g_steps(Descent("penalty", "NN-BCD, paper", trains, 20, 200, PAPER)),
        Descent("consistent", "NN-BCD, default", trains, 5, 50, Solver()),
        Descent("constraint", "NN-BCD, constraint", trains, 0, 50, lifted),
        Baseline("adam", "Adam, same trains", trains, 10, 60, train),
        Baseline("adam-dense", "Adam, dense", dense(trains), 10, 60, train),
    )


DIGITS = Experiment(
    "digits",
    "Digits of scikit-learn, 64-256-256-10, tensor trains of rank 24",
    lambda: (digits(), ""),
    _arms,
)
