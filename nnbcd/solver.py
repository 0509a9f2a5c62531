"""The solver: init, step, run and fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from nnbcd import run
from nnbcd._typing import Tensor
from nnbcd.binding import bind
from nnbcd.callbacks import Callback, ProgressBar
from nnbcd.checkpoint import Checkpoint
from nnbcd.couplings import BY_NAME as COUPLINGS
from nnbcd.couplings import Coupling
from nnbcd.descent import refuse_ascent
from nnbcd.group import Group
from nnbcd.handover import hand_over
from nnbcd.history import BlockRecord, SweepRecord
from nnbcd.initialisation import initial_state
from nnbcd.losses import Loss, Squared
from nnbcd.network import Network
from nnbcd.plan import Plan, make_plan
from nnbcd.probe import Pair
from nnbcd.problem import Penalties, Problem
from nnbcd.result import Result
from nnbcd.schedules import Gradual, enter, stage
from nnbcd.settings import check_callbacks, check_settings
from nnbcd.sources import Start
from nnbcd.state import State
from nnbcd.sweep import read

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["Solver"]


@dataclass(frozen=True)
class Solver:
    """Block coordinate descent on the lifted objective.

    A setting out of range raises ValueError, and the message names it.

    Parameters
    ----------
    penalties : Penalties
        gamma, rho, tau, alpha and friends.
    coupling : str or Coupling
        ``consistent``, ``constraint`` or ``penalty`` (the paper's): how
        weights and structures meet, see :mod:`nnbcd.couplings`.
    sweeps : int
        Most sweeps a run makes.
    loss : Loss
        Squared, Hinge or CrossEntropy.
    g_step : str
        ``guarded`` (default), ``als`` or ``svd``; see
        :func:`nnbcd.blocks.g.update`.
    initialisation : str
        A key of :data:`nnbcd.initialisation.SCHEMES`.
    scale : float or None
        Factor on the initial weights; None: what suits the coupling.
    tol : float
        Stop when the subgradient norm falls below ``tol`` times its value
        after the first sweep. 0 never stops.
    step_tol : float
        The same for the step, relative to the norm of the iterate.
    time_limit : float or None
        Stop after this many seconds, at the end of a sweep.
    schedule : Gradual or None
        Tighten the sets over the first sweeps. A run that is stopped there
        ends with a projection on the sets asked for.
    acceleration : bool
        Extrapolate after sweeps (:mod:`nnbcd.acceleration`).
    check_descent : bool
        Raise AscentError at the first block that rises.
    certify : bool
        Compute the subgradient norm after each sweep: 4 N d^2 more flops.
    dtype : str
        ``float64`` or ``float32``.
    device : str or None
        Where to compute; None means where X is.
    chunk_rows : int or None
        Rows of X, U and V in memory at a time, the others in temporary
        files (``TMPDIR``; CPU only). The iterates stay the same.
    memory : str, int or None
        The same by size, "4GiB" or bytes; see :class:`nnbcd.Plan`.

    Examples
    --------
    >>> import torch
    >>> from nnbcd import Dense, Network, Solver
    >>> X, y = torch.eye(4, dtype=torch.float64), torch.tensor([0, 1, 0, 1])
    >>> result = Solver(sweeps=30).fit(Network(4, [Dense(8), Dense(2)]), X, y)
    >>> result.accuracy(X, y), result.certificate().monotone
    (1.0, True)
    """

    penalties: Penalties = field(default_factory=Penalties)
    coupling: str | Coupling = "consistent"
    sweeps: int = 50
    loss: Loss = field(default_factory=Squared)
    g_step: str = "guarded"
    initialisation: str = "kaiming-normal"
    scale: float | None = None
    tol: float = 0.0
    step_tol: float = 0.0
    time_limit: float | None = None
    schedule: Gradual | None = None
    acceleration: bool = False
    check_descent: bool = False
    certify: bool = True
    dtype: str = "float64"
    device: str | None = None
    chunk_rows: int | None = None
    memory: str | int | None = None

    def __post_init__(self) -> None:
        check_settings(self)

    def plan(self, network: Network, rows: int, processes: int = 1) -> Plan:
        """What a run on ``rows`` rows takes, or TooLargeError."""
        return make_plan(self, network, rows, processes)

    def problem(
        self,
        network: Network,
        x: ArrayLike | Tensor,
        y: ArrayLike | Tensor,
        *,
        group: Group | None = None,
    ) -> Problem:
        """Bind data and network, checking both.

        Warns (UnscaledFeaturesWarning) if a column of X is 100 times as
        large as the median one.

        Parameters
        ----------
        network : Network
            With d_0 inputs and d_L outputs.
        x : array_like
            Shape (N, d_0), or (N, channels, height, width).
        y : array_like
            Labels (N,), integers or words, or float targets (N, d_L).
        group : Processes, optional
            Processes that share the rows: x and y are those of this one.

        Raises
        ------
        TypeError, ValueError, TooLargeError
            One sentence naming the argument and the fix.
        """
        return bind(self, network, x, y, group)

    @property
    def method(self) -> Coupling:
        """The coupling with its settings."""
        if isinstance(self.coupling, Coupling):
            return self.coupling
        return COUPLINGS[self.coupling]

    def init(
        self, problem: Problem, seed: int = 0, start: Start | None = None
    ) -> State:
        """Starting point: random weights, U and V by a forward pass.

        With a schedule, in the sets of its first sweep.

        Parameters
        ----------
        problem : Problem
        seed : int
            The same seed gives the same start on every device.
        start : Result, State, torch.nn.Module or list of (W, b), optional
            Weights (d_out, d_in) to start from instead of random ones: see
            :func:`nnbcd.handover.hand_over`.
        """
        first = stage(self.schedule, problem, 1)
        if start is not None:
            return hand_over(first, start)
        return initial_state(
            first, seed=seed, scheme=self.initialisation, scale=self.scale
        )

    def blocks(
        self, problem: Problem, state: State, number: int = 1
    ) -> Iterator[tuple[State, BlockRecord]]:
        """One sweep, block by block: (state after, record) pairs.

        With ``check_descent`` a block that rises raises AscentError.

        Parameters
        ----------
        problem, state
            The iterate before the sweep; it is not changed.
        number : int
            Of the sweep, for the records and the schedule.
        """
        problem, state, _ = enter(self.schedule, problem, state, number)
        for after, update in run.updates_of(self, problem, state, number):
            (record,) = read([update], number)
            if self.check_descent:
                refuse_ascent(problem, state, after, record)
            yield after, record

    def step(
        self, problem: Problem, state: State, number: int = 1
    ) -> tuple[State, SweepRecord]:
        """One sweep; the arguments are those of :meth:`blocks`."""
        state, record, _ = run.one_sweep(self, problem, state, number)
        return state, record

    def run(
        self,
        problem: Problem,
        state: State,
        *,
        validation: Pair | None = None,
        callbacks: Sequence[Callback] = (),
        checkpoint: Checkpoint | str | Path | None = None,
        progress: bool = False,
    ) -> Result:
        """Sweep until a stopping test is met; what came out is the Result.

        Parameters
        ----------
        problem, state
            From :meth:`init`, or any other iterate.
        validation : (X, y), optional
            Labels to predict after each sweep, shapes (M, d_0) and (M,).
        callbacks : sequence of callables
            Called as ``f(record, state)`` after each sweep; true stops.
        checkpoint : Checkpoint, str or Path, optional
            File to go on from and to write: :class:`nnbcd.Checkpoint`.
        progress : bool
            Show a progress bar on stderr.
        """
        calls = check_callbacks(callbacks)
        if progress:
            calls.insert(0, ProgressBar(self.sweeps))
        return run.until_stopped(
            self, problem, state, validation, calls, checkpoint
        )

    def fit(
        self,
        network: Network,
        x: ArrayLike | Tensor,
        y: ArrayLike | Tensor,
        *,
        validation: Pair | None = None,
        seed: int = 0,
        start: Start | None = None,
        callbacks: Sequence[Callback] = (),
        checkpoint: Checkpoint | str | Path | None = None,
        progress: bool = False,
        group: Group | None = None,
    ) -> Result:
        """Train ``network`` on (x, y): problem, init and run in one call.

        Parameters
        ----------
        network, x, y, group
            As in :meth:`problem`: x is (N, d_0), y (N,).
        seed, start
            As in :meth:`init`: the theorem asks nothing.
        validation, callbacks, checkpoint, progress
            As in :meth:`run`.
        """
        problem = self.problem(network, x, y, group=group)
        return self.run(
            problem,
            self.init(problem, seed, start),
            validation=validation,
            callbacks=callbacks,
            checkpoint=checkpoint,
            progress=progress,
        )
