"""The paper's experiments, each by one command; reference runs to read.

``python -m nnbcd reproduce NAME`` runs one; :func:`reproduce` is the same
from Python, :func:`stored` reads the runs that the book shows.
"""

from nnbcd.experiments.decompositions import DECOMPOSED
from nnbcd.experiments.digits import DIGITS
from nnbcd.experiments.experiment import Arm, Baseline, Descent, Experiment
from nnbcd.experiments.har import HAR_4, HAR_5
from nnbcd.experiments.hyperparameters import (
    CNN_GRID,
    FLARES_GRID,
    HAR_5_GRID,
    HYPERPARAMETERS,
)
from nnbcd.experiments.inits import CNN_INITS, HAR_5_INITS, INITS
from nnbcd.experiments.lenet_flares import FLARES_INITS, LENET_FLARES
from nnbcd.experiments.logs import Log, logs
from nnbcd.experiments.mnist_cnn import MNIST_CNN
from nnbcd.experiments.published import PUBLISHED, Published
from nnbcd.experiments.record import VERDICTS, RunRecord, read, stored
from nnbcd.experiments.runner import RunPlan, reproduce

__all__ = [
    "VERDICTS",
    "BY_NAME",
    "PUBLISHED",
    "Arm",
    "Baseline",
    "Descent",
    "Experiment",
    "Log",
    "RunPlan",
    "Published",
    "RunRecord",
    "logs",
    "read",
    "reproduce",
    "stored",
]

BY_NAME: dict[str, Experiment] = {
    experiment.name: experiment
    for experiment in (
        DIGITS,
        MNIST_CNN,
        HAR_4,
        HAR_5,
        LENET_FLARES,
        INITS,
        HAR_5_INITS,
        CNN_INITS,
        FLARES_INITS,
        HYPERPARAMETERS,
        HAR_5_GRID,
        CNN_GRID,
        FLARES_GRID,
        DECOMPOSED,
    )
}
