"""Pruning as the released code does it: W itself is cut in every sweep.

There the sparse copy is a second name of W, so that cutting the copy cuts
W. The pull tau/2 ||W - G||^2 is then zero after every sweep, and the W block
is pulled to the W of the sweep before by tau + alpha. No block promises to
lower the objective, so a certificate of such a run may say no.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from nnbcd import objective, subgradient
from nnbcd.blocks import u, v, w
from nnbcd.callbacks import ProgressBar
from nnbcd.checkpoint import Checkpoint
from nnbcd.experiments.experiment import Descent, Job
from nnbcd.handover import hand_over
from nnbcd.history import History, SweepRecord
from nnbcd.keeper import Keeper
from nnbcd.linalg import squared_norm
from nnbcd.probe import Probe
from nnbcd.problem import Problem
from nnbcd.result import Result, Status
from nnbcd.solver import Solver
from nnbcd.state import State
from nnbcd.trail import Trail

__all__ = ["AliasedDescent", "cut_sweep"]


@dataclass(frozen=True)
class AliasedDescent(Descent):
    """The paper's sweep with W := G after the G block; a killed run goes on.

    The fields are those of :class:`Descent`, the coupling is the penalty.
    """

    @property
    def method(self) -> str:
        """Not a coupling of the package."""
        return "released"

    def descend(
        self,
        solver: Solver,
        problem: Problem,
        state: State,
        kept: Checkpoint | None,
        job: Job,
    ) -> Result:
        """Sweep from ``state`` with its W cut; see :meth:`Descent.descend`.

        Parameters
        ----------
        solver, problem, state, kept, job
            As there, with N rows.
        """
        start = time.perf_counter()
        cut = zip(state.weights(), state.b, strict=True)
        state = hand_over(problem, list(cut))
        trail = Trail(state, _history(solver, problem, state))
        keeper = None
        if kept is not None:
            keeper = Keeper(kept, solver, problem, state)
            if keeper.saved is not None:
                trail = Trail(keeper.saved.state, keeper.saved.history)
                start -= keeper.saved.seconds
        probe = Probe(problem, (job.data.x_test, job.data.y_test))
        bar = ProgressBar(solver.sweeps) if job.progress else None
        status = Status.MAX_SWEEPS
        try:
            while trail.done < solver.sweeps:
                state, record = cut_sweep(
                    problem, trail.state, trail.done + 1, solver.certify
                )
                if not math.isfinite(record.objective):
                    status = Status.NONFINITE
                    break
                record = probe(record, state)
                trail.add(state, record)
                if bar is not None:
                    bar(record, state)
                if keeper is not None:
                    keeper.sweep_done(trail, time.perf_counter() - start)
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        finally:
            if bar is not None:
                bar.close()
        seconds = time.perf_counter() - start
        if keeper is not None:
            keeper.write(trail, seconds)
        return Result(
            problem.network,
            status,
            trail.state,
            trail.history,
            seconds,
            problem.classes,
            problem.names,
        )


def cut_sweep(
    problem: Problem,
    state: State,
    number: int,
    certify: bool = True,  # noqa: FBT001, FBT002
) -> tuple[State, SweepRecord]:
    """V, U, W, the cut, last layer first; W and G are then the same.

    Parameters
    ----------
    problem : Problem
        Penalty coupling.
    state : State
        W_i of shape (d_out, d_in), equal to G_i where there is one.
    number : int
        Of the sweep.
    certify : bool
        Compute the norm of the subgradient.
    """
    start, first = time.perf_counter(), state
    before = float(objective.value(problem, state))
    for i in reversed(range(problem.depth)):
        state = state.put(i, v=v.update(problem, state, i))
        state = state.put(i, u=u.update(problem, state, i))
        data = None
        if not w.few_rows(problem, i):
            data = w.regression(problem, state, i)
        new, bias = w.update(problem, state, i, data)
        state = state.put(i, w=new, b=bias, affine=None)
        if problem.has_copy(i):
            copy = problem.network.structures[i].project(new)
            state = state.put(i, w=copy.dense, g=copy)
    for i in range(problem.depth):  # the next sweep needs them too
        state = state.put(i, affine=objective.affine_image(problem, state, i))
    phi = float(objective.value(problem, state))
    moved = sum(
        float(squared_norm(new - old))
        for blocks in ("u", "v", "w")
        for new, old in zip(
            getattr(state, blocks), getattr(first, blocks), strict=True
        )
    )
    return state, SweepRecord(
        sweep=number,
        objective=phi,
        decrease=before - phi,
        step_norm=math.sqrt(moved),
        guaranteed=0.0,
        min_slack=before - phi,
        seconds=time.perf_counter() - start,
        subgradient=float(subgradient.norm(problem, state))
        if certify
        else None,
    )


def _history(solver: Solver, problem: Problem, state: State) -> History:
    phi = float(objective.value(problem, state))
    return History(phi, dtype=solver.dtype)
