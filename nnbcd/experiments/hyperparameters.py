"""A grid over gamma and rho, on har-4 under the penalty coupling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nnbcd.datasets import Dataset
from nnbcd.experiments.experiment import Arm, Descent, Experiment
from nnbcd.experiments.har import RANK, data, paper
from nnbcd.experiments.networks import har_trains
from nnbcd.problem import Penalties

__all__ = ["HYPERPARAMETERS"]

GRID = (0.05, 0.1, 0.5, 1.0, 5.0)
COARSE = (0.05, 0.5, 5.0)


def _arms(_: Dataset) -> Sequence[Arm]:
    network = har_trains(RANK, bias=False)
    return [
        Descent(
            f"penalty-gamma{gamma:g}-rho{rho:g}",
            f"gamma {gamma:g}, rho {rho:g}",
            network,
            10 if gamma in COARSE and rho in COARSE else 0,
            100,
            replace(
                paper(),
                penalties=Penalties(gamma=gamma, rho=rho, tau=5.0, alpha=1.0),
            ),
        )
        for gamma in GRID
        for rho in GRID
    ]


HYPERPARAMETERS = Experiment(
    "hyperparameters",
    "gamma and rho under the penalty coupling: UCI HAR, trains of rank 80",
    data,
    _arms,
    published="har-4",
)
