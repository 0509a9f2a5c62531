"""The targets, one case a network: what is trained, how, and the goals."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks import networks
from nnbcd import Free, Gradual, Network, Sparse, Squared, TensorTrain
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
    schedule : Gradual, optional
        How the sets tighten over the first sweeps.
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
    goals: tuple[Goal, ...]
    rows: int | None = None
    loss: Loss = field(default_factory=Squared)
    schedule: Gradual | None = None

    @property
    def sweeps(self) -> int:
        """Sweeps that settle every goal."""
        return max(goal.sweep for goal in self.goals)


CASES = (
    Case(
        "digits-pruned-90",
        "digits",
        networks.digits(Sparse(0.9)),
        (Goal(3, 0.945),),
    ),
    Case(
        "digits-pruned-98",
        "digits",
        networks.digits(Sparse(0.98)),
        (Goal(10, 0.955),),
    ),
    Case(
        "digits-tt-24",
        "digits",
        networks.digits(TensorTrain(24)),
        (Goal(30, 0.955),),
    ),
    Case(
        "digits-tt-8",
        "digits",
        networks.digits(TensorTrain(8)),
        (Goal(60, 0.93),),
    ),
    Case(
        "har-dense",
        "har",
        networks.har([Free()] * 4),
        (Goal(3, 0.95, seconds=20.0),),
    ),
    Case(
        "har-low-rank-80",
        "har",
        networks.har_low_rank(80),
        (Goal(12, 0.95), Goal(30, 0.96)),
    ),
    Case(
        "har-low-rank-20",
        "har",
        networks.har_low_rank(20),
        (Goal(20, 0.93),),
    ),
    Case(
        "har-tt-80",
        "har",
        networks.har_trains(80),
        (Goal(30, 0.95),),
    ),
    Case(
        "mnist-dense",
        "mnist",
        networks.lenet(Free()),
        (Goal(24, 0.97),),
    ),
    Case(
        "mnist-pruned-90",
        "mnist",
        networks.lenet(Sparse(0.9)),
        (Goal(30, 0.96),),
        schedule=Gradual(10),
    ),
    Case(
        "mnist-pruned-95",
        "mnist",
        networks.lenet(Sparse(0.95)),
        (Goal(30, 0.95),),
        schedule=Gradual(10),
    ),
    Case(
        "mnist-cnn-40",
        "mnist",
        networks.cnn(40),
        (Goal(8, 0.96),),
        rows=6000,
    ),
)
