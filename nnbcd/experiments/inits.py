"""Does the start matter? The authors' eight, on four of their networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nnbcd.datasets import Dataset
from nnbcd.experiments.experiment import Arm, Descent, Experiment
from nnbcd.experiments.har import RANK, data, paper
from nnbcd.experiments.mnist_cnn import PAPER as CNN_PAPER
from nnbcd.experiments.mnist_cnn import START, images_as_theirs, tenth
from nnbcd.experiments.networks import cnn, har_trains
from nnbcd.experiments.released import Released
from nnbcd.experiments.starts import EIGHT, Start
from nnbcd.experiments.variants import released
from nnbcd.initialisation import SCHEMES
from nnbcd.network import Network
from nnbcd.problem import Penalties
from nnbcd.solver import Solver

__all__ = ["CNN_INITS", "HAR_5_INITS", "INITS", "eight"]

UNIFORM = 0.01  # the end of the interval
WIDER = 0.02  # of the convolutional network
CNN_RANK = 220
CNN_STARTS = replace(
    CNN_PAPER, penalties=Penalties(gamma=0.5, rho=0.5, tau=0.2, alpha=1.0)
)


def eight(
    factor: float | Mapping[str, float],
    uniform: float = UNIFORM,
    first: float | None = None,
) -> dict[str, Start]:
    """The eight starts by name.

    Parameters
    ----------
    factor : float or mapping
        On every weight, one or one a scheme; not of the uniform start.
    uniform : float
        The uniform start is between this number and its negative.
    first : float or None
        Deviation of a first layer that is Gaussian in all of them.
    """
    found = {}
    for scheme in EIGHT:
        own = factor if isinstance(factor, int | float) else factor[scheme]
        size = uniform if scheme == "uniform" else own
        found[scheme] = Start(scheme, size, first)
    return found


def penalty_arms(
    network: Network,
    solver: Solver,
    starts: Mapping[str, Start],
    quick: int,
    full: int,
) -> list[Arm]:
    """The paper's method from each start."""
    return [
        Descent(
            f"penalty-{name}", f"paper, {name}", network, quick, full,
            solver, start,
        )
        for name, start in starts.items()
    ]  # fmt: skip


def _arms(_: Dataset) -> Sequence[Arm]:
    plain, trains = har_trains(RANK, bias=False), har_trains(RANK)
    ours = Solver(dtype="float32")
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
    return (*penalty_arms(plain, paper(), eight(0.2), 12, 500), *true)


def _arms_5(_: Dataset) -> Sequence[Arm]:
    plain = har_trains(RANK, 5, bias=False)
    factors = dict.fromkeys(EIGHT, 0.2) | {"kaiming-uniform": 0.18}
    return penalty_arms(plain, paper(3.0), eight(factors), 8, 500)


def _cnn_arms(_: Dataset) -> Sequence[Arm]:
    network = cnn(CNN_RANK, bias=False)
    starts = eight(1.0, WIDER, first=0.01)
    return penalty_arms(network, CNN_STARTS, starts, 1, 2000)


INITS: Experiment = Experiment(
    "inits",
    "Eight initialisations: UCI HAR, four trains of rank 80",
    data,
    _arms,
    published="inits",
    released=lambda: released(INITS, Released("kaiming-normal", 0.2)),
)
HAR_5_INITS: Experiment = Experiment(
    "har-5-inits",
    "Eight initialisations: UCI HAR, five trains of rank 80",
    data,
    _arms_5,
    published="har-5-inits",
    released=lambda: released(HAR_5_INITS, Released("kaiming-normal", 0.2)),
)
CNN_INITS: Experiment = Experiment(
    "cnn-inits",
    "Eight initialisations: MNIST, convolution, trains of rank 220",
    tenth,
    _cnn_arms,
    published="cnn-inits",
    released=lambda: released(CNN_INITS, START, images_as_theirs),
)
