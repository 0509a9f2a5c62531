"""Solar flares by LeNet-300-100 with nine of ten weights pruned."""

from __future__ import annotations

from collections.abc import Sequence

from nnbcd.baselines import magnitude_pruning, train
from nnbcd.datasets import Dataset, flares, sharp
from nnbcd.experiments.experiment import Arm, Baseline, Descent, Experiment
from nnbcd.experiments.networks import chain, dense
from nnbcd.problem import Penalties
from nnbcd.schedules import Gradual
from nnbcd.solver import Solver
from nnbcd.structures import Sparse

__all__ = ["LENET_FLARES"]

PAPER = Solver(
    Penalties(gamma=100.0, rho=1.0, tau=200.0, alpha=1.0), coupling="penalty"
)


def _data() -> tuple[Dataset, str]:
    """The authors' set, or the public one where that is not at hand."""
    try:
        return flares(), "Liu et al. 2019, 40 features"
    except FileNotFoundError:
        note = (
            "SHARP parameters of 286 active regions (CC0), 10 features: the "
            "40-feature training file of the authors is not at hand"
        )
        return sharp(), note


def _arms(data: Dataset) -> Sequence[Arm]:
    sparse = [Sparse(0.9)] * 2
    widths = (300, 100)
    plain = chain(data.features, widths, sparse, 2, bias=False)
    pruned = chain(data.features, widths, sparse, 2)
    gradual = Solver(schedule=Gradual(10))
    free = dense(pruned)
    cut = magnitude_pruning
    return (
        Descent("penalty", "NN-BCD, paper", plain, 100, 1000, PAPER),
        Descent("consistent", "NN-BCD, default", pruned, 20, 60, Solver()),
        Descent("gradual", "default, gradual", pruned, 20, 60, gradual),
        Baseline("adam", "Adam, fixed support", pruned, 10, 50, train),
        Baseline("one-shot", "Adam, cut at once", pruned, 10, 50, cut),
        Baseline(
            "retrained", "Adam, cut, retrained", pruned, 10, 50, cut,
            {"retrain": 10},
        ),
        Baseline("adam-dense", "Adam, dense", free, 10, 50, train),
    )  # fmt: skip


LENET_FLARES = Experiment(
    "lenet-flares",
    "Solar flares, LeNet-300-100, 90 % of W1 and W2 pruned",
    _data,
    _arms,
    metric="balanced_accuracy",
    published="lenet-flares",
)
