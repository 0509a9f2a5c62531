"""The loop around a sweep: records, stopping tests, named endings."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from nnbcd import (
    acceleration,
    consistent,
    objective,
    schedules,
    subgradient,
)
from nnbcd.callbacks import Callback
from nnbcd.checkpoint import Checkpoint
from nnbcd.couplings import Consistent
from nnbcd.descent import noise, refuse_ascent
from nnbcd.history import BlockRecord, History, SweepRecord
from nnbcd.keeper import Keeper
from nnbcd.linalg import SingularMatrixError, squared_norm
from nnbcd.probe import Pair, Probe
from nnbcd.problem import Problem
from nnbcd.result import Result, Status
from nnbcd.state import State
from nnbcd.sweep import Update, read, sweep
from nnbcd.trail import Trail

if TYPE_CHECKING:
    from nnbcd.solver import Solver

# torch does not list LinAlgError among the exports of torch.linalg.
_SINGULAR = (
    SingularMatrixError,
    torch.linalg.LinAlgError,  # type: ignore[attr-defined]
)

__all__ = ["one_sweep", "until_stopped", "updates_of"]


def one_sweep(
    solver: Solver, problem: Problem, state: State, number: int
) -> tuple[State, SweepRecord, list[BlockRecord]]:
    """One sweep with its records; see :meth:`nnbcd.Solver.step`."""
    start = time.perf_counter()
    problem, state, tightened = schedules.enter(
        solver.schedule, problem, state, number
    )
    first = state
    updates: list[Update] = []
    for after, update in updates_of(solver, problem, state, number):
        state = after
        updates.append(update)
        if solver.check_descent:
            (row,) = read([update], number)
            refuse_ascent(problem, first, state, row)
    blocks = read(updates, number)
    norm = None
    if solver.certify and not isinstance(problem.coupling, Consistent):
        norm = float(subgradient.norm(problem, state))
    # After the last block every term of the ledger was evaluated directly.
    phi = blocks[-1].objective_after
    record = SweepRecord(
        sweep=number,
        objective=phi,
        decrease=blocks[0].objective_before - phi,
        step_norm=math.sqrt(sum(r.step_norm**2 for r in blocks)),
        guaranteed=sum(r.guaranteed for r in blocks),
        min_slack=min(r.slack for r in blocks),
        seconds=time.perf_counter() - start,
        subgradient=norm,
        tightened=tightened,
        rounding=noise(problem, first, state, blocks),
    )
    return state, record, blocks


def updates_of(
    solver: Solver, problem: Problem, state: State, number: int
) -> Iterator[tuple[State, Update]]:
    """The updates of one sweep, whatever the coupling.

    Parameters
    ----------
    solver, problem, state, number
        As in :meth:`nnbcd.Solver.blocks`.
    """
    if isinstance(problem.coupling, Consistent):
        yield consistent.sweep(problem, state, number)
        return
    new = state
    for new, update in sweep(problem, state):
        yield new, update
    if solver.acceleration:
        yield acceleration.extrapolate(problem, state, new)


def until_stopped(
    solver: Solver,
    problem: Problem,
    state: State,
    validation: Pair | None,
    callbacks: Sequence[Callback],
    checkpoint: Checkpoint | str | Path | None = None,
) -> Result:
    """Sweep until a stopping test is met; see :meth:`nnbcd.Solver.run`."""
    start = time.perf_counter()
    probe = Probe(problem, validation)
    keeper, saved = None, None
    if checkpoint is not None:
        keeper = Keeper(checkpoint, solver, problem, state)
        saved = keeper.saved
    if saved is None:
        first, state, _ = schedules.enter(solver.schedule, problem, state, 1)
        initial = _finite_start(float(objective.value(first, state)))
        trail = Trail(state, History(initial, dtype=solver.dtype))
    else:
        trail = Trail(saved.state, saved.history)
        start -= saved.seconds
    status = _ending(solver, trail, start)
    if saved is not None and saved.stopped:
        status = Status.STOPPED
    try:
        while status is None:
            after, record, rows = one_sweep(
                solver, problem, trail.state, trail.done + 1
            )
            if not math.isfinite(record.objective):
                status = Status.NONFINITE
                break
            record = probe(record, after)
            trail.add(after, record, rows)
            # Every callback is called, also after one asked to stop.
            if any([call(record, after) for call in callbacks]):
                status = Status.STOPPED
                break
            status = _ending(solver, trail, start)
            if keeper is not None and status is None:
                keeper.sweep_done(trail, time.perf_counter() - start)
    except OverflowError:
        status = Status.NONFINITE
    except _SINGULAR:
        status = Status.SINGULAR
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    finally:
        for call in callbacks:
            close = getattr(call, "close", None)
            if close is not None:
                close()
    seconds = time.perf_counter() - start
    if keeper is not None:
        keeper.write(trail, seconds, stopped=status is Status.STOPPED)
    state, done = trail.state, trail.done
    last = schedules.finish(solver.schedule, problem, state, done)
    if last is not None:
        trail.add(last, probe(_closing(problem, last, done + 1), last))
    return Result(
        problem.network,
        status,
        trail.state,
        trail.history,
        seconds,
        problem.classes,
    )


def _closing(problem: Problem, state: State, number: int) -> SweepRecord:
    """Record of a projection that no sweep followed."""
    return SweepRecord(
        sweep=number,
        objective=float(objective.value(problem, state)),
        decrease=0.0,
        step_norm=0.0,
        guaranteed=0.0,
        min_slack=0.0,
        seconds=0.0,
        tightened=True,
    )


def _finite_start(phi: float) -> float:
    """Phi of a start; where it is not finite there is nothing to keep."""
    if not math.isfinite(phi):
        msg = (
            f"the objective of the start is {phi}: scale X and y, or start "
            "from smaller weights."
        )
        raise ValueError(msg)
    return phi


def _ending(solver: Solver, trail: Trail, start: float) -> Status | None:
    """How the run ends after its last sweep; None: it goes on."""
    if trail.done and _converged(solver, trail):
        return Status.CONVERGED
    if trail.done and _out_of_time(solver, start):
        return Status.TIME_LIMIT
    return Status.MAX_SWEEPS if trail.done >= solver.sweeps else None


def _converged(solver: Solver, trail: Trail) -> bool:
    schedule, state = solver.schedule, trail.state
    if schedule is not None and trail.done <= schedule.sweeps:
        return False  # the sets are not yet those asked for
    settled = History(0.0, trail.sweeps).settled
    last, first = settled[-1], settled[0]
    if (
        solver.tol > 0
        and last.subgradient is not None
        and first.subgradient is not None
        and last.subgradient <= solver.tol * first.subgradient
    ):
        return True
    # A refused sweep stands still without being at rest.
    if solver.step_tol <= 0 or last.step_norm == 0:
        return False
    blocks = [*state.w, *state.u, *state.v]
    norm = math.sqrt(sum(float(squared_norm(x)) for x in blocks))
    return last.step_norm <= solver.step_tol * norm


def _out_of_time(solver: Solver, start: float) -> bool:
    return (
        solver.time_limit is not None
        and time.perf_counter() - start >= solver.time_limit
    )
