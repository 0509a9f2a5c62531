"""A small experiment: seconds on one core."""

import numpy as np
import pytest

from nnbcd import Penalties, Solver, TensorTrain
from nnbcd.baselines import magnitude_pruning, plain_bcd, train
from nnbcd.datasets import Dataset
from nnbcd.experiments import Baseline, Descent, Experiment
from nnbcd.experiments.networks import chain
from nnbcd.structures import Sparse

PAPER = Solver(Penalties(tau=2.0), coupling="penalty")


def tiny_data(rows=60):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((rows, 6)), rng.integers(0, 3, rows)
    return Dataset("tiny", x[20:], y[20:], x[:20], y[:20])


def tiny_arms(data):
    trains = chain(data.features, (8, 4), [TensorTrain(2)] * 2, 3)
    pruned = chain(data.features, (8, 4), [Sparse(0.5)] * 2, 3)
    return (
        Descent("penalty", "paper", trains, 4, 7, PAPER),
        Descent("consistent", "default", trains, 3, 5, Solver()),
        Descent("rare", "long runs only", trains, 0, 2, Solver()),
        Baseline("adam", "Adam", trains, 2, 3, train),
        Baseline("cut", "pruned", pruned, 2, 3, magnitude_pruning),
        Baseline(
            "plain-bcd", "BCD", trains, 3, 4, plain_bcd,
            search=False, unit="sweeps",
        ),
    )  # fmt: skip


@pytest.fixture
def tiny():
    return Experiment(
        "tiny", "A test", lambda: (tiny_data(), "made up"), tiny_arms
    )
