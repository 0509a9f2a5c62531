"""The arms of an experiment: one method on one network, and how to run it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from nnbcd.baselines import AdamResult, best_rate
from nnbcd.checkpoint import Checkpoint
from nnbcd.datasets import Dataset
from nnbcd.experiments.logged import Logged, logged_file
from nnbcd.experiments.released import Released
from nnbcd.experiments.starts import Start
from nnbcd.network import Network
from nnbcd.problem import Problem
from nnbcd.result import Result
from nnbcd.solver import Solver
from nnbcd.state import State

__all__ = ["Arm", "Baseline", "Descent", "Job", "Trained"]

Trained = Result | AdamResult


@dataclass(frozen=True)
class Job:
    """How one arm is to be run.

    Parameters
    ----------
    data : Dataset
    seed : int
    quick : bool
        The short run or the long one.
    device : str or None
        Where to compute; None: the CPU.
    checkpoint : Path or None
        Where a run in flight is kept.
    every_seconds : float
        Least time between two writings of it.
    progress : bool
        Show a bar on stderr.
    """

    data: Dataset
    seed: int = 0
    quick: bool = True
    device: str | None = None
    checkpoint: Path | None = None
    every_seconds: float = 10.0
    progress: bool = False


@dataclass(frozen=True)
class Arm(ABC):
    """One method on one network.

    Parameters
    ----------
    name : str
        As given to ``--arms``, and in the name of the record.
    label : str
        What the table calls it.
    network : Network
        What is trained.
    quick, full : int
        Sweeps or epochs of the short run and of the long one; 0 leaves the
        arm out of that one, unless it is asked for by name.
    """

    name: str
    label: str
    network: Network
    quick: int
    full: int

    unit = "sweeps"

    def length(self, *, quick: bool) -> int:
        """Sweeps or epochs; an arm asked for by name has at least one."""
        return (self.quick or 1) if quick else (self.full or self.quick)

    @property
    @abstractmethod
    def method(self) -> str:
        """The name of the method in the record."""

    @abstractmethod
    def settings(self, job: Job) -> dict[str, Any]:
        """All that decides the run, fit for JSON: a record is kept by it."""

    @abstractmethod
    def run(self, job: Job) -> Trained:
        """Train."""


@dataclass(frozen=True)
class Descent(Arm):
    """An arm of this package's solver; a killed run goes on.

    Parameters
    ----------
    solver : Solver
        Its sweeps and device are set by the run.
    start : Start or None
        Where it starts; None: as the solver says.
    """

    solver: Solver = field(default_factory=Solver)
    start: Start | None = None

    @property
    def method(self) -> str:
        """The coupling."""
        return self.solver.method.name

    def settings(self, job: Job) -> dict[str, Any]:
        """The solver's fields as text, and the sweeps."""
        names = ("penalties", "method", "loss", "schedule")
        plain = ("g_step", "initialisation", "scale", "acceleration", "dtype")
        return (
            {name: repr(getattr(self.solver, name)) for name in names}
            | {name: getattr(self.solver, name) for name in plain}
            | {
                "network": repr(self.network),
                "sweeps": self.length(quick=job.quick),
            }
            | ({} if self.start is None else {"start": repr(self.start)})
        )

    def run(self, job: Job) -> Result:
        """Train, from the checkpoint where there is one."""
        data, sweeps = job.data, self.length(quick=job.quick)
        solver = replace(self.solver, sweeps=sweeps, device=job.device)
        kept = None
        if job.checkpoint is not None:
            kept = Checkpoint(job.checkpoint, job.every_seconds)
        problem = solver.problem(self.network, data.x_train, data.y_train)
        if self.start is None:
            state = solver.init(problem, job.seed)
        else:
            state = self.start(problem, job.seed)
        return self.descend(solver, problem, state, kept, job)

    def descend(
        self,
        solver: Solver,
        problem: Problem,
        state: State,
        kept: Checkpoint | None,
        job: Job,
    ) -> Result:
        """Sweep from ``state``, or from the checkpoint.

        Parameters
        ----------
        solver, problem, state
            The run, with N rows.
        kept : Checkpoint or None
        job : Job
        """
        calls = []
        if isinstance(self.start, Released) and job.checkpoint is not None:
            calls.append(Logged(logged_file(job.checkpoint), problem))
        return solver.run(
            problem,
            state,
            validation=(job.data.x_test, job.data.y_test),
            callbacks=calls,
            checkpoint=kept,
            progress=job.progress,
        )


@dataclass(frozen=True)
class Baseline(Arm):
    """An arm of :mod:`nnbcd.baselines`; a killed run starts afresh.

    Parameters
    ----------
    train : callable
        ``f(network, x, y, validation=..., seed=..., device=..., ...)``.
    options : mapping
        Passed on.
    search : bool
        Whether the long run chooses its learning rate on held-out rows.
    unit : str
        What ``quick`` and ``full`` count: ``epochs`` or ``sweeps``.
    """

    train: Callable[..., Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    search: bool = True
    unit: str = "epochs"

    @property
    def method(self) -> str:
        """The name of the arm."""
        return self.name

    def settings(self, job: Job) -> dict[str, Any]:
        """The call, and how the learning rate is found."""
        return {
            "network": repr(self.network),
            "call": self.train.__name__,
            "search": self.search and not job.quick,
            self.unit: self.length(quick=job.quick),
            **self.options,
        }

    def run(self, job: Job) -> Trained:
        """Train from the start."""
        data = job.data
        options = dict(self.options)
        options[self.unit] = self.length(quick=job.quick)
        options |= {"seed": job.seed, "device": job.device}
        if self.search and not job.quick:
            options["lr"] = best_rate(
                self.network,
                data.x_train,
                data.y_train,
                method=self.train,
                **options,
            ).lr
        trained: Trained = self.train(
            self.network,
            data.x_train,
            data.y_train,
            validation=(data.x_test, data.y_test),
            **options,
        )
        return trained
