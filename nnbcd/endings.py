"""Every run ends with a status: by a stopping test, or by what broke it."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import torch

from nnbcd.history import History
from nnbcd.linalg import SingularMatrixError, squared_norm
from nnbcd.problem import Problem
from nnbcd.result import Status
from nnbcd.trail import Trail

if TYPE_CHECKING:
    from nnbcd.solver import Solver

__all__ = ["ending", "of_error"]

# torch does not list LinAlgError among the exports of torch.linalg.
_SINGULAR = (
    SingularMatrixError,
    torch.linalg.LinAlgError,  # type: ignore[attr-defined]
)


def of_error(error: Exception) -> Status | None:
    """The status of a run that this error broke off; None: it has none.

    Parameters
    ----------
    error : Exception
        What a sweep raised.
    """
    if isinstance(error, OverflowError):
        return Status.NONFINITE
    if isinstance(error, _SINGULAR):
        return Status.SINGULAR
    return Status.OUT_OF_MEMORY if _out_of_memory(error) else None


def _out_of_memory(error: Exception) -> bool:
    """Whether torch, on whatever device, got no memory."""
    # On the CPU torch has no type of its own for it.
    words = ("out of memory", "can't allocate memory")
    return isinstance(error, MemoryError) or any(
        text in str(error) for text in words
    )


def ending(
    solver: Solver, problem: Problem, trail: Trail, start: float
) -> Status | None:
    """How the run ends after its last sweep; None: it goes on.

    Parameters
    ----------
    solver : Solver
        Its stopping tests.
    problem : Problem
        N samples.
    trail : Trail
        The run so far; W_i of shape (d_out, d_in).
    start : float
        When it started, by ``time.perf_counter``.
    """
    if trail.done and _converged(solver, problem, trail):
        return Status.CONVERGED
    if trail.done and solver.time_limit is not None:
        late = time.perf_counter() - start >= solver.time_limit
        # The clocks of several processes differ: they decide together.
        if problem.rows.agree(late):
            return Status.TIME_LIMIT
    return Status.MAX_SWEEPS if trail.done >= solver.sweeps else None


def _converged(solver: Solver, problem: Problem, trail: Trail) -> bool:
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
    squares = problem.rows.total(
        lambda _, part: tuple(squared_norm(x) for x in (*part.u, *part.v)),
        problem,
        state,
    )
    squares = (*(squared_norm(w) for w in state.w), *squares)
    norm = math.sqrt(sum(float(x) for x in squares))
    return last.step_norm <= solver.step_tol * norm
