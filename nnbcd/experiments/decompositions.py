"""All of MNIST by three decompositions that SGD trains: TT, CP, Tucker."""

from __future__ import annotations

from collections.abc import Sequence

from nnbcd.datasets import Dataset, mnist
from nnbcd.experiments.experiment import Arm, Baseline, Experiment
from nnbcd.experiments.networks import cnn
from nnbcd.experiments.sgd import decomposed_sgd

__all__ = ["DECOMPOSED"]

# Stored over dense numbers, as the authors' notebooks say.
RATIOS = {"tt": 0.1883, "cp": 0.2191, "tucker": 0.1949}
LABELS = {"tt": "tensor trains", "cp": "CP", "tucker": "Tucker"}


def _arms(_: Dataset) -> Sequence[Arm]:
    network = cnn(40)
    return [
        Baseline(
            f"sgd-{kind}",
            f"SGD, {LABELS[kind]}",
            network,
            1,
            20,
            decomposed_sgd,
            {"kind": kind, "ratio": ratio},
            search=False,
        )
        for kind, ratio in RATIOS.items()
    ]


DECOMPOSED = Experiment(
    "decompositions",
    "MNIST, 60,000 images: TT, CP and Tucker by SGD with momentum",
    lambda: (mnist(), "all images, as the authors' notebooks"),
    _arms,
    published="decompositions",
)
