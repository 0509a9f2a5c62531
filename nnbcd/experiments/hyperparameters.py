"""Grids over gamma and rho under the penalty coupling.

Those of the five-layer and of the convolutional network have the authors'
values. Their notebooks with the grids of the four-layer network and of the
flares hold no readable output: the values there are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from nnbcd.datasets import Dataset
from nnbcd.experiments.alias import AliasedDescent
from nnbcd.experiments.experiment import Arm, Descent, Experiment
from nnbcd.experiments.har import RANK, data, paper
from nnbcd.experiments.lenet_flares import FLARES, SHARED_FACTOR
from nnbcd.experiments.lenet_flares import data as flare_data
from nnbcd.experiments.lenet_flares import network as flare_network
from nnbcd.experiments.mnist_cnn import PAPER as CNN_PAPER
from nnbcd.experiments.mnist_cnn import tenth
from nnbcd.experiments.networks import cnn, har_trains
from nnbcd.experiments.starts import Start
from nnbcd.problem import Penalties

__all__ = ["CNN_GRID", "FLARES_GRID", "HAR_5_GRID", "HYPERPARAMETERS"]

Make = Callable[[str, str, float, float, int], Arm]


def _grid(
    values: Sequence[float],
    coarse: Sequence[float],
    quick: int,
    make: Make,
    name: str = "penalty",
) -> list[Arm]:
    """One arm a pair; in a quick run only those of ``coarse``."""
    return [
        make(
            f"{name}-gamma{gamma:g}-rho{rho:g}",
            f"gamma {gamma:g}, rho {rho:g}",
            gamma,
            rho,
            quick if gamma in coarse and rho in coarse else 0,
        )
        for gamma in values
        for rho in values
    ]


def _arms(_: Dataset) -> Sequence[Arm]:
    network = har_trains(RANK, bias=False)

    def make(name: str, label: str, gamma: float, rho: float, n: int) -> Arm:
        weights = Penalties(gamma=gamma, rho=rho, tau=5.0, alpha=1.0)
        solver = replace(paper(), penalties=weights)
        return Descent(name, label, network, n, 100, solver)

    return _grid((0.05, 0.1, 0.5, 1.0, 5.0), (0.05, 0.5, 5.0), 10, make)


def _arms_5(_: Dataset) -> Sequence[Arm]:
    network = har_trains(RANK, 5, bias=False)
    start = Start("gaussian", 0.01)

    def make(name: str, label: str, gamma: float, rho: float, n: int) -> Arm:
        weights = Penalties(gamma=gamma, rho=rho, tau=3.0, alpha=1.0)
        solver = replace(paper(), penalties=weights, dtype="float64")
        return Descent(name, label, network, n, 500, solver, start)

    values = (0.01, 0.1, 0.5, 1.0, 5.0, 10.0, 100.0)
    return _grid(values, (0.1, 1.0, 10.0), 5, make)


def _cnn_arms(_: Dataset) -> Sequence[Arm]:
    network = cnn(80, bias=False)

    def make(name: str, label: str, gamma: float, rho: float, n: int) -> Arm:
        weights = Penalties(gamma=gamma, rho=rho, tau=0.5, alpha=0.1)
        solver = replace(CNN_PAPER, penalties=weights)
        return Descent(name, label, network, n, 2000, solver)

    return _grid((0.1, 0.5, 1.0, 5.0, 10.0), (0.1, 1.0, 10.0), 1, make)


def _flare_arms(rows: Dataset) -> Sequence[Arm]:
    network = flare_network(rows)
    start = Start("kaiming-normal", SHARED_FACTOR)

    def make(name: str, label: str, gamma: float, rho: float, n: int) -> Arm:
        weights = Penalties(gamma=gamma, rho=rho, tau=200.0, alpha=1.0)
        solver = replace(FLARES, penalties=weights)
        return AliasedDescent(name, label, network, n, 1000, solver, start)

    values = (0.1, 1.0, 10.0, 100.0)
    return _grid(values, (1.0, 100.0), 50, make, "released")


HYPERPARAMETERS = Experiment(
    "hyperparameters",
    "gamma and rho under the penalty coupling: UCI HAR, trains of rank 80",
    data,
    _arms,
    published="har-4",
)
HAR_5_GRID = Experiment(
    "har-5-grid",
    "gamma and rho: UCI HAR, five trains of rank 80, float64",
    data,
    _arms_5,
    published="har-5-grid",
)
CNN_GRID = Experiment(
    "cnn-grid",
    "gamma and rho: MNIST, convolution, trains of rank 80",
    tenth,
    _cnn_arms,
    published="cnn-grid",
)
FLARES_GRID = Experiment(
    "flares-grid",
    "gamma and rho: solar flares, LeNet-300-100, 90 % pruned",
    flare_data,
    _flare_arms,
    metric="balanced_accuracy",
)
