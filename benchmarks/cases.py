"""The targets, one case a network: what is trained, how, and the goals."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks import networks
from nnbcd import Free, Network, Sparse, Squared, TensorTrain
from nnbcd.couplings import Consistent
from nnbcd.losses import Loss

__all__ = ["CASES", "Case", "Goal"]


@dataclass(frozen=True)
class Goal:
    """Test accuracy to have after ``sweep`` sweeps (and ``seconds``)."""

    sweep: int
    accuracy: float
    seconds: float | None = None

    def __str__(self) -> str:
        within = f"{self.sweep} sweeps"
        if self.seconds is not None:
            within += f" and {self.seconds:g} s"
        return f">= {self.accuracy:.3f} in {within}"


@dataclass(frozen=True)
class Case:
    """One network on one data set.

    Parameters
    ----------
    name : str
        As given to ``--only``.
    data : str
        A name that :func:`nnbcd.datasets.load` knows.
    network : Network
        What is trained.
    coupling : Consistent
        The settings of the sweep.
    goals : tuple of Goal
        The run lasts until the last one.
    rows : int, optional
        Only the first rows of the training part.
    loss : Loss
        Of the last layer.
    """

    name: str
    data: str
    network: Network
    coupling: Consistent
    goals: tuple[Goal, ...]
    rows: int | None = None
    loss: Loss = field(default_factory=Squared)

    @property
    def sweeps(self) -> int:
        """Sweeps that settle every goal."""
        return max(goal.sweep for goal in self.goals)


DIGITS = Consistent(chunk_rows=200)
HAR = Consistent(chunk_rows=1000)
MNIST = Consistent(chunk_rows=500)

CASES = (
    Case(
        "digits-pruned-90",
        "digits",
        networks.digits(Sparse(0.9)),
        DIGITS,
        (Goal(3, 0.945),),
    ),
    Case(
        "digits-pruned-98",
        "digits",
        networks.digits(Sparse(0.98)),
        DIGITS,
        (Goal(10, 0.955),),
    ),
    Case(
        "digits-tt-24",
        "digits",
        networks.digits(TensorTrain(24)),
        DIGITS,
        (Goal(30, 0.955),),
    ),
    Case(
        "digits-tt-8",
        "digits",
        networks.digits(TensorTrain(8)),
        DIGITS,
        (Goal(60, 0.93),),
    ),
    Case(
        "har-dense",
        "har",
        networks.har([Free()] * 4),
        HAR,
        (Goal(5, 0.95, seconds=20.0),),
    ),
    Case(
        "har-low-rank-80",
        "har",
        networks.har_low_rank(80),
        HAR,
        (Goal(12, 0.95), Goal(30, 0.96)),
    ),
    Case(
        "har-low-rank-20",
        "har",
        networks.har_low_rank(20),
        HAR,
        (Goal(20, 0.93),),
    ),
    Case(
        "har-tt-80",
        "har",
        networks.har_trains(80),
        HAR,
        (Goal(30, 0.95),),
    ),
    Case(
        "mnist-dense",
        "mnist",
        networks.lenet(Free()),
        MNIST,
        (Goal(60, 0.97),),
    ),
    Case(
        "mnist-pruned-90",
        "mnist",
        networks.lenet(Sparse(0.9)),
        MNIST,
        (Goal(60, 0.96),),
    ),
    Case(
        "mnist-pruned-95",
        "mnist",
        networks.lenet(Sparse(0.95)),
        MNIST,
        (Goal(60, 0.95),),
    ),
    Case(
        "mnist-cnn-40",
        "mnist",
        networks.cnn(40),
        MNIST,
        (Goal(60, 0.96),),
        rows=6000,
    ),
)
