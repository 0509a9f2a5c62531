"""Does the start matter? The eight initialisations, on har-4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nnbcd.datasets import Dataset
from nnbcd.experiments.experiment import Arm, Descent, Experiment
from nnbcd.experiments.har import RANK, data, paper
from nnbcd.experiments.networks import har_trains
from nnbcd.initialisation import SCHEMES
from nnbcd.solver import Solver

__all__ = ["INITS"]


def _arms(_: Dataset) -> Sequence[Arm]:
    plain, trains = har_trains(RANK, bias=False), har_trains(RANK)
    ours = Solver(dtype="float32")
    lifted = [
        Descent(
            f"penalty-{scheme}",
            f"paper, {scheme}",
            plain,
            12,
            500,
            # The authors' Gaussian has deviation 0.01 as it is.
            replace(
                paper(initialisation=scheme),
                scale=1.0 if scheme == "gaussian" else 0.2,
            ),
        )
        for scheme in SCHEMES
    ]
    true = [
        Descent(
            f"consistent-{scheme}",
            f"default, {scheme}",
            trains,
            0,
            20,
            replace(ours, initialisation=scheme),
        )
        for scheme in SCHEMES
    ]
    return (*lifted, *true)


INITS = Experiment(
    "inits",
    "Eight initialisations: UCI HAR, four trains of rank 80",
    data,
    _arms,
    published="inits",
)
