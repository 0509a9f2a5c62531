"""Human activities by tensor trains: the networks with 4 and 5 layers."""

from __future__ import annotations

from collections.abc import Sequence

from nnbcd.baselines import plain_bcd, spectral_low_rank, train
from nnbcd.datasets import Dataset, har
from nnbcd.experiments.experiment import Arm, Baseline, Descent, Experiment
from nnbcd.experiments.networks import dense, har_trains
from nnbcd.experiments.networks import har as network
from nnbcd.experiments.released import Released
from nnbcd.experiments.variants import g_steps, released
from nnbcd.problem import Penalties
from nnbcd.solver import Solver
from nnbcd.structures import Free, LowRank

__all__ = ["HAR_4", "HAR_5", "data", "paper"]

RANK = 80
NOTE = (
    "561 features recomputed from the raw signals, not the released ones "
    "the authors used"
)


def data() -> tuple[Dataset, str]:
    """UCI HAR with recomputed features."""
    return har(), NOTE


def paper(tau: float = 5.0, initialisation: str = "kaiming-normal") -> Solver:
    """The paper's settings, the G step that of the released code."""
    return Solver(
        Penalties(gamma=0.5, rho=0.5, tau=tau, alpha=1.0),
        coupling="penalty",
        g_step="svd",
        initialisation=initialisation,
        scale=0.2,
        dtype="float32",
    )


def _arms(hidden: int, tau: float) -> Sequence[Arm]:
    plain = har_trains(RANK, hidden, bias=False)
    trains = har_trains(RANK, hidden)
    low_rank = network([Free(), *[LowRank(RANK)] * (hidden - 1)])
    ours = Solver(dtype="float32")
    lifted = Solver(coupling="constraint", dtype="float32")
    free = dense(trains)
    # name, what the table says, network, length of a quick and a full run
    return (
        *g_steps(
            Descent("penalty", "NN-BCD, paper", plain, 30, 500, paper(tau))
        ),
        Descent("consistent", "NN-BCD, default", trains, 3, 40, ours),
        Descent("constraint", "NN-BCD, constraint", trains, 0, 100, lifted),
        Descent("low-rank", "default, low rank", low_rank, 0, 30, ours),
        Descent("dense", "default, dense", free, 0, 15, ours),
        # A step multiplies out the trains: large batches make fewer.
        Baseline(
            "adam", "Adam, same trains", trains, 12, 50, train,
            {"batch": 256},
        ),
        Baseline("adam-low-rank", "Adam, low rank", low_rank, 0, 50, train),
        Baseline(
            "spectral", "Adam, spectral start", low_rank, 0, 50,
            spectral_low_rank,
        ),
        Baseline("adam-dense", "Adam, dense", free, 6, 30, train),
        Baseline(
            "plain-bcd", "BCD, dense, Zeng 2019", free, 0, 100, plain_bcd,
            {"dtype": "float32"}, search=False, unit="sweeps",
        ),
    )  # fmt: skip


HAR_4: Experiment = Experiment(
    "har-4",
    "UCI HAR, 561-1024-1024-1024-512-6, tensor trains of rank 80",
    data,
    lambda _: _arms(4, 5.0),
    published="har-4",
    released=lambda: released(HAR_4, Released("kaiming-normal", 0.2)),
)
HAR_5: Experiment = Experiment(
    "har-5",
    "UCI HAR, 561-1024-1024-1024-512-512-6, tensor trains of rank 80",
    data,
    lambda _: _arms(5, 3.0),
    published="har-5",
    released=lambda: released(HAR_5, Released("kaiming-normal", 0.2)),
)
