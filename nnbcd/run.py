"""The loop around a sweep: records, stopping tests, named endings."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from nnbcd.endings import ending, of_error
from nnbcd.group import in_step
from nnbcd.history import BlockRecord, History, SweepRecord, tolerance
from nnbcd.interrupts import Interrupts
from nnbcd.keeper import Keeper
from nnbcd.probe import Pair, Probe
from nnbcd.problem import Problem
from nnbcd.result import Result, Status
from nnbcd.rounding import of_slope
from nnbcd.state import State
from nnbcd.sweep import Update, read, sweep
from nnbcd.trail import Trail

if TYPE_CHECKING:
    from nnbcd.solver import Solver

_OF_ONE = (Status.OUT_OF_MEMORY,)

__all__ = ["one_sweep", "until_stopped", "updates_of"]


def one_sweep(
    solver: Solver,
    problem: Problem,
    state: State,
    number: int,
    interrupts: Interrupts | None = None,
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
        # In the first layer the sweep is all but done: let it be.
        if interrupts is not None and update.layer > 0:
            interrupts.block_done()
    blocks = read(updates, number)
    # After the last block every term of the ledger was evaluated directly.
    phi = blocks[-1].objective_after
    decrease = blocks[0].objective_before - phi
    slope: dict[str, Any] = {}
    if solver.certify and not isinstance(problem.coupling, Consistent):
        stalled = decrease <= tolerance(solver.dtype) * abs(phi)
        slope = _slope(problem, state, stalled)
    record = SweepRecord(
        sweep=number,
        objective=phi,
        decrease=decrease,
        step_norm=math.sqrt(sum(r.step_norm**2 for r in blocks)),
        guaranteed=sum(r.guaranteed for r in blocks),
        min_slack=min(r.slack for r in blocks),
        seconds=time.perf_counter() - start,
        tightened=tightened,
        rounding=noise(problem, first, state, blocks),
        **slope,
    )
    return state, record, blocks


def _slope(problem: Problem, state: State, stalled: bool) -> dict[str, Any]:
    """What a record says of the subgradient."""
    parts = subgradient.squares(problem, state)
    values = torch.stack(list(parts.values())).tolist()
    largest = max(range(len(values)), key=values.__getitem__)
    block, layer = list(parts)[largest].rstrip("]").split("[")
    return {
        "subgradient": math.sqrt(sum(values)),
        "steepest": f"{block} of layer {layer}",
        "slope_rounding": of_slope(problem, state) if stalled else 0.0,
    }


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
        history = History(
            initial, dtype=solver.dtype, coupling=problem.coupling.name
        )
        trail = Trail(state, history)
    else:
        trail = Trail(saved.state, saved.history)
        start -= saved.seconds
    group = problem.rows.group
    status = ending(solver, problem, trail, start)
    if saved is not None and saved.stopped:
        status = Status.STOPPED
    with Interrupts() as interrupts:
        try:
            while status is None:
                if group is None:  # else after the sweep, all together
                    interrupts.block_done()
                number = trail.done + 1
                swept = _attempt(solver, problem, trail, number, interrupts)
                if isinstance(swept, Status):
                    status = swept
                    break
                after, record, rows = swept
                record = probe(record, after)
                trail.add(after, record, rows)
                # Every callback is called, also after one asked to stop.
                asked = any([call(record, after) for call in callbacks])
                in_step(group, after.w)
                if problem.rows.agree(asked):
                    status = Status.STOPPED
                    break
                if group is not None and problem.rows.agree(interrupts.asked):
                    raise KeyboardInterrupt
                status = ending(solver, problem, trail, start)
                if keeper is not None and status is None:
                    keeper.sweep_done(trail, time.perf_counter() - start)
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        finally:
            for call in callbacks:
                close = getattr(call, "close", None)
                if close is not None:
                    close()
        interrupts.saving()
        seconds = time.perf_counter() - start
        if interrupts.asked:
            status = Status.INTERRUPTED
        if keeper is not None:
            keeper.write(trail, seconds, stopped=status is Status.STOPPED)
    assert status is not None
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
        problem.names,
    )


def _attempt(
    solver: Solver,
    problem: Problem,
    trail: Trail,
    number: int,
    interrupts: Interrupts,
) -> tuple[State, SweepRecord, list[BlockRecord]] | Status:
    """The next sweep, or the name of what it failed at."""
    try:
        patient = None if problem.rows.group is not None else interrupts
        swept = one_sweep(solver, problem, trail.state, number, patient)
    except Exception as error:
        status = of_error(error)
        # What befalls one process the others must not wait for.
        alone = problem.rows.group is not None and status in _OF_ONE
        if status is None or alone:
            raise
        return status
    finite = math.isfinite(swept[1].objective)
    return swept if finite else Status.NONFINITE


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
