"""MNIST by a convolution and two tensor trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nnbcd.baselines import train
from nnbcd.datasets import Dataset, mnist
from nnbcd.experiments.experiment import Arm, Baseline, Descent, Experiment
from nnbcd.experiments.networks import cnn, dense
from nnbcd.experiments.released import Released, images
from nnbcd.experiments.variants import g_steps, released
from nnbcd.problem import Penalties
from nnbcd.solver import Solver

__all__ = ["MNIST_CNN"]

ROWS, TEST_ROWS = 6000, 999
# The paper's settings, the G step that of the released code.
PAPER = Solver(
    Penalties(gamma=5.0, rho=5.0, tau=0.1, alpha=1.0),
    coupling="penalty",
    g_step="svd",
    initialisation="gaussian",
    scale=1.0,
    dtype="float32",
)

START = Released("gaussian", 0.01, rank=700)


def tenth() -> tuple[Dataset, str]:
    """The first tenth of the files."""
    whole = mnist()
    part = replace(
        whole,
        x_train=whole.x_train[:ROWS],
        y_train=whole.y_train[:ROWS],
        x_test=whole.x_test[:TEST_ROWS],
        y_test=whole.y_test[:TEST_ROWS],
    )
    note = "the first 6,000 and 999 images: the authors cut MNIST to a tenth"
    return part, note


def images_as_theirs() -> tuple[Dataset, str]:
    """The tenth of MNIST that the authors drew."""
    return images(mnist()), "the 6,000 and 999 images that the authors drew"


def _arms(_: Dataset) -> Sequence[Arm]:
    plain, trains, large = cnn(40, bias=False), cnn(40), cnn(220, bias=False)
    ours = Solver(dtype="float32")
    return (
        *g_steps(Descent("penalty", "NN-BCD, paper", plain, 20, 1593, PAPER)),
        Descent("consistent", "NN-BCD, default", trains, 4, 30, ours),
        Descent("rank-220", "paper, rank 220", large, 0, 1902, PAPER),
        Baseline("adam", "Adam, same trains", trains, 3, 30, train),
        Baseline("adam-dense", "Adam, dense", dense(trains), 1, 20, train),
    )  # fmt: skip


MNIST_CNN: Experiment = Experiment(
    "mnist-cnn",
    "MNIST, convolution and 5408-1024-1024-10, tensor trains of rank 40",
    tenth,
    _arms,
    published="mnist-cnn",
    released=lambda: released(MNIST_CNN, START, images_as_theirs),
)
